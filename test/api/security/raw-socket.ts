import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A bare TCP connection, for what no HTTP client would send. */
export class RawSocket {
  readonly socket: Socket;
  #text = '';
  readonly #closed: Promise<unknown>;

  private constructor(socket: Socket) {
    this.socket = socket;
    this.#closed = new Promise((resolve) => socket.once('close', resolve));
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => (this.#text += chunk));
    socket.on('error', () => undefined);
  }

  /** Connects to the server at `url`; it keeps its side open when the server closes the other. */
  static async open(url: string): Promise<RawSocket> {
    const { hostname, port } = new URL(url);
    const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true });
    await once(socket, 'connect');
    return new RawSocket(socket);
  }

  /** All that has come so far. */
  get text(): string {
    return this.#text;
  }

  write(text: string | Buffer): void {
    this.socket.write(text);
  }

  /** All that came, once the server has closed the connection. */
  async untilClosed(): Promise<string> {
    this.socket.on('end', () => this.socket.end());
    await this.#closed;
    return this.#text;
  }

  /** Destroys it. */
  leave(): void {
    this.socket.destroy();
  }
}

/** What a server answers to `request` before it closes the connection. */
export async function answerTo(url: string, request: string): Promise<string> {
  const raw = await RawSocket.open(url);
  raw.write(request);
  return raw.untilClosed();
}

/** Text of a GraphQL POST, its connection closed by the server unless `more` headers say otherwise. */
export function graphqlPost(query: string, more = 'Connection: close\r\n'): string {
  const body = JSON.stringify({ query });
  return `POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${more}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

import { once } from 'node:events';
import { WebSocket, type ClientOptions } from 'ws';

/** One frame as it came: its text, its opcode and when. */
export interface RawFrame {
  readonly text: string;
  readonly binary: boolean;
  readonly at: number;
}

/** A bare WebSocket client for tests of the simulators: no protocol knowledge, only frames. */
export class RawClient {
  readonly ws: WebSocket;
  readonly frames: RawFrame[] = [];
  readonly pongs: string[] = [];
  /** Before the connection was asked for: no timer of the server began earlier, however busy the machine. */
  readonly startedAt = Date.now();
  /** Set when the socket is closed. */
  closed: { code: number; reason: string; at: number } | null = null;

  constructor(ws: WebSocket) {
    this.ws = ws;
    ws.on('message', (data: Buffer, binary: boolean) => {
      this.frames.push({ text: data.toString('utf8'), binary, at: Date.now() });
    });
    ws.on('pong', (payload: Buffer) => this.pongs.push(payload.toString('utf8')));
    ws.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString('utf8'), at: Date.now() };
    });
    ws.on('error', () => undefined);
  }

  /** Opens a connection; rejects when the upgrade is refused. */
  static async open(url: string, options: ClientOptions = {}): Promise<RawClient> {
    const ws = new WebSocket(url, options);
    const client = new RawClient(ws);
    await once(ws, 'open');
    return client;
  }

  /** Sends a text frame; anything but a string as JSON. */
  send(message: unknown): void {
    this.ws.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** The parsed frames so far. */
  json<T = Record<string, unknown>>(): T[] {
    return this.frames.map((frame) => JSON.parse(frame.text) as T);
  }

  /** Waits for that many frames in all and gives them. */
  async take(count: number, ms = 5000): Promise<RawFrame[]> {
    await until(() => this.frames.length >= count, `${count} frames`, ms);
    return this.frames;
  }

  /** Waits for the close. */
  async close(ms = 5000): Promise<{ code: number; reason: string; at: number }> {
    await until(() => this.closed !== null, 'the close', ms);
    return this.closed!;
  }

  /** Waits until the server has read all that was sent (it answers a ping in order). */
  async settle(): Promise<void> {
    const mark = `settle ${this.pongs.length}`;
    this.ws.ping(mark);
    await until(() => this.pongs.includes(mark), 'a pong');
  }
}

/** Waits until `condition` holds; fails after `ms` with what was waited for. */
export async function until(condition: () => boolean, what: string, ms = 5000): Promise<void> {
  const end = Date.now() + ms;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`waited ${ms} ms in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Status and headers of an upgrade request that may be refused. */
export async function upgradeStatus(
  url: string,
  options: ClientOptions = {},
): Promise<{ status: number; headers: Record<string, unknown> }> {
  const ws = new WebSocket(url, options);
  ws.on('error', () => undefined);
  return new Promise((resolve) => {
    ws.on('upgrade', (response) => {
      resolve({ status: 101, headers: response.headers });
      ws.on('open', () => ws.terminate());
    });
    ws.on('unexpected-response', (_request, response) => {
      resolve({ status: response.statusCode ?? 0, headers: response.headers });
      response.destroy();
    });
  });
}

import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';

/** Passes a server of PostgreSQL on; the answer to one COMMIT can get lost, with its connection. */
export class PostgresProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #swallowing = false;
  #swallowed = 0;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** @param address of a database on the server; its host is 127.0.0.1 */
  static async before(address: string): Promise<{ proxy: PostgresProxy; address: string }> {
    const url = new URL(address);
    const server = createServer();
    const proxy = new PostgresProxy(server);
    const port = Number(url.port);
    server.on('connection', (client) => proxy.#pass(client, connect(port, '127.0.0.1')));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url.port = String((server.address() as AddressInfo).port);
    return { proxy, address: url.href };
  }

  /** Answers to a COMMIT that got lost so far. */
  get swallowed(): number {
    return this.#swallowed;
  }

  /** The next COMMIT is done by the server, and whoever asked for it never hears of it. */
  swallowNext(): void {
    this.#swallowing = true;
  }

  /** Ends it with all connections. */
  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #pass(client: Socket, upstream: Socket): void {
    let committing = false;
    for (const socket of [client, upstream]) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (data) => {
      if (this.#swallowing && data.includes('COMMIT')) {
        committing = true;
        this.#swallowing = false;
      }
      upstream.write(data);
    });
    upstream.on('data', (data) => {
      if (!committing) return client.write(data);
      // The server has done it once it says so.
      if (!data.includes('COMMIT\0')) return;
      this.#swallowed++;
      client.destroy();
    });
  }
}

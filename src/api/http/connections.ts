import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Knows which connections of a server have no request in progress. Node's own
 * `closeIdleConnections()` leaves out those that have not sent any request yet, and browsers and
 * `fetch` open such connections ahead of need: each would hold up a shutdown for its whole grace.
 */
export class Connections {
  /** Requests in progress on each connection. */
  readonly #requests = new Map<Socket, number>();
  #closing = false;

  constructor(server: Server) {
    server.on('connection', (socket) => {
      this.#requests.set(socket, 0);
      socket.once('close', () => this.#requests.delete(socket));
    });
    server.on('request', ({ socket }, res) => {
      this.#add(socket, 1);
      res.once('close', () => {
        this.#add(socket, -1);
        if (this.#closing) this.#closeIdle();
      });
    });
    // From here on the connection belongs to whoever takes the upgrade.
    server.on('upgrade', ({ socket }) => this.#requests.delete(socket));
  }

  /** Closes the connections without a request in progress, the others as soon as theirs ends. */
  closeIdle(): void {
    this.#closing = true;
    this.#closeIdle();
  }

  #closeIdle(): void {
    for (const [socket, requests] of this.#requests) {
      if (requests === 0) socket.destroySoon();
    }
  }

  #add(socket: Socket, change: number): void {
    const requests = this.#requests.get(socket);
    if (requests !== undefined) this.#requests.set(socket, requests + change);
  }
}

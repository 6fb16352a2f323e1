import type { Pair } from '../market/market.js';
import type { Feed } from './feed.js';
import type { WSController } from './ws-controller.js';

/** Spreads an exchange's pairs over as few sockets as its limit of pairs a socket allows. */
export class WSFeed implements Feed {
  readonly #sockets: WSController[] = [];
  readonly #create: () => WSController;

  /** @param create makes one more socket */
  constructor(create: () => WSController) {
    this.#create = create;
  }

  add(pairs: readonly Pair[]): void {
    const waiting = pairs.filter((pair) => !this.#sockets.some((socket) => socket.has(pair)));
    while (waiting.length > 0) {
      let socket = this.#sockets.find((s) => s.free > 0);
      if (socket === undefined) {
        socket = this.#create();
        this.#sockets.push(socket);
      }
      socket.add(waiting.splice(0, socket.free));
    }
  }

  remove(pairs: readonly Pair[]): void {
    for (const socket of [...this.#sockets]) {
      socket.remove(pairs.filter((pair) => socket.has(pair)));
      if (socket.empty) {
        this.#sockets.splice(this.#sockets.indexOf(socket), 1);
        void socket.close();
      }
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#sockets.splice(0).map((socket) => socket.close()));
  }
}

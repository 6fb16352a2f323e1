import type { Pair } from '../market/market.js';
import type { Feed } from './feed.js';

/** What carries some pairs of an exchange: a socket, mostly. */
export interface PairCarrier {
  /** How many more pairs fit. */
  readonly free: number;
  /** Whether it carries no pair. */
  readonly empty: boolean;
  /** Whether it carries `pair`. */
  has(pair: Pair): boolean;
  /** Adds pairs and, on the first call, connects. */
  add(pairs: readonly Pair[]): void;
  /** Stops pairs. */
  remove(pairs: readonly Pair[]): void;
  /** Asks for the books of those of `pairs` that it carries anew. */
  resync(pairs: readonly Pair[], detail: string): void;
  /** See {@link Feed.standstill}. */
  standstill(): void;
  /** Closes for good. No call to the host follows. */
  close(): Promise<void>;
}

/** Spreads an exchange's pairs over as few sockets as its limit of pairs a socket allows. */
export class WSFeed implements Feed {
  readonly #sockets: PairCarrier[] = [];
  /** Sockets that nobody needs any more, until they are gone. */
  readonly #closing = new Set<Promise<void>>();
  readonly #create: () => PairCarrier;

  /** @param create makes one more socket */
  constructor(create: () => PairCarrier) {
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
        const closing = socket.close().finally(() => this.#closing.delete(closing));
        this.#closing.add(closing);
      }
    }
  }

  resync(pairs: readonly Pair[], detail: string): void {
    for (const socket of this.#sockets) {
      const carried = pairs.filter((pair) => socket.has(pair));
      if (carried.length > 0) socket.resync(carried, detail);
    }
  }

  standstill(): void {
    for (const socket of this.#sockets) socket.standstill();
  }

  async close(): Promise<void> {
    const open = this.#sockets.splice(0).map((socket) => socket.close());
    await Promise.all([...open, ...this.#closing]);
  }
}

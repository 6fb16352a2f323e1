import { type Pair, pairText } from '../../market/market.js';
import type { Feed, FeedContext } from '../feed.js';
import { RateLimiter } from '../limits/rate-limiter.js';
import type { SocketCapacity } from '../limits/socket-capacity.js';
import type { WSProfile } from './ws-connection.js';

/** What a carrier reports about how an exchange serves one socket. */
export interface CarrierHost {
  /** Books start to arrive. */
  served(): void;
  /** These pairs are no longer carried: the exchange does not serve that many on one socket. */
  handBack(pairs: readonly Pair[]): void;
  /** These pairs are no longer carried: the exchange was silent about them while it served others. */
  handBackSilent(pairs: readonly Pair[]): void;
  /** This pair is no longer carried: it is refused; others may not be. */
  handBackRefused(pair: Pair): void;
  /** Whether pairs are waiting for any socket to be served. */
  waiting(): boolean;
  /** These pairs are not served either, few as they are: they make room for those waiting. */
  stuck(pairs: readonly Pair[]): void;
  /** This pair, the only one, is refused: what was refused with it may not have been too much. */
  refusedAlone(pair: Pair): void;
}

/** Carries some pairs of an exchange: usually a socket. */
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
  /** Requests the books of those of `pairs` that it carries again. */
  resync(pairs: readonly Pair[], detail: string): void;
  /** See {@link Feed.standstill}. */
  standstill(): void;
  /** Whether any of its pairs currently has its book. */
  readonly serving: boolean;
  /** Whether its pairs are those that another socket was silent about. Set by the feed. */
  apart: boolean;
  /** Whether its one pair is refused even alone, so that none may be added. Set by the feed. */
  alone: boolean;
  /** Receives how its exchange serves it. Set by the feed. */
  carrierHost: CarrierHost | null;
  /** Closes for good. No call to the host follows. */
  close(): Promise<void>;
}

/** The feed of an exchange's sockets. @param perSecond maximum connections opened per second */
export function socketFeed(
  context: FeedContext,
  profile: WSProfile,
  perSecond: number,
  create: (context: FeedContext, profile: WSProfile, connects: RateLimiter) => PairCarrier,
): Feed {
  const connects = new RateLimiter([{ count: perSecond, ms: 1000 }]);
  const capacity = context.limits.socketCapacity(profile.maxPairs);
  return new WSFeed(() => create(context, profile, connects), capacity);
}

/** Maximum sockets with one individually refused pair; if there are more, everything is refused. */
const MOST_ALONE = 3;

/**
 * Spreads an exchange's pairs over as few sockets as it serves them on. Pairs handed back by a
 * socket go to others; but while no socket is served they wait: where nothing works, more sockets
 * do not help.
 */
export class WSFeed implements Feed {
  readonly #sockets: PairCarrier[] = [];
  /** Sockets no longer needed, until they are gone. */
  readonly #closing = new Set<Promise<void>>();
  readonly #create: () => PairCarrier;
  readonly #capacity: SocketCapacity;
  /** Pairs waiting for a socket to be served. */
  #parked: Pair[] = [];

  /** @param create creates another socket. @param capacity how many pairs one carries */
  constructor(create: () => PairCarrier, capacity: SocketCapacity) {
    this.#create = create;
    this.#capacity = capacity;
  }

  add(pairs: readonly Pair[]): void {
    const waiting = pairs.filter((pair) => !this.#has(pair));
    while (waiting.length > 0) {
      const socket = this.#sockets.find((s) => s.free > 0) ?? this.#open();
      socket.add(waiting.splice(0, Math.max(1, socket.free)));
    }
  }

  remove(pairs: readonly Pair[]): void {
    const codes = new Set(pairs.map(pairText));
    this.#parked = this.#parked.filter((pair) => !codes.has(pairText(pair)));
    for (const socket of [...this.#sockets]) {
      socket.remove(pairs.filter((pair) => socket.has(pair)));
      if (socket.empty) this.#drop(socket);
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
    this.#parked = [];
    const open = this.#sockets.splice(0).map((socket) => socket.close());
    await Promise.all([...open, ...this.#closing]);
  }

  #has(pair: Pair): boolean {
    const code = pairText(pair);
    return (
      this.#sockets.some((socket) => socket.has(pair)) ||
      this.#parked.some((parked) => pairText(parked) === code)
    );
  }

  #open(): PairCarrier {
    const socket = this.#create();
    const stuck = (pairs: readonly Pair[]): void => {
      const next = this.#parked.splice(0, pairs.length);
      if (next.length === 0) return;
      // Never empty in between: an empty socket ends.
      socket.add(next);
      socket.remove(pairs);
      this.#parked.push(...pairs);
    };
    socket.carrierHost = {
      served: () => this.#served(),
      handBack: (pairs) => {
        if (this.#sockets.some((s) => s.serving)) this.add(pairs);
        else this.#parked.push(...pairs);
      },
      handBackSilent: (pairs) => {
        const apart = this.#open();
        apart.apart = true;
        apart.add(pairs);
      },
      handBackRefused: (pair) => {
        // All refused pairs wait together, on a socket that serves none.
        const others = this.#sockets.filter((s) => s !== socket && s.apart && !s.serving);
        const apart = others.find((s) => s.free > 0) ?? this.#open();
        apart.apart = true;
        apart.add([pair]);
      },
      refusedAlone: (pair) => {
        const alone = this.#sockets.filter((s) => s.alone && !s.serving).length;
        if (socket.alone) return;
        if (alone < MOST_ALONE) {
          socket.alone = !socket.empty;
          this.#capacity.mistaken();
          this.add(this.#parked.splice(0));
        } else stuck([pair]);
      },
      waiting: () => this.#parked.length > 0,
      stuck,
    };
    this.#sockets.push(socket);
    return socket;
  }

  /** A socket is served: waiting pairs go to others, first to one that carries more than that. */
  #served(): void {
    const parked = this.#parked.splice(0);
    const now = this.#capacity.growing ? parked.splice(0, this.#capacity.value) : parked.splice(0);
    this.add(now);
    this.#parked.push(...parked);
  }

  #drop(socket: PairCarrier): void {
    this.#sockets.splice(this.#sockets.indexOf(socket), 1);
    const closing = socket.close().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }
}

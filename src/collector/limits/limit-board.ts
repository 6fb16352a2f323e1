import type { LimitName, OwnLimit } from '../../market/own-limit.js';
import { AdaptiveLimit, type LimitManner, type LimitParts, SIZE_MANNER } from './adaptive-limit.js';
import { SocketCapacity } from './socket-capacity.js';

/** The limits of one exchange, for everything that talks to it: created once by name, shown together. */
export class LimitBoard {
  readonly #limits = new Map<LimitName, AdaptiveLimit>();
  readonly #parts: LimitParts;
  #capacity: SocketCapacity | null = null;

  /** @param parts given to every limit */
  constructor(parts: LimitParts = {}) {
    this.#parts = parts;
  }

  /** The limit of a name; an existing one is kept, so that a new feed continues with what is known. */
  limit(name: LimitName, atStart: number, manner: LimitManner, least = 1): AdaptiveLimit {
    let limit = this.#limits.get(name);
    if (limit === undefined) {
      limit = new AdaptiveLimit(name, atStart, manner, this.#parts, least);
      this.#limits.set(name, limit);
    }
    return limit;
  }

  /** How many pairs one socket carries, for all sockets. @param most initial number of pairs */
  socketCapacity(most: number): SocketCapacity {
    this.#capacity ??= new SocketCapacity(this.limit('WS_MARKETS', most, SIZE_MANNER));
    return this.#capacity;
  }

  /** The current state of all limits. */
  get states(): OwnLimit[] {
    return [...this.#limits.values()].map((limit) => limit.state);
  }
}

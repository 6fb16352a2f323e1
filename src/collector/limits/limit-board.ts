import type { LimitName, OwnLimit } from '../../market/own-limit.js';
import { AdaptiveLimit, type LimitManner, type LimitParts, SIZE_MANNER } from './adaptive-limit.js';
import { SocketCapacity } from './socket-capacity.js';

/** The limits of one exchange, for all who deal with it: made once by name, shown together. */
export class LimitBoard {
  readonly #limits = new Map<LimitName, AdaptiveLimit>();
  readonly #parts: LimitParts;
  #capacity: SocketCapacity | null = null;

  /** @param parts given to every limit */
  constructor(parts: LimitParts = {}) {
    this.#parts = parts;
  }

  /** The limit of a name; the one made first stays, so that a new feed goes on with what is known. */
  limit(name: LimitName, atStart: number, manner: LimitManner, least = 1): AdaptiveLimit {
    let limit = this.#limits.get(name);
    if (limit === undefined) {
      limit = new AdaptiveLimit(name, atStart, manner, this.#parts, least);
      this.#limits.set(name, limit);
    }
    return limit;
  }

  /** How many pairs one socket carries, for all sockets. @param most pairs of one at the start */
  socketCapacity(most: number): SocketCapacity {
    this.#capacity ??= new SocketCapacity(this.limit('WS_MARKETS', most, SIZE_MANNER));
    return this.#capacity;
  }

  /** All limits as they stand now. */
  get states(): OwnLimit[] {
    return [...this.#limits.values()].map((limit) => limit.state);
  }
}

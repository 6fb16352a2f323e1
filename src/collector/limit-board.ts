import type { LimitName, OwnLimit } from '../market/own-limit.js';
import { AdaptiveLimit, type LimitManner, type LimitParts } from './adaptive-limit.js';

/** The limits of one exchange, for all who deal with it: made once by name, shown together. */
export class LimitBoard {
  readonly #limits = new Map<LimitName, AdaptiveLimit>();
  readonly #parts: LimitParts;

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

  /** All limits as they stand now. */
  get states(): OwnLimit[] {
    return [...this.#limits.values()].map((limit) => limit.state);
  }
}

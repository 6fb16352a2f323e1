import { delivery } from '../delivery.js';
import { type SharedFeed, SharedSource } from '../source.js';

/** Something sampled periodically, once for all readers. */
export class Periodic<T> extends SharedSource<T> {
  readonly everyMs: number;
  readonly #look: () => T;

  /** @param everyMs sampling interval, ms */
  constructor(look: () => T, everyMs: number) {
    super();
    this.#look = look;
    this.everyMs = everyMs;
  }

  override open(wake: () => void): SharedFeed {
    const look = this.#look;
    const everyMs = this.everyMs;
    let order = 0;
    let due = false;
    const next = () => delivery('periodic', order, look());
    const timer = setInterval(() => {
      order++;
      due = true;
      wake();
    }, everyMs);
    return {
      join: () => ({ first: [next()], order }),
      take: () => {
        if (!due) return undefined;
        due = false;
        return next();
      },
      finish: () => clearInterval(timer),
      close: () => clearInterval(timer),
    };
  }
}

import { missingSince } from '../history/missing-since.js';

/** A connection is read so far behind its exchange, or messages just come unevenly, ms. */
const BEHIND_MS = 2_000;
/** Time of which at least the least delays count, ms: the exchange's clock may be set. */
const WINDOW_MS = 600_000;

/** The newest book of a market that its exchange has dated, Unix ms. */
interface Newest {
  readonly time: number;
  readonly receivedAt: number;
}

/** The two least delays of books: one alone may be of a wild time. */
type Least = readonly [least: number, second: number];

const NONE: Least = [Infinity, Infinity];

/**
 * How far behind the connections of an exchange are read, on a machine that cannot keep up: what lies unread
 * in a socket is lost with it, though the program has just handled what came before. The exchange's times say how old
 * that is, measured against the books that came soonest, as its clock may differ from the program's.
 */
export class Backlog<M> {
  readonly #newest = new Map<M, Newest>();
  #least = NONE;
  /** Those of the window before. */
  #before = NONE;
  #windowFrom = 0;

  /** Takes a book's times, Unix ms. One that is no newer than those before says nothing. */
  note(market: M, time: number, receivedAt: number): void {
    const newest = this.#newest.get(market);
    if (newest !== undefined && time <= newest.time) return;
    this.#newest.set(market, { time, receivedAt });
    if (receivedAt - this.#windowFrom > WINDOW_MS) {
      this.#before = this.#least;
      this.#least = NONE;
      this.#windowFrom = receivedAt;
    }
    this.#least = leastOf(this.#least, receivedAt - time);
  }

  /**
   * Since when books of a connection may be missing, Unix ms.
   * @param markets those that it carries
   * @param lastAt last proof that it was alive, Unix ms
   */
  missingSince(markets: Iterable<M>, lastAt: number): number {
    const [, usual] = this.#before.reduce(leastOf, this.#least);
    let [time, receivedAt] = [-Infinity, -Infinity];
    for (const market of markets) {
      const newest = this.#newest.get(market);
      time = Math.max(time, newest?.time ?? -Infinity);
      receivedAt = Math.max(receivedAt, newest?.receivedAt ?? -Infinity);
    }
    const read = time + usual;
    return receivedAt - read >= BEHIND_MS ? missingSince(lastAt, read) : lastAt;
  }

  /** The clock was set: what was gathered says nothing of it as it is. */
  restart(): void {
    this.#newest.clear();
    this.#least = NONE;
    this.#before = NONE;
  }
}

function leastOf([least, second]: Least, delay: number): Least {
  return delay < least ? [delay, least] : [least, Math.min(second, delay)];
}

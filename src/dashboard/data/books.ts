import { signal } from '@preact/signals';
import {
  BooksDocument,
  BooksNowDocument,
  type BooksSubscription,
  type Exchange,
} from '../gql/graphql.js';
import { type ApiError, ask, connection, follow } from './connection.js';
import { exchangeOrder } from './exchanges.js';
import { serverNow, withNextFrame } from './paint.js';

/** The books of a pair on all exchanges. */
export type PairBooks = BooksSubscription['consolidated'];
/** One exchange's part of them. */
export type BookLeg = PairBooks['legs'][number];
/** Levels a side to request, normally and when prices are grouped, which needs more. */
const DEPTH = 30;
const GROUPED_DEPTH = 300;
/** Minimum interval between two books, ms. */
const EVERY = 100;
/** How long mid prices are kept, and their interval, ms. */
export const TRACK_LENGTH = 5 * 60_000;
const TRACK_STEP = 1_000;

/** Mid prices of each exchange at common times, as text. */
interface Tracks {
  /** Unix seconds. */
  readonly times: number[];
  readonly prices: Partial<Record<Exchange, (string | null)[]>>;
}

/** Follows the books of one pair; it may start before the exchanges are known. */
export class PairFeed {
  readonly books = signal<PairBooks | null>(null);
  readonly error = signal<ApiError | null>(null);
  readonly tracks: Tracks = { times: [], prices: {} };
  /** Counts the changes of {@link tracks}. */
  readonly tracked = signal(0);
  #newest: PairBooks | null = null;
  readonly #follow: (depth: number) => () => void;
  #leave: () => void;
  #depth = DEPTH;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #drawTracks = (): void => {
    this.tracked.value++;
  };

  constructor(symbol: string, currency: string) {
    const show = (): void => {
      this.books.value = this.#newest;
    };
    this.#follow = (depth) =>
      follow(
        BooksDocument,
        { symbol, currency, every: EVERY, depth },
        ({ consolidated }) => {
          this.#newest = consolidated;
          withNextFrame(show);
        },
        (error) => {
          this.error.value = error;
        },
      );
    this.#leave = this.#follow(DEPTH);
    // On a page that has just been opened this arrives before the connection is up.
    if (connection.peek() !== 'open') {
      ask(BooksNowDocument, { symbol, currency, depth: DEPTH }).then(
        ({ consolidated }) => {
          if (this.#newest !== null) return;
          this.#newest = consolidated;
          withNextFrame(show);
        },
        // The subscription reports the same error.
        () => undefined,
      );
    }
    this.#timer = setInterval(() => {
      this.#track();
      withNextFrame(this.#drawTracks);
    }, TRACK_STEP);
  }

  /** Follows the books as deep as grouped prices need them, or not. */
  group(grouped: boolean): void {
    const depth = grouped ? GROUPED_DEPTH : DEPTH;
    if (depth === this.#depth) return;
    this.#depth = depth;
    this.#leave();
    this.#leave = this.#follow(depth);
  }

  close(): void {
    this.#leave();
    clearInterval(this.#timer);
  }

  /** Puts prices from the store before those seen live. */
  prepend(exchange: Exchange, points: readonly { at: number; price: string | null }[]): void {
    const { times } = this.tracks;
    const lines = this.#lines();
    const first = times[0] ?? Infinity;
    const merged = new Map<number, Partial<Record<Exchange, string | null>>>();
    times.forEach((time, i) => {
      const at: Partial<Record<Exchange, string | null>> = {};
      for (const [name, line] of lines) at[name] = line[i] ?? null;
      merged.set(time, at);
    });
    for (const { at, price } of points) {
      const time = Math.round(at / 1000);
      if (time >= first && !merged.has(time)) continue;
      const found = merged.get(time) ?? {};
      if (found[exchange] == null) found[exchange] = price;
      merged.set(time, found);
    }
    const ordered = [...merged].sort((a, b) => a[0] - b[0]);
    times.splice(0, times.length, ...ordered.map(([time]) => time));
    for (const [name, line] of lines) {
      line.splice(0, line.length, ...ordered.map(([, at]) => at[name] ?? null));
    }
    withNextFrame(this.#drawTracks);
  }

  /** The prices of each exchange known so far. */
  #lines(): (readonly [Exchange, (string | null)[]])[] {
    const { times, prices } = this.tracks;
    return exchangeOrder
      .peek()
      .map((exchange) => [exchange, (prices[exchange] ??= times.map(() => null))]);
  }

  #track(): void {
    const { times } = this.tracks;
    const lines = this.#lines();
    const time = Math.round(serverNow() / 1000);
    if (time <= (times.at(-1) ?? 0)) return;
    times.push(time);
    const legs = new Map(this.#newest?.legs.map((leg) => [leg.exchange, leg]));
    for (const [exchange, line] of lines) {
      const leg = legs.get(exchange);
      line.push(leg === undefined || leg.stale ? null : (leg.orderbook?.midPrice ?? null));
    }
    const first = time - TRACK_LENGTH / 1000;
    const old = times.findIndex((each) => each >= first);
    if (old > 0) {
      times.splice(0, old);
      for (const [, line] of lines) line.splice(0, old);
    }
  }
}

import { setMaxListeners } from 'node:events';
import { BurstGate } from '../../logging/burst-gate.js';
import { type ExactJson, parseExactJson } from '../../market/exact-json.js';
import type { GapCause } from '../../market/gap.js';
import { type Pair, pairText } from '../../market/market.js';
import { backoffMs, RATE_LIMITED } from '../backoff.js';
import type { Feed, FeedContext } from '../feed.js';
import { RateLimiter } from '../rate-limiter.js';
import { type RestAnswer, RestError } from '../rest.js';
import { excerpt, optionalText, WireError } from '../wire.js';
import { errorOf, quoteFirstCode, readUnitBook } from './unit-book.js';

/** One market in a call gives 30 levels, several give 15 each (bithumb.md 1.3). */
const BATCH_DEPTH = 15;
/** Markets polled one by one, for their 30 levels. */
const SINGLE_LANES = 10;
/** 200 markets a call work (bithumb.md 1.3). */
const MAX_BATCH = 200;
/** 150 calls a second and address for books (bithumb.md 4); some are left for others. */
const CALLS = { count: 140, ms: 1000 };
/** Longest wait after a failed poll, ms. */
const POLL_BACKOFF = { firstMs: 100, mostMs: 5000 };
/** A market without a book for this long, while polls succeed, is reported. */
const FIRST_BOOK_MS = 10_000;

/** Thrown for an error answer of the exchange. */
class PollError extends Error {
  constructor(
    message: string,
    readonly cause_: GapCause,
    /** Whether a market of the call is unknown. */
    readonly unknownMarket = false,
    /** Wait that the exchange asks for, ms. */
    readonly retryAfterMs = 0,
  ) {
    super(message);
  }
}

/** Markets that are polled by one call: one alone, or a batch. */
interface Lane {
  readonly single: boolean;
  readonly pairs: Map<string, Pair>;
  /** Pairs without a book yet, and since when (monotonic ms). */
  readonly awaiting: Map<string, number>;
  failures: number;
  /** End of the last good poll, Unix ms. */
  lastGood: number | null;
}

/**
 * Polls Bithumb's REST books. One poller for all markets: the first ten singly, the rest in batches;
 * a market keeps its lane, and so its depth, while it runs. Each lane waits for its answer before it
 * asks again, and all lanes share the exchange's rate limit.
 */
export class BithumbPoller implements Feed {
  readonly #context: FeedContext;
  readonly #calls = new RateLimiter([CALLS]);
  readonly #lanes = new Set<Lane>();
  readonly #running = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  readonly #gate = new BurstGate();
  #started = false;
  #rateRefusals = 0;
  /** End of the pause that a refusal caused, monotonic ms. */
  #pausedUntil = 0;
  /** What that refusal said. */
  #pauseDetail = '';
  /** How often the program has stood still. */
  #standstills = 0;

  constructor(context: FeedContext) {
    this.#context = context;
    // Every lane and every call listens to it; that is no leak.
    setMaxListeners(0, this.#stop.signal);
  }

  add(pairs: readonly Pair[]): void {
    for (const pair of pairs) {
      const code = pairText(pair);
      if ([...this.#lanes].some((lane) => lane.pairs.has(code))) continue;
      const lane = this.#laneFor();
      lane.pairs.set(code, pair);
      lane.awaiting.set(code, performance.now());
    }
    if (!this.#started && this.#lanes.size > 0) {
      this.#started = true;
      this.#context.host.log('POLLING_STARTED', null, { everyMs: this.#context.bithumbPollMs });
    }
  }

  remove(pairs: readonly Pair[]): void {
    for (const pair of pairs) {
      for (const lane of this.#lanes) this.#leave(lane, pairText(pair));
    }
  }

  /** Nothing to do: every poll asks for the whole book. */
  resync(): void {}

  standstill(): void {
    this.#standstills++;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running);
    if (this.#started) this.#context.host.log('POLLING_STOPPED', null, undefined);
  }

  /** The lane for one more market: a single one while there are fewer than ten, else a batch. */
  #laneFor(): Lane {
    const lanes = [...this.#lanes];
    const single = lanes.filter((lane) => lane.single).length < SINGLE_LANES;
    const batch = lanes.find((lane) => !lane.single && lane.pairs.size < MAX_BATCH);
    if (!single && batch !== undefined) return batch;
    const lane: Lane = {
      single,
      pairs: new Map(),
      awaiting: new Map(),
      failures: 0,
      lastGood: null,
    };
    this.#lanes.add(lane);
    const loop = this.#loop(lane).finally(() => this.#running.delete(loop));
    this.#running.add(loop);
    return lane;
  }

  #leave(lane: Lane, code: string): void {
    lane.pairs.delete(code);
    lane.awaiting.delete(code);
    if (lane.pairs.size === 0) this.#lanes.delete(lane);
  }

  async #loop(lane: Lane): Promise<void> {
    // Pairs added in the same turn belong to the first call.
    await Promise.resolve();
    while (!this.#stop.signal.aborted && this.#lanes.has(lane)) {
      const started = performance.now();
      const wait = await this.#round(lane);
      await this.#sleep(
        Math.max(wait, this.#context.bithumbPollMs - (performance.now() - started)),
      );
    }
  }

  /** One poll of a lane; the wait it asks for beyond the usual rhythm, ms. Never throws. */
  async #round(lane: Lane): Promise<number> {
    const { host } = this.#context;
    try {
      if (lane.failures > 0) host.attempt(lane.pairs.values());
      await this.#poll(lane, [...lane.pairs.values()]);
      if (this.#stop.signal.aborted) return 0;
      if (performance.now() < this.#pausedUntil) {
        // It was under way when another lane was refused: good books, but none follow in the pause.
        lane.lastGood = this.#context.clock();
        lane.failures = Math.max(1, lane.failures);
        this.#tellPaused(lane);
        return 0;
      }
      if (lane.failures > 0) host.reconnected(lane.pairs.values());
      lane.failures = 0;
      lane.lastGood = this.#context.clock();
      this.#rateRefusals = 0;
      this.#reportMissing(lane);
      return 0;
    } catch (error) {
      if (this.#stop.signal.aborted) return 0;
      // It may have failed because the program stood still; then that is the reason.
      this.#context.clock();
      lane.failures++;
      return this.#onError(lane, error);
    }
  }

  #onError(lane: Lane, error: unknown): number {
    const { host } = this.#context;
    const reason = error instanceof Error ? error.message : String(error);
    const known = error instanceof PollError || error instanceof RestError;
    const event = known ? 'POLLING_API_ERROR' : 'POLLING_UNHANDLED';
    // Not by the text: an error page with a number of its own each time would pass every time.
    const kind = error instanceof PollError ? error.cause_ : 'no answer';
    const suppressed = this.#gate.pass(`${event} ${kind}`);
    if (suppressed !== null) host.log(event, null, { reason, suppressed });
    const cause = error instanceof PollError ? error.cause_ : 'CONNECT_FAILED';
    host.down(lane.pairs.values(), { cause, detail: reason, since: this.#lastGood(lane) });
    if (error instanceof PollError && error.cause_ === 'RATE_LIMITED') {
      this.#pauseAll(lane, error);
      return 0;
    }
    return backoffMs(lane.failures, this.#context.random(), POLL_BACKOFF);
  }

  /** All lanes share the address that was refused, so all pause, and none is covered meanwhile. */
  #pauseAll(refused: Lane, error: PollError): void {
    // Calls under way when the first was refused are refused too; that is one refusal, not many.
    if (performance.now() < this.#pausedUntil) return;
    this.#rateRefusals++;
    const wait = backoffMs(this.#rateRefusals, this.#context.random(), RATE_LIMITED);
    const pause = Math.min(Math.max(wait, error.retryAfterMs), RATE_LIMITED.mostMs);
    this.#pausedUntil = performance.now() + pause;
    this.#pauseDetail = error.message;
    this.#calls.pause(pause);
    for (const lane of this.#lanes) {
      if (lane === refused) continue;
      lane.failures++;
      this.#tellPaused(lane);
    }
  }

  #tellPaused(lane: Lane): void {
    const outage = {
      cause: 'RATE_LIMITED',
      detail: this.#pauseDetail,
      since: this.#lastGood(lane),
    } as const;
    this.#context.host.down(lane.pairs.values(), outage);
  }

  /**
   * Fetches and delivers the books of `pairs`. An unknown market fails the whole call without being
   * named (bithumb.md 5), so the call is halved until the bad one stands alone.
   */
  async #poll(lane: Lane, pairs: readonly Pair[]): Promise<void> {
    if (pairs.length === 0) return;
    try {
      this.#deliver(lane, pairs, await this.#fetch(pairs));
    } catch (error) {
      if (!(error instanceof PollError) || !error.unknownMarket) throw error;
      if (pairs.length === 1) {
        const pair = pairs[0]!;
        this.#leave(lane, pairText(pair));
        this.#context.host.refused(pair, error.message);
        return;
      }
      const middle = Math.ceil(pairs.length / 2);
      await this.#poll(lane, pairs.slice(0, middle));
      await this.#poll(lane, pairs.slice(middle));
    }
  }

  /** The books of one call, as JSON. @throws {PollError} @throws {RestError} */
  async #fetch(pairs: readonly Pair[]): Promise<ExactJson[]> {
    for (;;) {
      const standstills = this.#standstills;
      const answer = await this.#call(pairs);
      // Asking the clock tells of a standstill. An answer that waited for its end is of nobody knows when.
      this.#context.clock();
      if (standstills === this.#standstills) return booksOf(answer);
    }
  }

  async #call(pairs: readonly Pair[]): Promise<RestAnswer> {
    while (!this.#calls.tryTake()) {
      await this.#sleep(this.#calls.waitMs());
      if (this.#stop.signal.aborted) throw new RestError('stopped');
    }
    const path = `/v1/orderbook?markets=${pairs.map(quoteFirstCode).join(',')}`;
    const answer = await this.#context.rest.get(path, this.#stop.signal);
    this.#obeyHeaders(answer);
    return answer;
  }

  /** Every answer says how many calls are left this second (bithumb.md 4). */
  #obeyHeaders(answer: RestAnswer): void {
    const left = answer.headers.get('x-ratelimit-remaining');
    if (left !== null && /^\d+$/.test(left) && Number(left) < 10) this.#calls.pause(200);
  }

  #deliver(lane: Lane, asked: readonly Pair[], books: readonly ExactJson[]): void {
    const absent = new Map(asked.map((pair) => [pairText(pair), pair]));
    // Taken in the same turn as the books are numbered, so that times never fall as numbers rise.
    const receivedAt = this.#context.clock();
    for (const item of books) {
      try {
        const book = readUnitBook(item);
        const pair = lane.pairs.get(pairText(book.pair));
        if (pair === undefined) continue;
        absent.delete(pairText(pair));
        lane.awaiting.delete(pairText(pair));
        // A batch that has shrunk to one market would suddenly be sent 30 levels.
        const depth = lane.single ? Infinity : BATCH_DEPTH;
        const { asks, bids } = book.sides;
        this.#context.host.book(
          pair,
          { asks: asks.slice(0, depth), bids: bids.slice(0, depth) },
          book.exchangeTimestamp,
          receivedAt,
        );
      } catch (error) {
        const pair = error instanceof WireError ? error.pair : null;
        if (pair !== null) absent.delete(pairText(pair));
        this.#context.host.unreadable(error, excerpt(JSON.stringify(item)), pair);
      }
    }
    for (const [code, pair] of absent) {
      // One that never had a book is reported when its time is up.
      if (lane.awaiting.has(code) || !lane.pairs.has(code)) continue;
      const detail = 'the answer leaves the market out';
      this.#context.host.down([pair], { cause: 'REFUSED', detail, since: this.#lastGood(lane) });
    }
  }

  /** End of the last good poll; it may have been dated by a clock that has been set back since. */
  #lastGood(lane: Lane): number | null {
    return lane.lastGood === null ? null : Math.min(lane.lastGood, this.#context.clock());
  }

  #reportMissing(lane: Lane): void {
    for (const [code, since] of lane.awaiting) {
      if (performance.now() - since < FIRST_BOOK_MS) continue;
      lane.awaiting.delete(code);
      this.#context.host.noFirstBook(lane.pairs.get(code)!, FIRST_BOOK_MS);
    }
  }

  /** Sleeps, but not beyond {@link close}. */
  #sleep(ms: number): Promise<void> {
    const { signal } = this.#stop;
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, Math.max(0, ms));
      signal.addEventListener('abort', end);
    });
  }
}

/** The array of books of an answer. Errors come with HTTP 200, so the body decides (bithumb.md 5). */
function booksOf(answer: RestAnswer): ExactJson[] {
  if (answer.status === 429 || answer.status === 418) {
    const after = Number(answer.headers.get('retry-after') ?? '0');
    throw new PollError(
      `HTTP ${answer.status}`,
      'RATE_LIMITED',
      false,
      after > 0 ? after * 1000 : 0,
    );
  }
  let body: ExactJson;
  try {
    body = parseExactJson(answer.text);
  } catch (error) {
    const what = answer.status === 200 ? (error as Error).message : `HTTP ${answer.status}`;
    const cause =
      answer.status === 503 ? 'MAINTENANCE' : answer.status === 200 ? 'PARSE_FAILED' : 'REFUSED';
    throw new PollError(`${what}; the answer was ${excerpt(answer.text)}`, cause);
  }
  const error = errorOf(body);
  if (error !== null) {
    const code = optionalText((body as { error: { name?: ExactJson } }).error.name);
    throw new PollError(error, 'REFUSED', code === '404');
  }
  if (answer.status !== 200 || !Array.isArray(body)) {
    throw new PollError(
      `HTTP ${answer.status} ${excerpt(answer.text)}`,
      answer.status === 503 ? 'MAINTENANCE' : 'REFUSED',
    );
  }
  return body;
}

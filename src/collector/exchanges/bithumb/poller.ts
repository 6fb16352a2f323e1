import { setMaxListeners } from 'node:events';
import { BurstGate } from '../../../logging/burst-gate.js';
import type { ExactJson } from '../../../market/exact-json.js';
import { type Pair, pairText } from '../../../market/market.js';
import { type AdaptiveLimit, RATE_MANNER, SIZE_MANNER } from '../../limits/adaptive-limit.js';
import { backoffMs } from '../../limits/backoff.js';
import type { Feed, FeedContext } from '../../feed.js';
import { RateLimiter } from '../../limits/rate-limiter.js';
import { ExchangeError } from '../../exchange-error.js';
import type { RestAnswer } from '../../rest/rest-client.js';
import { excerpt } from '../../wire/wire.js';
import { PollPause } from './poll-pause.js';
import { booksOf } from './rest-answer.js';
import { readUnitBook, unitBooksPath } from '../upbit-protocol/messages.js';
import { pause } from '../../../util/wait.js';

/** Levels per market in a batch call; a single call gets 30 (`bithumb.rest-book.levels-30-or-15`). */
const BATCH_DEPTH = 15;
/** Markets polled individually, for their 30 levels. */
const SINGLE_LANES = 10;
/** 200 markets per call work (`bithumb.rest-book.levels-30-or-15`). */
const MAX_BATCH = 200;
/** Of 150 a second per address (`bithumb.ws.rest-150-per-second`), some are left for others. */
const CALLS = { count: 140, ms: 1000 };
/** Backoff after a failed poll, ms. */
const POLL_BACKOFF = { firstMs: 100, mostMs: 5000 };
/** Waits of a market that is refused individually although it was served before. */
const ASIDE_BACKOFF = { firstMs: 1000, mostMs: 600_000 };
/** Consecutive failed calls that implicate all lanes rather than one. */
const STRIKES = 3;
/** Consecutive refusals possibly about a member that implicate everything instead. */
const MOST_GUESSES = 12;
/** A market without a book for this long, while polls succeed, is reported. */
const FIRST_BOOK_MS = 10_000;

/** This many markets missing from a response are no coincidence: Bithumb may silently drop the excess. */
const LEAST_LEFT_OUT = 10;
/** Markets missing from a response are not retried for this long, ms. */
const SEEK_AGAIN_MS = 60_000;

/** Words of a connection cut by the peer. */
const CUT = /reset|closed|hang up/i;

/** Outcome of an attempt to tell the size from a member. */
interface Guess {
  refusals: number;
  delivered: number;
}

/** Markets for which a round got no books, and why. */
interface Failure {
  readonly error: ExchangeError;
  /** Whether it is a fault of the exchange rather than of this program. */
  readonly expected: boolean;
  readonly pairs: readonly Pair[];
}

/** Markets polled in one round: a single one, or many in as few calls as the limits allow. */
interface Lane {
  readonly single: boolean;
  readonly pairs: Map<string, Pair>;
  /** Pairs without a book yet, and since when (monotonic ms). */
  readonly awaiting: Map<string, number>;
  /** Pairs refused individually for a possibly temporary reason: how often, and until when they are skipped. */
  readonly aside: Map<string, { refusals: number; until: number }>;
  /** Pairs missing from a response that were retried, and until when not again (monotonic ms). */
  readonly sought: Map<string, number>;
  failures: number;
  /** When the first of those failures happened, monotonic ms. */
  failedAt: number;
  /** End of the last successful poll, Unix ms. */
  lastGood: number | null;
}

/**
 * Polls Bithumb's REST books: the first ten markets individually, the rest in batches, each in a
 * lane that it keeps. A lane polls again after its response; all share the rate limit.
 */
export class BithumbPoller implements Feed {
  readonly #context: FeedContext;
  readonly #rate: AdaptiveLimit;
  readonly #batch: AdaptiveLimit;
  readonly #calls: RateLimiter;
  readonly #lanes = new Set<Lane>();
  readonly #running = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  readonly #gate = new BurstGate();
  readonly #pause = new PollPause<Lane>();
  #started = false;
  /** Failed calls without a successful one in between. */
  #strikes = 0;
  /** When the last successful call ended, monotonic ms. */
  #goodAt = -Infinity;
  /** When the last round of a single market failed, monotonic ms. */
  #singleFailedAt = -Infinity;
  /** Number of standstills of the program. */
  #standstills = 0;

  constructor(context: FeedContext) {
    this.#context = context;
    const { limits } = context;
    this.#rate = limits.limit('REST_RATE', CALLS.count, RATE_MANNER);
    this.#batch = limits.limit('REST_BATCH', MAX_BATCH, SIZE_MANNER);
    this.#calls = new RateLimiter([CALLS], undefined, this.#rate);
    // Every lane and every call listens to it; this is not a leak.
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

  /** Nothing to do: every poll requests the whole book. */
  resync(): void {}

  standstill(): void {
    this.#standstills++;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running);
    if (this.#started) this.#context.host.log('POLLING_STOPPED', null, undefined);
  }

  /** The lane for one more market: a single one while there are fewer than ten, otherwise a batch. */
  #laneFor(): Lane {
    const lanes = [...this.#lanes];
    const single = lanes.filter((lane) => lane.single).length < SINGLE_LANES;
    const batch = lanes.find((lane) => !lane.single && lane.pairs.size < MAX_BATCH);
    if (!single && batch !== undefined) return batch;
    const lane: Lane = {
      single,
      pairs: new Map(),
      awaiting: new Map(),
      aside: new Map(),
      sought: new Map(),
      failures: 0,
      failedAt: 0,
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
    lane.sought.delete(code);
    lane.aside.delete(code);
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

  /** One poll of a lane; returns the extra wait before the next one, ms. Never throws. */
  async #round(lane: Lane): Promise<number> {
    const { host } = this.#context;
    await this.#awaitTurn(lane);
    if (this.#stop.signal.aborted || !this.#lanes.has(lane)) return 0;
    if (lane.failures > 0) host.attempt(lane.pairs.values());
    const failed = await this.#poll(lane);
    this.#pause.answered(lane);
    if (this.#stop.signal.aborted) return 0;
    if (failed !== null) {
      // It may have failed because the program stood still; if so, that is the reason.
      this.#context.clock();
      if (lane.failures++ === 0) lane.failedAt = performance.now();
      return this.#onError(lane, failed);
    }
    if (this.#pause.lasts) {
      // It was in flight when another lane was refused: its books are good, but none follow during the pause.
      lane.lastGood = this.#context.clock();
      lane.failures = Math.max(1, lane.failures);
      this.#reportPaused(lane);
      return 0;
    }
    if (lane.failures > 0) host.reconnected(lane.pairs.values());
    lane.failures = 0;
    lane.lastGood = this.#context.clock();
    this.#pause.over();
    this.#reportMissing(lane);
    return 0;
  }

  /** Waits for the end of a pause. */
  async #awaitTurn(lane: Lane): Promise<void> {
    while (!this.#stop.signal.aborted && this.#lanes.has(lane)) {
      const wait = this.#pause.waitMs(lane, (other) => this.#lanes.has(other));
      if (wait === 0) return;
      await this.#sleep(wait);
    }
  }

  #onError(lane: Lane, { error, expected, pairs }: Failure): number {
    const { host } = this.#context;
    const { message: reason, gapCause: cause, fault } = error;
    const event = expected ? 'POLLING_API_ERROR' : 'POLLING_UNHANDLED';
    // Not by the text: an error page with a different number each time would always be new.
    const suppressed = this.#gate.pass(`${event} ${cause}`);
    if (suppressed !== null) host.log(event, null, { reason, suppressed });
    host.down(pairs, { cause, detail: reason, since: this.#lastGood(lane) });
    const rate = fault === 'RATE';
    if (lane.single) this.#singleFailedAt = performance.now();
    // If single markets are always answered and a batch never is, the batch may be too large.
    const batchOnly = this.#goodAt > lane.failedAt && this.#singleFailedAt < lane.failedAt;
    if (!lane.single && !rate && lane.failures > 1 && batchOnly)
      this.#batch.refused(reason, Math.min(this.#batch.value, lane.pairs.size));
    if (rate || this.#strikes >= Math.min(STRIKES, this.#lanes.size)) {
      this.#pauseAll(lane, error);
      return 0;
    }
    return backoffMs(lane.failures, this.#context.random(), POLL_BACKOFF);
  }

  /** All lanes pause, and none is covered meanwhile. */
  #pauseAll(refused: Lane, error: ExchangeError): void {
    // Calls in flight at the first refusal are refused too; together they count as one.
    if (this.#pause.lasts) return;
    const ms = this.#pause.begin(error, this.#context.random());
    // An unreachable server says nothing about the rate; one that cuts the connection may.
    if (error.fault !== 'NO_ANSWER' || CUT.test(error.message)) this.#rate.refused(error.message);
    this.#calls.pause(ms);
    for (const lane of this.#lanes) {
      if (lane === refused) continue;
      if (lane.failures++ === 0) lane.failedAt = performance.now();
      this.#reportPaused(lane);
    }
  }

  #reportPaused(lane: Lane): void {
    const { outage } = this.#pause;
    this.#context.host.down(lane.pairs.values(), { ...outage, since: this.#lastGood(lane) });
  }

  /** Polls all markets of a lane in calls as large as allowed; returns what failed, or null. */
  async #poll(lane: Lane): Promise<Failure | null> {
    let failure: Failure | null = null;
    const failed: Pair[] = [];
    const now = performance.now();
    const left = [...lane.pairs.values()].filter(
      (pair) => (lane.aside.get(pairText(pair))?.until ?? 0) <= now,
    );
    while (left.length > 0 && !this.#stop.signal.aborted) {
      const pairs = left.splice(0, this.#batch.value);
      try {
        await this.#ask(lane, pairs, { refusals: 0, delivered: 0 });
      } catch (thrown) {
        const expected = thrown instanceof ExchangeError;
        const error = expected ? thrown : new ExchangeError('NO_ANSWER', String(thrown));
        failed.push(...pairs);
        failure = { error, expected, pairs: failed };
        // Refused whatever is requested: the rest of the round would be refused as well.
        if (error.fault !== 'RATE' && this.#strikes < STRIKES) continue;
        failed.push(...left);
        break;
      }
    }
    return failure;
  }

  /**
   * Fetches and delivers the books of `pairs`. After a refusal that may concern their number or one
   * of them, which it may not name (`bithumb.error.unknown-market-alone-batch`), each half is
   * requested separately: if both succeed it was the number, if a single market is refused it was
   * that one.
   * @throws {ExchangeError} when it is neither
   */
  async #ask(lane: Lane, pairs: readonly Pair[], guess: Guess): Promise<void> {
    let refusal: ExchangeError;
    try {
      const books = await this.#fetch(pairs);
      this.#strikes = 0;
      this.#goodAt = performance.now();
      guess.delivered += pairs.length;
      const absent = this.#deliver(lane, pairs, books);
      if (absent.length >= LEAST_LEFT_OUT) await this.#leftOut(lane, pairs.length, absent);
      return;
    } catch (error) {
      if (!(error instanceof ExchangeError && error.narrowable)) {
        this.#strikes++;
        throw error;
      }
      refusal = error;
    }
    guess.refusals++;
    const alone = pairs.length === 1;
    if (refusal.fault !== 'MEMBER') this.#weigh(refusal, alone, guess);
    if (alone && refusal.fault !== 'MEMBER' && !lane.awaiting.has(pairText(pairs[0]!))) {
      this.#setAside(lane, pairs[0]!, refusal);
      return;
    }
    if (alone) {
      this.#leave(lane, pairText(pairs[0]!));
      this.#context.host.refused(pairs[0]!, refusal.message);
      return;
    }
    if (refusal.fault === 'SIZE') this.#batch.refused(refusal.message, pairs.length);
    const before = guess.delivered;
    const middle = Math.ceil(pairs.length / 2);
    await this.#ask(lane, pairs.slice(0, middle), guess);
    await this.#ask(lane, pairs.slice(middle), guess);
    if (refusal.fault === 'UNSURE' && guess.delivered - before === pairs.length)
      this.#batch.refused(refusal.message, pairs.length);
  }

  /** Many markets are missing from a response: retries those not retried recently. */
  async #leftOut(lane: Lane, asked: number, absent: readonly Pair[]): Promise<void> {
    const now = performance.now();
    const fresh = absent.filter((pair) => !((lane.sought.get(pairText(pair)) ?? 0) > now));
    if (fresh.length < LEAST_LEFT_OUT) return;
    for (const pair of fresh) lane.sought.set(pairText(pair), now + SEEK_AGAIN_MS);
    try {
      await this.#seek(lane, asked - absent.length, fresh);
    } catch (error) {
      // That says nothing of them: they are sought again with the next answer.
      for (const pair of fresh) lane.sought.delete(pairText(pair));
      throw error;
    }
  }

  /**
   * Requests markets missing from a response: if that yields books, there were too many at once.
   * @param got how many books the response had: if none, the others are requested by halves
   * @returns how many books the retry yielded
   */
  async #seek(lane: Lane, got: number, absent: readonly Pair[]): Promise<number> {
    const middle = got > 0 ? absent.length : Math.ceil(absent.length / 2);
    let found = 0;
    for (const pairs of [absent.slice(0, middle), absent.slice(middle)]) {
      if (pairs.length === 0 || this.#stop.signal.aborted) continue;
      const left = this.#deliver(lane, pairs, await this.#fetch(pairs));
      found += pairs.length - left.length;
      if (left.length >= LEAST_LEFT_OUT)
        found += await this.#seek(lane, pairs.length - left.length, left);
    }
    if (found > 0) {
      const words = `only ${got} of ${got + absent.length} markets were in the answer`;
      this.#batch.refused(words, got > 0 ? 2 * got : absent.length);
    }
    return found;
  }

  /** A market served before is refused individually: it is retried after ever longer waits. */
  #setAside(lane: Lane, pair: Pair, refusal: ExchangeError): void {
    // A lane of its own waits as a whole.
    if (lane.single) {
      this.#strikes++;
      throw refusal;
    }
    const refusals = (lane.aside.get(pairText(pair))?.refusals ?? 0) + 1;
    const wait = backoffMs(refusals, this.#context.random(), ASIDE_BACKOFF);
    lane.aside.set(pairText(pair), { refusals, until: performance.now() + wait });
    const outage = { cause: refusal.gapCause, detail: refusal.message };
    this.#context.host.down([pair], { ...outage, since: this.#lastGood(lane) });
  }

  /** Whether a refusal that names no market can concern one: only if others are answered. */
  #weigh(refusal: ExchangeError, alone: boolean, guess: Guess): void {
    if (guess.delivered > 0) return;
    const recent = performance.now() - this.#goodAt < FIRST_BOOK_MS;
    if (guess.refusals < MOST_GUESSES && (!alone || recent)) return;
    this.#strikes++;
    throw refusal;
  }

  /** The books of one call, as JSON. @throws {ExchangeError} */
  async #fetch(pairs: readonly Pair[]): Promise<ExactJson[]> {
    for (;;) {
      const standstills = this.#standstills;
      const answer = await this.#call(pairs);
      // Reading the clock reveals a standstill; a response that waited through it may be of any time.
      this.#context.clock();
      if (standstills === this.#standstills) return booksOf(answer);
    }
  }

  async #call(pairs: readonly Pair[]): Promise<RestAnswer> {
    while (!this.#calls.tryTake()) {
      await this.#sleep(this.#calls.waitMs());
      if (this.#stop.signal.aborted) throw new ExchangeError('NO_ANSWER', 'stopped');
    }
    const answer = await this.#context.rest.get(unitBooksPath(pairs), this.#stop.signal);
    this.#obeyHeaders(answer);
    return answer;
  }

  /** Every response says how many calls are left this second (`bithumb.ws.rest-150-per-second`). */
  #obeyHeaders(answer: RestAnswer): void {
    const left = answer.headers.get('x-ratelimit-remaining');
    if (left === null || !/^\d+$/.test(left) || Number(left) >= 10) return;
    this.#calls.pause(Number(left) === 0 ? 1000 : 200);
  }

  /** Delivers the books of a response. @returns the markets missing from it */
  #deliver(lane: Lane, asked: readonly Pair[], books: readonly ExactJson[]): Pair[] {
    const absent = new Map(asked.map((pair) => [pairText(pair), pair]));
    // Taken in the same turn in which the books are numbered, so that times never fall as numbers rise.
    const receivedAt = this.#context.clock();
    for (const item of books) {
      try {
        const book = readUnitBook(item);
        const pair = lane.pairs.get(pairText(book.pair));
        if (pair === undefined) {
          this.#context.host.unasked();
          continue;
        }
        absent.delete(pairText(pair));
        lane.awaiting.delete(pairText(pair));
        lane.aside.delete(pairText(pair));
        lane.sought.delete(pairText(pair));
        // A batch that has shrunk to one market would suddenly get 30 levels.
        const depth = lane.single ? Infinity : BATCH_DEPTH;
        const { asks, bids } = book.sides;
        this.#context.host.book(
          pair,
          { asks: asks.slice(0, depth), bids: bids.slice(0, depth) },
          book.exchangeTimestamp,
          receivedAt,
          book.ordered ? undefined : null,
        );
      } catch (error) {
        const pair = error instanceof ExchangeError ? error.pair : null;
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
    return [...absent.values()];
  }

  /** End of the last successful poll; it may be dated by a clock that has been set back since. */
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

  /** Sleeps, but not past {@link close}. */
  #sleep(ms: number): Promise<void> {
    return pause(ms, this.#stop.signal);
  }
}

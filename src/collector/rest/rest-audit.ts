import type { Pair } from '../../market/market.js';
import { pairText } from '../../market/market.js';
import type { Sides } from '../../market/order-book.js';
import type { RestBooks } from './rest-books.js';
import { sameToDepth } from './rest-books.js';
import type { RestClient } from './rest-client.js';
import { pause } from '../../util/wait.js';

/** Streamed books within this time of the REST call are compared with its response, ms. */
const NEARNESS_MS = 2000;
/** Failed checks after which a silent market counts as not covered. */
const TRIES = 3;
/** Longest a silent market may wait for its check before it counts as not covered, ms. */
const MOST_DOUBT_MS = 300_000;
/** Longest wait after failed calls, ms. */
const MOST_WAIT_MS = 60_000;

/** What a {@link RestAudit} needs to know about the markets, and reports to. */
export interface AuditHost {
  /** The newest streamed book, truncated as recorded. */
  current(pair: Pair): Sides | undefined;
  /** Calls `listener` for every changed book of a pair; the result unsubscribes. */
  watch(pair: Pair, listener: (sides: Sides) => void): () => void;
  /** Whether a pair is currently silent beyond its bound. */
  silent(pair: Pair): boolean;
  /** Pairs whose books may be audited. */
  auditable(): Pair[];
  /** The REST book of a silent pair equals its streamed one: it was quiet. */
  quiet(pair: Pair): void;
  /** The REST book of a silent pair could not be fetched so far. */
  unproven(pair: Pair): void;
  /** The REST book of a silent pair differs or cannot be fetched: it is not covered. */
  lost(pair: Pair, detail: string): void;
  /** An audit of a pair: whether its REST book equals one of the streamed ones nearest in time. */
  audited(pair: Pair, agreed: boolean): void;
  /** A REST call failed. */
  failed(pair: Pair, reason: string): void;
}

/** A silent pair to be checked. */
interface Suspect {
  readonly pair: Pair;
  /** Since when it has been waiting, monotonic ms. */
  readonly since: number;
  /** Failed checks so far. */
  failures: number;
}

/**
 * Compares streamed books with the exchange's REST books, one call at a time and slowly:
 * immediately for a market that is silent for longer than usual, and round robin over all markets
 * as an audit.
 */
export class RestAudit {
  readonly #books: RestBooks;
  readonly #rest: RestClient;
  readonly #depth: number;
  readonly #auditEveryMs: number;
  readonly #host: AuditHost;
  /** Silent pairs to be checked. */
  readonly #suspects = new Map<string, Suspect>();
  #lastAudited = '';
  /** A pair that differed once and is audited again before that counts. */
  #again: Pair | null = null;
  #auditedAt = performance.now();
  #failures = 0;
  #running = false;
  readonly #closing = new AbortController();

  /** @param depth recorded levels a side, 0 = all. @param auditEveryMs 0 = no audits */
  constructor(
    books: RestBooks,
    rest: RestClient,
    depth: number,
    auditEveryMs: number,
    host: AuditHost,
  ) {
    this.#books = books;
    this.#rest = rest;
    this.#depth = depth === 0 ? books.depth : Math.min(depth, books.depth);
    this.#auditEveryMs = auditEveryMs;
    this.#host = host;
  }

  /** Starts checking; no effect if it has started. */
  start(): void {
    if (this.#running || this.#closed) return;
    this.#running = true;
    void this.#run();
  }

  /** Schedules a check of a pair that fell silent. */
  suspect(pair: Pair): void {
    if (!this.#suspects.has(pairText(pair)))
      this.#suspects.set(pairText(pair), { pair, since: performance.now(), failures: 0 });
  }

  /** Whether a silent pair is waiting for its check. */
  get waiting(): boolean {
    return this.#suspects.size > 0;
  }

  /** Stops; no call to the host follows. */
  close(): void {
    this.#closing.abort();
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      await this.#pause(Math.min(this.#books.everyMs * 2 ** this.#failures, MOST_WAIT_MS));
      if (this.#closed) return;
      if (this.#suspects.size > 0) await this.#probe();
      else if (this.#auditEveryMs > 0 && performance.now() - this.#auditedAt >= this.#auditEveryMs)
        await this.#audit();
    }
  }

  /** Checks as many silent pairs as one call takes, those that failed before individually. */
  async #probe(): Promise<void> {
    for (const [code, { pair, since }] of this.#suspects) {
      const silent = this.#host.silent(pair);
      const inTime = performance.now() - since < MOST_DOUBT_MS;
      if (silent && inTime) continue;
      this.#suspects.delete(code);
      // While REST is out, calls are few, and hundreds may be waiting.
      if (silent) this.#host.lost(pair, 'silent, and REST could not be asked for its book in time');
    }
    const waiting = [...this.#suspects.values()];
    const [first] = waiting;
    if (first === undefined) return;
    // One bad code fails a whole call (`upbit.rest-book.unknown-code-fails-batch`,
    // `bithumb.rest-book.bad-code-fails-call`).
    const batch =
      first.failures > 0
        ? [first]
        : waiting.filter((s) => s.failures === 0).slice(0, this.#books.batch);
    const pairs = batch.map((suspect) => suspect.pair);
    const fetched = await this.#fetch(pairs);
    if (this.#closed) return;
    for (const suspect of batch) {
      const { pair } = suspect;
      const code = pairText(pair);
      this.#suspects.delete(code);
      if (!this.#host.silent(pair)) continue;
      const book = typeof fetched === 'string' ? undefined : fetched.get(code);
      const streamed = this.#host.current(pair);
      if (book !== undefined && streamed !== undefined) {
        if (this.#same(book, streamed)) this.#host.quiet(pair);
        else void this.#lostUnlessHeard(pair);
        continue;
      }
      const reason = typeof fetched === 'string' ? fetched : 'the answer lacks its book';
      this.#host.failed(pair, reason);
      suspect.failures++;
      // The first call may have failed because of another pair in the batch.
      if (suspect.failures > 1) this.#host.unproven(pair);
      if (suspect.failures < TRIES) this.#suspects.set(code, suspect);
      else this.#host.lost(pair, `silent, and its book by REST cannot be had: ${reason}`);
    }
  }

  /** The book may have changed at this very moment, and the change be in flight on the stream. */
  async #lostUnlessHeard(pair: Pair): Promise<void> {
    await this.#pause(NEARNESS_MS);
    if (!this.#closed) this.#host.lost(pair, 'silent, while its book by REST has changed');
  }

  async #audit(): Promise<void> {
    this.#auditedAt = performance.now();
    const pair = this.#again ?? this.#next();
    if (pair === null) return;
    const seen: Sides[] = [];
    const unwatch = this.#host.watch(pair, (sides) => seen.push(sides));
    try {
      const current = this.#host.current(pair);
      if (current !== undefined) seen.push(current);
      await this.#pause(NEARNESS_MS);
      if (this.#closed) return;
      const fetched = await this.#fetch([pair]);
      if (this.#closed) return;
      if (typeof fetched === 'string') {
        this.#host.failed(pair, fetched);
        return;
      }
      const book = fetched.get(pairText(pair));
      if (book === undefined) return;
      const agrees = (): boolean => seen.some((sides) => this.#same(sides, book));
      if (!agrees()) await this.#pause(NEARNESS_MS);
      if (this.#closed || !this.#host.auditable().some((p) => pairText(p) === pairText(pair)))
        return;
      const agreed = agrees();
      if (!agreed && this.#again === null) {
        this.#again = pair;
        return;
      }
      this.#again = null;
      this.#host.audited(pair, agreed);
    } finally {
      unwatch();
    }
  }

  /** The pair after the last one audited, by name. */
  #next(): Pair | null {
    const pairs = this.#host
      .auditable()
      .map((pair) => ({ pair, code: pairText(pair) }))
      .sort((a, b) => (a.code < b.code ? -1 : 1));
    const next = pairs.find(({ code }) => code > this.#lastAudited) ?? pairs[0];
    if (next === undefined) return null;
    this.#lastAudited = next.code;
    return next.pair;
  }

  #same(a: Sides, b: Sides): boolean {
    return sameToDepth(a, b, this.#depth, this.#books.ragged === true);
  }

  /** The books, or why there are none. */
  async #fetch(pairs: readonly Pair[]): Promise<Map<string, Sides> | string> {
    try {
      const books = await this.#books.fetch(this.#rest, pairs);
      this.#failures = 0;
      return books;
    } catch (error) {
      this.#failures = Math.min(this.#failures + 1, 10);
      return error instanceof Error ? error.message : String(error);
    }
  }

  get #closed(): boolean {
    return this.#closing.signal.aborted;
  }

  #pause(ms: number): Promise<void> {
    return pause(ms, this.#closing.signal, false);
  }
}

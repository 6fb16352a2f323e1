import type { Bus } from '../../bus.js';
import type { EventName, EventParams } from '../../logging/events.js';
import type { Logger } from '../../logging/logger.js';
import type { CollectorState, CollectorStatus } from '../../market/collector-status.js';
import type { Gap, GapCause } from '../../market/gap.js';
import type { Market } from '../../market/market.js';
import type { OrderBook, Sides } from '../../market/order-book.js';
import { cutText } from '../../market/outside-text.js';
import { BOOK_DIFFERS } from '../../market/own-words.js';
import { BookOrder } from './book-order.js';
import type { Outage } from '../feed.js';
import { CoverageCounter } from './coverage-counter.js';
import { type Peers, SilenceThreshold, type SilenceBounds } from './silence-threshold.js';
import { BookRecorder, type RecorderParts } from './book-recorder.js';

/** Times that a wrong clock gave. */
export interface WrongTime {
  /** For a clock that was ahead: what it dated after this is wrong, Unix ms. */
  readonly after: number;
  /** For one that was behind: the previous run's last heartbeat ahead of it, Unix ms, or null. */
  readonly aliveAt: number | null;
}

/** A remainder of a clock step below this is measurement error, ms. */
const LEAST_STEP_MS = 1000;

/** State, counts and open gap of one market; publishes their changes on the bus. */
export class MarketTracker {
  readonly market: Market;
  readonly #bus: Bus;
  readonly #recorder: BookRecorder;
  readonly #logger: Logger;
  readonly #clock: () => number;
  readonly #coverage: CoverageCounter;
  readonly #rhythm: SilenceThreshold;
  readonly #order = new BookOrder();

  #state: CollectorState = 'STOPPED';
  #startedAt: number | null = null;
  #lastBookAt: number | null = null;
  #books = 0;
  #repeats = 0;
  #reconnects = 0;
  #parseFailures = 0;
  #lateBooks = 0;
  #doubtedTimes = 0;
  #audits = 0;
  #auditDifferences = 0;
  #auditAgreedAt: number | null = null;
  #error: string | null = null;
  #gap: Gap | null = null;
  /** The previous gap since the process started, and its end by the clock at the time. */
  #closed: { readonly gap: Gap; readonly end: number } | null = null;
  /**
   * How far the clock was set back, away from the exchanges' times, since the last book, ms. Until
   * the next book, gaps are dated by the old clock: by the new one they would end before they
   * start.
   */
  #setBackMs = 0;
  /** End of the previous gap, since the start. */
  #coveredFrom = -Infinity;
  #firstBookAt = -Infinity;
  /** Set until the first book since the start. */
  #fresh = true;
  /** Silent for longer than usual, while the exchange is being checked. */
  #doubted = false;

  constructor(
    market: Market,
    parts: RecorderParts & {
      logger: Logger;
      clock: () => number;
      rhythm?: SilenceBounds | undefined;
      peers?: Peers | undefined;
    },
  ) {
    this.market = market;
    this.#bus = parts.bus;
    this.#recorder = new BookRecorder(market, parts);
    this.#logger = parts.logger;
    this.#clock = parts.clock;
    this.#rhythm = new SilenceThreshold(parts.rhythm, parts.peers);
    this.#coverage = new CoverageCounter(market, (record) => parts.bus.coverage.publish(record));
  }

  /** Whether it should collect: started and neither stopped nor given up. */
  get running(): boolean {
    return this.#state !== 'STOPPED' && this.#state !== 'FAILED';
  }

  /** When its first book since the start came, Unix ms. */
  get firstBookAt(): number {
    return this.#firstBookAt;
  }

  /** Whether its books come. */
  get live(): boolean {
    return this.#state === 'LIVE';
  }

  /** Its newest numbered book, if any. */
  get current(): OrderBook | undefined {
    return this.#recorder.last;
  }

  /** Calls `listener` for every numbered book from now on; the result unsubscribes. */
  watch(listener: (book: OrderBook) => void): () => void {
    return this.#recorder.books.on(listener);
  }

  /** The status as the API shows it. */
  get status(): CollectorStatus {
    return {
      market: this.market,
      state: this.#state,
      startedAt: this.#startedAt,
      lastBookAt: this.#lastBookAt,
      books: this.#books,
      repeats: this.#repeats,
      reconnects: this.#reconnects,
      parseFailures: this.#parseFailures,
      lateBooks: this.#lateBooks,
      doubtedTimes: this.#doubtedTimes,
      audits: this.#audits,
      auditDifferences: this.#auditDifferences,
      auditAgreedAt: this.#auditAgreedAt,
      error: this.#error,
    };
  }

  /** @param inherited gap of the previous run that continues until the first book */
  start(inherited: Gap | null): void {
    this.#startedAt = this.#clock();
    this.#lastBookAt = null;
    this.#setBackMs = 0;
    this.#books = 0;
    this.#repeats = 0;
    this.#reconnects = 0;
    this.#parseFailures = 0;
    this.#lateBooks = 0;
    this.#doubtedTimes = 0;
    this.#audits = 0;
    this.#auditDifferences = 0;
    this.#auditAgreedAt = null;
    this.#rhythm.restart();
    this.#fresh = true;
    this.#coverage.restart();
    // An open gap continues: giving up and starting again covered nothing.
    if (inherited !== null && this.#gap === null) this.#setGap(inherited);
    this.#setState('STARTING', null);
    this.#log('COLLECTION_STARTED', undefined);
  }

  /** Stops on request: an open gap ends here, since the market is no longer wanted. */
  stop(): void {
    if (this.#state === 'STOPPED') return;
    this.#closeGap(this.#clock());
    this.#bus.forget(this.market);
    this.#setState('STOPPED', null);
    this.#log('COLLECTION_STOPPED', undefined);
  }

  /** The market has left its exchange: there is nothing to cover from here on. */
  delist(state: 'STOPPED' | 'FAILED', reason: string): void {
    this.#closeGap(this.#clock());
    this.#bus.forget(this.market);
    this.#setState(state, reason);
  }

  /** Gives up: manual action is needed. What was covered until now is a gap from here on. */
  fail(reason: string): void {
    if (this.#lastBookAt !== null) this.#openGap('REFUSED', reason, null);
    this.#bus.forget(this.market);
    this.#setState('FAILED', reason);
  }

  /**
   * A valid book was received.
   * @param exchangeTimestamp Unix ms; null where there is none, undefined when implausible
   * @param place its position in the exchange's order, or null where the exchange gives none; a
   * book older than the one before is counted and dropped
   */
  book(
    sides: Sides,
    exchangeTimestamp: number | null | undefined,
    receivedAt: number,
    place: number | null = null,
  ): void {
    const now = performance.now();
    this.#books++;
    if (exchangeTimestamp === undefined) this.#doubtedTimes++;
    if (this.#fresh || this.#gap !== null) this.#order.restart();
    // Not a sign of life: a server stuck with an old book may send it forever.
    if (place !== null && !this.#inOrder(place, now)) return;
    if (this.#gap === null) this.#rhythm.heard(now);
    else this.#rhythm.resumed(now);
    const afterGap = this.#fresh || this.#gap !== null;
    if (this.#fresh) this.#firstBookAt = receivedAt;
    this.#fresh = false;
    this.#doubted = false;
    this.#lastBookAt = receivedAt;
    if (this.#gap !== null) {
      const { cause, start } = this.#gap;
      const end = this.#closeGap(receivedAt);
      this.#log('GAP_CLOSED', { cause, lastedMs: end - start });
    }
    this.#setBackMs = 0;
    const time = exchangeTimestamp ?? null;
    const changed = this.#recorder.receive(sides, time, receivedAt, afterGap);
    if (!changed) this.#repeats++;
    this.#coverage.count(receivedAt, changed);
    if (this.#state !== 'LIVE') this.#setState('LIVE', null);
  }

  /** Whether to take a book; a late one is dropped, see {@link BookOrder}. */
  #inOrder(place: number, now: number): boolean {
    const judged = this.#order.judge(place, now);
    if (judged === 'LATE') {
      this.#lateBooks++;
      this.#coverage.late(now);
    }
    // What was dropped as late was not too old, and is lost.
    if (judged === 'RESTART')
      this.#openGap('RESYNC', "the exchange's own time of its books fell back", null);
    return judged !== 'LATE';
  }

  /**
   * The clock was set.
   * @param byMs the adjustment, ms; negative = back
   * @param wrong what it dated wrongly, to be redated; null = none known
   */
  clockSet(byMs: number, wrong: WrongTime | null): void {
    this.#coverage.clockSet(byMs);
    if (wrong === null || byMs > 0) {
      const left = this.#setBackMs - byMs;
      // A step and its reversal are measured to a few milliseconds: a tiny remainder is nothing.
      this.#setBackMs = left < LEAST_STEP_MS ? 0 : left;
    }
    if (wrong === null) return;
    const { after: at, aliveAt } = wrong;
    // After a step back only what would be in the future was certainly dated wrongly.
    const set = (time: number): number => (byMs > 0 || time > at ? time + byMs : time);
    const maybe = (time: number | null): number | null => (time === null ? null : set(time));
    this.#startedAt = maybe(this.#startedAt);
    this.#lastBookAt = maybe(this.#lastBookAt);
    this.#auditAgreedAt = maybe(this.#auditAgreedAt);
    this.#coveredFrom = set(this.#coveredFrom);
    this.#firstBookAt = set(this.#firstBookAt);
    const closed = this.#closed;
    if (closed !== null) {
      const { gap } = closed;
      const end = set(closed.end);
      const ahead = aliveAt !== null && closed.end < aliveAt && aliveAt < end;
      this.#closed = { gap, end };
      if (byMs > 0 && closed.end < gap.start)
        this.#publishGap({ ...gap, end: Math.max(gap.start, end) });
      else if (byMs > 0 && gap.cause === 'PROCESS_DOWN' && ahead)
        this.#publishGap({ ...gap, start: aliveAt, end });
    }
    const open = this.#gap;
    if (open === null) return;
    if (byMs < 0 && open.start > at) this.#gap = { ...open, start: open.start + byMs };
    else if (
      byMs > 0 &&
      open.cause === 'PROCESS_DOWN' &&
      aliveAt !== null &&
      open.start < aliveAt
    ) {
      this.#publishGap({ ...open, end: open.start });
      this.#setGap({ ...open, start: aliveAt });
    }
  }

  /** Publishes the coverage of minutes that ended before `before`, Unix ms. */
  flushCoverage(before: number): void {
    this.#coverage.flush(before);
  }

  /** The connection is lost: a gap opens at the last proof of coverage, unless one is open. */
  down(outage: Outage): void {
    if (!this.running) return;
    this.#openGap(outage.cause, outage.detail, this.#notBeforeLastBook(outage.since));
    const error = outage.detail ?? outage.cause;
    if (this.#state !== 'RECONNECTING' || this.#error !== error)
      this.#setState('RECONNECTING', error);
  }

  /** The program stood still. @param since last moment before it, Unix ms; null = the last book */
  standstill(since: number | null, detail: string): void {
    // Before its first book the market has no coverage that could be interrupted.
    if (!this.running || this.#lastBookAt === null) return;
    this.#openGap('STANDSTILL', detail, this.silent ? null : since);
    if (this.#state === 'LIVE') this.#setState('STALE', detail);
  }

  /** Whether its books still arrive: one within `withinMs`, or LIVE and often silent for longer. */
  delivers(withinMs: number): boolean {
    if (this.#lastBookAt === null) return false;
    const bound = this.#state === 'LIVE' ? Math.max(withinMs, this.#rhythm.usualMs) : withinMs;
    return this.#clock() - this.#lastBookAt < bound;
  }

  /** Whether it is silent for longer than usual, with the reason not known yet. */
  get silent(): boolean {
    return (this.#doubted || this.#state === 'STALE') && this.#gap === null;
  }

  /**
   * Checks whether it has been silent for longer than its own rhythm explains. If so, the exchange
   * is first asked for its book: the market stays LIVE until that shows a change or cannot be
   * fetched.
   * @param now monotonic ms
   * @returns whether the silence has just been detected
   */
  checkSilence(now: number): boolean {
    if (this.#state !== 'LIVE' || this.#doubted) return false;
    this.#doubted = this.#rhythm.silentMs(now) > this.#rhythm.boundMs;
    return this.#doubted;
  }

  /** The exchange was asked about its silence and did not answer: it is STALE from here on. */
  unproven(): void {
    if (!this.#doubted) return;
    const silentMs = this.#rhythm.silentMs(performance.now());
    const usual = Math.round(this.#rhythm.boundMs / 1000);
    this.#log('STALE', { silentMs });
    this.#setState(
      'STALE',
      `no book for ${Math.round(silentMs / 1000)} s, where ${usual} s are usual`,
    );
  }

  /** Its silence has proved quiet. @returns whether it had been marked STALE */
  quiet(): boolean {
    if (!this.silent) return false;
    const wasStale = this.#state === 'STALE';
    this.#doubted = false;
    this.#rhythm.confirmed(performance.now());
    if (wasStale) this.#setState('LIVE', null);
    return wasStale;
  }

  /** Its silence has not proved quiet: a gap since its last book. @returns whether it was silent */
  lost(detail: string): boolean {
    if (!this.silent) return false;
    this.unproven();
    this.#openGap('STALE', detail, null);
    this.#setState('STALE', detail);
    return true;
  }

  /** How irregular its rhythm is; see {@link SilenceThreshold.ratio}. */
  get rhythmRatio(): number | null {
    return this.#rhythm.ratio;
  }

  /**
   * An audit of its book.
   * @param decides whether a difference means that its book is wrong: a gap since the last
   * agreement
   * @returns whether this puts its book in doubt
   */
  audited(agreed: boolean, decides: boolean): boolean {
    this.#audits++;
    this.#coverage.audited(this.#clock(), agreed);
    if (agreed) {
      this.#auditAgreedAt = this.#clock();
      return false;
    }
    this.#auditDifferences++;
    this.#log('AUDIT_DIFFERS', undefined);
    if (!decides || this.#state !== 'LIVE') return false;
    this.#openGap('RESYNC', BOOK_DIFFERS, this.#auditAgreedAt ?? this.#startedAt);
    this.#setState('STALE', BOOK_DIFFERS);
    return true;
  }

  /** A further attempt to cover it starts. */
  attempt(): void {
    if (this.#gap !== null) this.#setGap({ ...this.#gap, attempts: this.#gap.attempts + 1 });
  }

  /** Its connection is up again. */
  reconnected(): void {
    this.#reconnects++;
  }

  /** It was subscribed long ago and has had no book: it does not count as covered. */
  noFirstBook(error: string): void {
    if (!this.running) return;
    this.#openGap('STALE', error, null);
    this.#setState(this.#state === 'LIVE' ? 'STALE' : this.#state, error);
  }

  /** A message about it could not be read: its contents are lost until the next good one. */
  unreadable(error: string): void {
    this.#parseFailures++;
    if (!this.running) return;
    this.#openGap('PARSE_FAILED', error, null);
    if (this.#state === 'LIVE') this.#setState('STALE', error);
  }

  /** A connection's last frame may be the last book, which is stamped a moment later. */
  #notBeforeLastBook(since: number | null): number | null {
    const last = this.#lastBookAt;
    return since !== null && last !== null && last - since < LEAST_STEP_MS
      ? Math.max(since, last)
      : since;
  }

  /** Opens a gap, unless one is open. @param since last sign of life; null = the last book */
  #openGap(cause: GapCause, detail: string | null, since: number | null): void {
    const { market } = this;
    const last = this.#lastBookAt;
    // Before the first book the connection proves nothing about this market.
    let start = last === null ? (this.#startedAt ?? this.#clock()) : last;
    if (last !== null && since !== null) start = since + this.#setBackMs;
    // Nor does a proof from before the end of the last gap, unless the clock was set back since.
    if (last !== null && this.#coveredFrom <= last) start = Math.max(start, this.#coveredFrom);
    this.#gap ??= this.#publishGap({
      market,
      start,
      end: null,
      cause,
      detail: detail === null ? null : cutText(detail),
      attempts: 0,
    });
  }

  /** @returns the end of the gap, as published */
  #closeGap(end: number): number {
    if (this.#gap === null) return end;
    // A clock that was set back must not yield a gap that ends before it starts.
    this.#closed = { gap: this.#gap, end };
    const published = Math.max(end + this.#setBackMs, this.#gap.start);
    this.#publishGap({ ...this.#gap, end: published });
    this.#gap = null;
    this.#coveredFrom = end;
    return published;
  }

  #setGap(gap: Gap): void {
    this.#gap = this.#publishGap(gap);
  }

  #publishGap(gap: Gap): Gap {
    this.#bus.gaps.publish(gap);
    return gap;
  }

  #setState(state: CollectorState, error: string | null): void {
    this.#doubted = false;
    this.#state = state;
    this.#error = error === null ? null : cutText(error);
    this.#bus.status.publish(this.status);
  }

  #log<E extends EventName>(event: E, params: EventParams<E>): void {
    const { exchange, symbol, currency } = this.market;
    this.#logger.log(event, { exchange, pair: { symbol, currency } }, params);
  }
}

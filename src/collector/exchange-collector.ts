import type { Oddity } from '../market/oddity.js';
import { OddThings } from './odd-things.js';
import { BurstGate } from '../logging/burst-gate.js';
import type { EventName, EventParams } from '../logging/events.js';
import { type Logger, timeShown } from '../logging/logger.js';
import type { CollectorStatus } from '../market/collector-status.js';
import type { ExchangeTally } from '../market/exchange-tally.js';
import type { Gap } from '../market/gap.js';
import { type Market, MarketHandle, type Pair, pairText } from '../market/market.js';
import type { ReadTrade } from '../market/trade.js';
import type { Sides } from '../market/order-book.js';
import { cutText } from '../market/outside-text.js';
import { BOOK_DIFFERS } from '../market/own-words.js';
import { ExchangeTrades, type TradesParts } from './exchange-trades.js';
import type { Feed, FeedHost, Outage } from './feed.js';
import type { ClockWitness } from './clock/clock-witness.js';
import { RestAudit, type AuditHost } from './rest/rest-audit.js';
import { believedTime } from './wire/exchange-time.js';
import { PeerRhythm } from './market/peer-rhythm.js';
import type { SilenceBounds } from './market/silence-threshold.js';
import { MarketTracker, type WrongTime } from './market/market-tracker.js';
import { Backlog } from './market/backlog.js';
import type { RecorderParts } from './market/book-recorder.js';
import type { Standstill } from './clock/standstill-watch.js';
import { excerpt } from './wire/wire.js';

/** Dependencies of an {@link ExchangeCollector}. */
export interface ExchangeCollectorParts extends RecorderParts, TradesParts {
  readonly logger: Logger;
  /** Called when a market has had its first book, and when it is stopped on request. */
  readonly setRecording: (market: Market, recording: boolean) => void;
  /** Records the exchange's times. */
  readonly witness: ClockWitness;
  /** Interval between two REST audits, ms; 0 = none. */
  readonly auditEveryMs: number;
  /** Overrides the silence bounds; for tests. */
  readonly rhythm?: SilenceBounds | undefined;
}

/** How often markets are checked for silence, ms. */
const SILENCE_WATCH_MS = 1000;

/** Runs the feed of one exchange and tracks its markets. Failures in here stay in here. */
export class ExchangeCollector implements FeedHost {
  readonly #parts: ExchangeCollectorParts;
  readonly #trackers = new Map<string, MarketTracker>();
  readonly #backlog = new Backlog<MarketTracker>();
  readonly #recording = new Set<string>();
  /** Pairs in the exchange's spelling, by which the feed delivers their books. */
  readonly #spelled = new Map<string, MarketHandle>();
  readonly #gate = new BurstGate();
  #feed: Feed | null = null;
  #check: RestAudit | null = null;
  #silenceWatch: NodeJS.Timeout | undefined;
  readonly #peers = new PeerRhythm(() =>
    [...this.#trackers.values()].map((tracker) => tracker.rhythmRatio),
  );
  readonly #silence = { asked: 0, quiet: 0, lost: 0, falseAlarms: 0 };
  #unreadable = 0;
  #unasked = 0;
  readonly #odd: OddThings;
  readonly #trades: ExchangeTrades;

  constructor(parts: ExchangeCollectorParts) {
    this.#parts = parts;
    this.#odd = new OddThings({
      report: (kind, detail) => this.log('PROTOCOL_ODD', null, { kind, detail }),
      hide: (text) => parts.logger.withoutSecrets(text),
      clock: parts.context.clock,
    });
    this.#trades = new ExchangeTrades({
      ...parts,
      connected: () => this.#feed !== null,
      booksWait: () => this.#check?.waiting ?? false,
      log: (...entry) => this.log(...entry),
      odd: (...thing) => this.odd(...thing),
    });
  }

  /** What the exchange has sent and done. */
  get tally(): Omit<ExchangeTally, 'skippedRows' | 'limits'> {
    return {
      unreadableMessages: this.#unreadable,
      unaskedBooks: this.#unasked,
      oddities: this.#odd.tallies,
      silence: { ...this.#silence },
      trades: this.#trades.tally,
    };
  }

  /** Statuses of all its markets, by symbol and currency. */
  get statuses(): CollectorStatus[] {
    return [...this.#trackers.values()]
      .map((tracker) => tracker.status)
      .sort((a, b) => (pairText(a.market) < pairText(b.market) ? -1 : 1));
  }

  /** The status of a pair, if it was ever started or noted. */
  status(pair: Pair): CollectorStatus | undefined {
    return this.#trackers.get(pairText(pair))?.status;
  }

  /** Whether a pair should be collected now. */
  running(pair: Pair): boolean {
    return this.#trackers.get(pairText(pair))?.running ?? false;
  }

  /** Whether order books of a pair still arrive; see {@link MarketTracker.delivers}. */
  delivers(pair: Pair, withinMs: number): boolean {
    return this.#trackers.get(pairText(pair))?.delivers(withinMs) ?? false;
  }

  /** Lists a pair as stopped that has never run. */
  note(pair: Pair): void {
    this.#tracker(pair);
  }

  /** Starts pairs that are not running. @param inherited the previous run's gap that continues, or null */
  start(pairs: readonly Pair[], inherited: (pair: Pair) => Gap | null = () => null): void {
    const fresh = pairs.filter((pair) => !this.running(pair));
    for (const pair of fresh) {
      // Before its gaps, which also apply to its trades.
      this.#trades.start(this.#tracker(pair).market, pair);
      this.#tracker(pair).start(inherited(pair));
    }
    if (fresh.length === 0) return;
    const { adapter, context } = this.#parts;
    const handles = fresh.map((pair) => new MarketHandle(adapter.exchange, pair));
    for (const handle of handles) this.#spelled.set(handle.text, handle);
    this.#feed ??= adapter.createFeed({ ...context, host: this });
    this.#feed.add(handles);
    this.#watch();
  }

  /** Stops pairs on request. */
  stop(pairs: readonly Pair[]): void {
    this.#feed?.remove(pairs);
    for (const pair of pairs) {
      this.#trades.stop(pair);
      this.#tracker(pair).stop();
      this.#setRecording(pair, false);
    }
  }

  /** Stops all pairs on request and closes all connections. */
  async stopAll(): Promise<void> {
    this.stop([...this.#trackers.values()].map((tracker) => tracker.market));
    await this.close();
  }

  /** Marks a pair as failed: the exchange does not list it. */
  reject(pair: Pair, reason: string): void {
    this.#feed?.remove([pair]);
    this.#trades.stop(pair);
    this.#tracker(pair).fail(reason);
  }

  /** Stops a pair that the exchange no longer lists; `FAILED` if it was requested by name. */
  delist(pair: Pair, state: 'STOPPED' | 'FAILED'): void {
    this.#feed?.remove([pair]);
    this.#trades.stop(pair);
    this.#tracker(pair).delist(state, 'the exchange no longer lists this market');
    this.#setRecording(pair, false);
  }

  /** The program stood still: everything running has a gap since the last moment before it. */
  standstill({ since, lastedMs }: Standstill): void {
    const detail = `the program stood still for ${(lastedMs / 1000).toFixed(1)} s`;
    const trackers = [...this.#trackers.values()];
    // Nothing is known about a polled market after its last poll.
    const polled = this.#parts.adapter.completeness === 'POLLED';
    const proof = this.#missingSince(trackers, polled ? null : since);
    for (const tracker of trackers) tracker.standstill(proof(tracker), detail);
    this.#feed?.standstill();
  }

  /** The clock was set; see {@link MarketTracker.clockSet}. */
  clockSet(byMs: number, wrong: WrongTime | null): void {
    this.#backlog.restart();
    for (const tracker of this.#trackers.values()) tracker.clockSet(byMs, wrong);
    // A clock that was behind dated spans too early: more of the history is checked, never less.
    if (wrong !== null && byMs < 0) this.#trades.clockSet(wrong.after, byMs);
  }

  /** Publishes the coverage of minutes that ended before `before`, Unix ms. */
  flushCoverage(before: number): void {
    for (const tracker of this.#trackers.values()) tracker.flushCoverage(before);
  }

  /** Closes all connections; the markets stay wanted. */
  async close(): Promise<void> {
    const feed = this.#feed;
    this.#feed = null;
    this.#check?.close();
    this.#check = null;
    this.#trades.close();
    clearInterval(this.#silenceWatch);
    this.#silenceWatch = undefined;
    await feed?.close();
  }

  book(
    pair: Pair,
    sides: Sides,
    exchangeTimestamp: number | null | undefined,
    receivedAt: number,
    place?: number | null,
  ): void {
    this.#parts.bus.lulls.publish();
    const tracker = this.#trackers.get(pairText(pair));
    if (tracker === undefined || !tracker.running) return;
    // Implausible ones too: our own clock may be the wrong one.
    if (typeof exchangeTimestamp === 'number')
      this.#parts.witness.note(this.#parts.adapter.exchange, exchangeTimestamp, receivedAt);
    const time = believedTime(exchangeTimestamp, receivedAt);
    if (time === undefined) this.#doubtTime(tracker.market, exchangeTimestamp);
    // The first book after a gap may be of a change long before it.
    else if (time !== null && tracker.live) this.#backlog.note(tracker, time, receivedAt);
    const byTime = this.#parts.adapter.ordersByTime ? (time ?? null) : null;
    const ordered = place === undefined ? byTime : place;
    // A counter that gives an absurd time gives an absurd position.
    tracker.book(sides, time, receivedAt, time === undefined ? null : ordered);
    if (!this.#recording.has(pairText(pair))) this.#setRecording(pair, true);
  }

  down(pairs: Iterable<Pair>, outage: Outage): void {
    const trackers = [...pairs].flatMap((pair) => this.#trackers.get(pairText(pair)) ?? []);
    const since = this.#missingSince(trackers, outage.since);
    for (const tracker of trackers) tracker.down({ ...outage, since: since(tracker) });
  }

  /**
   * Since when books may be missing from connections that were lost, or not read for a while.
   * @param since last proof of them, Unix ms; null: there is none
   */
  #missingSince(
    trackers: Iterable<MarketTracker>,
    since: number | null,
  ): (tracker: MarketTracker) => number | null {
    // What is polled lies in no socket.
    if (since === null || this.#parts.adapter.completeness === 'POLLED') return () => since;
    const missing = this.#backlog.missingSince(trackers, since);
    return ({ firstBookAt }) => Math.min(since, Math.max(missing, firstBookAt));
  }

  attempt(pairs: Iterable<Pair>): void {
    for (const pair of pairs) this.#trackers.get(pairText(pair))?.attempt();
  }

  reconnected(pairs: Iterable<Pair>): void {
    for (const pair of pairs) this.#trackers.get(pairText(pair))?.reconnected();
  }

  noFirstBook(pair: Pair, afterMs: number): void {
    this.log('NO_FIRST_BOOK', pair, { afterMs });
    this.odd('NO_FIRST_BOOK', '', pairText(pair));
    const error = `no first order book ${afterMs / 1000} s after subscribing`;
    this.#trackers.get(pairText(pair))?.noFirstBook(error);
  }

  refused(pair: Pair, reason: string): void {
    this.log('SUBSCRIPTION_REFUSED', pair, { reason });
    this.reject(pair, `the exchange refused the subscription: ${reason}`);
  }

  unreadable(error: unknown, message: string, pair: Pair | null): void {
    const reason = excerpt(error instanceof Error ? error.message : String(error));
    // The pair comes from the message itself: it only counts if it is a market we know.
    const tracker = pair === null ? undefined : this.#trackers.get(pairText(pair));
    if (tracker === undefined) this.#unreadable++;
    else tracker.unreadable(reason);
    const suppressed = this.#gate.pass('unreadable');
    if (suppressed === null) return;
    this.log('API_ERROR', tracker?.market ?? null, { reason, frame: message, suppressed });
  }

  odd(kind: Oddity, what: string, detail: string): void {
    this.#odd.note(kind, what, detail);
  }

  unasked(): void {
    this.#unasked++;
  }

  trades(pair: Pair, trades: readonly ReadTrade[], receivedAt: number, snapshot: boolean): void {
    const tracker = this.#trackers.get(pairText(pair));
    if (tracker === undefined || !tracker.running) return;
    this.#trades.take(tracker.market, trades, receivedAt, snapshot);
  }

  tradesDown(pairs: Iterable<Pair>, outage: Outage | null): void {
    this.#trades.down(pairs, outage);
  }

  unaskedTrades(count: number): void {
    this.#trades.unasked(count);
  }

  unreadableTrade(error: unknown, message: string, pair: Pair | null): void {
    const known = pair !== null && this.#trackers.has(pairText(pair));
    this.#trades.unreadable(error, message, known ? pair : null);
  }

  #doubtTime(pair: Pair, time: number | null | undefined): void {
    const suppressed = this.#gate.pass('time');
    if (suppressed === null) return;
    this.log('TIME_DOUBTED', pair, { time: timeShown(time), suppressed });
  }

  log<E extends EventName>(event: E, pair: Pair | null, params: EventParams<E>): void {
    const { exchange } = this.#parts.adapter;
    const subject = pair === null ? { exchange } : { exchange, pair };
    if (event !== 'EXCHANGE_ERROR') {
      this.#parts.logger.log(event, subject, params);
      return;
    }
    // The exchange decides how often it says this.
    const suppressed = this.#gate.pass(event);
    if (suppressed === null) return;
    const reason = cutText((params as EventParams<'EXCHANGE_ERROR'>).reason);
    this.#parts.logger.log('EXCHANGE_ERROR', subject, { reason, suppressed });
  }

  /** Checks for silence, probes silent markets and audits, while there is a feed. */
  #watch(): void {
    if (this.#check !== null) return;
    const { adapter, context, depth, auditEveryMs } = this.#parts;
    this.#check = new RestAudit(
      {
        ...adapter.restBooks,
        fetch: (rest, pairs) =>
          adapter.restBooks.fetch(
            rest,
            pairs.map((pair) => this.#spelled.get(pairText(pair)) ?? pair),
          ),
      },
      context.rest,
      depth,
      // A polled book is the REST book itself.
      adapter.completeness === 'POLLED' ? 0 : auditEveryMs,
      this.#checkHost(),
    );
    this.#check.start();
    this.#silenceWatch = setInterval(() => {
      // First rule out that the silence was the program's own.
      context.clock();
      const now = performance.now();
      this.#peers.refresh(now);
      for (const tracker of this.#trackers.values()) {
        if (!tracker.checkSilence(now)) continue;
        this.#silence.asked++;
        this.#check?.suspect(tracker.market);
      }
    }, SILENCE_WATCH_MS);
    this.#silenceWatch.unref();
  }

  #checkHost(): AuditHost {
    const { adapter } = this.#parts;
    const tracker = (pair: Pair): MarketTracker | undefined => this.#trackers.get(pairText(pair));
    const doubted = (pair: Pair, detail: string): void => {
      this.#feed?.resync([pair], detail);
    };
    return {
      current: (pair) => tracker(pair)?.current,
      watch: (pair, listener) => this.#tracker(pair).watch(listener),
      silent: (pair) => tracker(pair)?.silent ?? false,
      auditable: () =>
        [...this.#trackers.values()]
          .filter((t) => t.status.state === 'LIVE' && !t.silent)
          .map((t) => t.market),
      quiet: (pair) => {
        this.#silence.quiet++;
        if (tracker(pair)?.quiet() === true) this.#silence.falseAlarms++;
      },
      unproven: (pair) => tracker(pair)?.unproven(),
      lost: (pair, detail) => {
        if (tracker(pair)?.lost(detail) !== true) return;
        this.#silence.lost++;
        doubted(pair, detail);
      },
      audited: (pair, agreed) => {
        const { auditDecides = false } = adapter;
        if (tracker(pair)?.audited(agreed, auditDecides) === true) doubted(pair, BOOK_DIFFERS);
      },
      failed: (pair, reason) => {
        const suppressed = this.#gate.pass('check');
        if (suppressed !== null) this.log('CHECK_FAILED', pair, { reason, suppressed });
      },
    };
  }

  #tracker(pair: Pair): MarketTracker {
    const code = pairText(pair);
    let tracker = this.#trackers.get(code);
    if (tracker === undefined) {
      const { adapter, context } = this.#parts;
      const { symbol, currency } = pair;
      const market = new MarketHandle(adapter.exchange, { symbol, currency });
      tracker = new MarketTracker(market, {
        ...this.#parts,
        clock: context.clock,
        peers: this.#peers,
      });
      this.#trackers.set(code, tracker);
    }
    return tracker;
  }

  #setRecording(pair: Pair, recording: boolean): void {
    if (recording) this.#recording.add(pairText(pair));
    else this.#recording.delete(pairText(pair));
    const { symbol, currency } = pair;
    this.#parts.setRecording(
      { exchange: this.#parts.adapter.exchange, symbol, currency },
      recording,
    );
  }
}

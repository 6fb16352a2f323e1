import type { CollectorMemory } from '../../market/collector-memory.js';
import { type Market, type Pair, pairText } from '../../market/market.js';
import type { Span, TradeDoubt, TradeSpan } from '../../market/trade-span.js';
import { NO_CHECKS } from '../../market/trade-tally.js';
import { pause } from '../../util/wait.js';
import { ExchangeError } from '../exchange-error.js';
import { RATE_MANNER } from '../limits/adaptive-limit.js';
import { backoffMs, RATE_LIMITED } from '../limits/backoff.js';
import type { LimitBoard } from '../limits/limit-board.js';
import { RateLimiter } from '../limits/rate-limiter.js';
import type { TradeRecorder } from '../market/trade-recorder.js';
import type { RestClient } from '../rest/rest-client.js';
import { walk } from './history-walk.js';
import { MarketTrades, type Trouble } from './market-trades.js';
import type { TradeHistory } from './trade-history.js';
import { compareVolumes } from './volume-check.js';

/** Times of the checks that replace the usual ones, for tests. */
export interface CheckTimes {
  /** See `WalkParts.settleMs`. */
  readonly settleMs: number;
  /** Longest time between two checks of a market, ms. */
  readonly everyMs: number;
  /** Time between two reports of how far the streams have got, ms. */
  readonly reportEveryMs: number;
  /** Minutes are compared at this age, and this long after the last comparison, ms. */
  readonly volumesAfterMs: number;
}

/** What a {@link HistoryChecker} works with and reports to. */
export interface CheckerParts {
  readonly history: TradeHistory;
  readonly rest: RestClient;
  readonly limits: LimitBoard;
  readonly memory: Pick<
    CollectorMemory,
    'matchTrades' | 'unknownTrades' | 'hasTradeBefore' | 'tradeVolumes' | 'tradesKnown' | 'writes'
  >;
  readonly tape: Pick<TradeRecorder, 'fill' | 'forget' | 'recordedOf'>;
  /** See `missingSince`: for a market in this run. */
  readonly streamedUntil: (market: Market) => number;
  /** Whether books and trades of a market share a connection. */
  readonly booksBeside: boolean;
  readonly clock: () => number;
  readonly random: () => number;
  /** Whether the exchange may leave trades out of its stream. */
  readonly lossy: boolean;
  readonly times?: Partial<CheckTimes> | undefined;
  readonly publish: (span: TradeSpan) => void;
  /** Whether books need the exchange's REST calls now: the history then waits. */
  readonly booksWait: () => boolean;
  readonly log: CheckerLog;
}

/** What is worth a line in the log. */
export interface CheckerLog {
  /** Trades from the history were recorded. */
  filled(market: Market, count: number): void;
  /** Something is not as it should be. */
  odd(market: Market, what: string): void;
  /** The history has no more information on a span, Unix ms. */
  unreached(market: Market, from: number, to: number, reason: string): void;
  /** A call failed. */
  failed(market: Market, reason: string): void;
  /** Trades could not be kept. */
  lost(market: Market, reason: string): void;
  /** The volume of a minute differs. */
  volumeDiffers(market: Market, minute: number, exchange: string, stored: string): void;
}

/** For a stream that may leave trades out, and for others, ms. */
const EVERY_MS = { lossy: 60_000, other: 600_000 } as const;
const TIMES: CheckTimes = {
  settleMs: 5_000,
  everyMs: EVERY_MS.other,
  reportEveryMs: 30_000,
  volumesAfterMs: 1_200_000,
};
/** The soonest that a market whose newest page fills up fast is checked again, ms. */
const MIN_EVERY_MS = 10_000;
/** Markets checked at the same time: a long history keeps no other market waiting. */
const MAX_WALKS = 3;
/** How long a failed check waits, ms. */
const FAILED_WAIT = { firstMs: 10_000, mostMs: 600_000 } as const;
/** A small page is requested where the new trades fill no more than this share of it. */
const FEW_SHARE = 0.8;
/** Longest time that the history waits for the books, ms. */
const MAX_YIELD_MS = 30_000;
const TICK_MS = 250;
/** Until what the previous run left is asked of the store again, ms. */
const ASK_AGAIN_MS = 1_000;
/** How often some markets report, ms. */
const REPORT_MS = 1_000;
/** Share of the time between two checks of a market within which all routine checks take place. */
const ROUND_SHARE = 2 / 3;
/** Longest time between two routine checks, ms. */
const MAX_ROUTINE_MS = 1_000;

/**
 * Fills holes of an exchange's trades from its history, and finds out how complete they are: soon
 * after a start or gap, then slowly, one call at a time, after those for books.
 */
export class HistoryChecker {
  readonly #parts: CheckerParts;
  readonly #times: CheckTimes;
  readonly #markets = new Map<string, MarketTrades>();
  readonly #calls: RateLimiter;
  readonly #refused: (reason: string) => void;
  /** Run while there are markets. */
  #timers: NodeJS.Timeout[] = [];
  /** Cancels the calls that wait. */
  #closing = new AbortController();
  #walks = 0;
  /** When the last routine check began, monotonic ms. */
  #routineAt = -Infinity;
  /** Markets that have reported how far their streams have got in the current round. */
  #reported = 0;
  #failures = 0;
  readonly #tally = { ...NO_CHECKS };

  constructor(parts: CheckerParts) {
    this.#parts = parts;
    const everyMs = parts.lossy ? EVERY_MS.lossy : EVERY_MS.other;
    this.#times = { ...TIMES, everyMs, ...parts.times };
    const { everyMs: callMs } = parts.history;
    const rate = parts.limits.limit('HISTORY_RATE', 1000 / callMs, RATE_MANNER, 0.05);
    this.#calls = new RateLimiter([{ count: 1, ms: callMs }], undefined, rate);
    this.#refused = (reason) => void rate.refused(reason);
  }

  /** Counts since the process began. */
  get tally(): Readonly<typeof NO_CHECKS> {
    return { ...this.#tally };
  }

  /** A market is recorded from now on. @param pair as the exchange spells it */
  start(market: Market, pair: Pair): void {
    const key = pairText(market);
    if (this.#markets.has(key)) return;
    const { publish, streamedUntil } = this.#parts;
    const trades = new MarketTrades(market, pair, publish, () => streamedUntil(market));
    this.#markets.set(key, trades);
    if (this.#timers.length === 0) this.#startTimers();
    void this.#begin(trades, this.#parts.clock());
  }

  /** A market is no longer recorded. */
  stop(pair: Pair): void {
    const market = this.#markets.get(pairText(pair));
    if (market === undefined) return;
    market.report(this.#parts.clock());
    market.running = false;
    this.#markets.delete(pairText(pair));
    if (this.#markets.size === 0) this.#stopTimers();
  }

  /** The stream of a market is down. @param since last proof of it, Unix ms */
  down(pair: Pair, trouble: Trouble, since: number): void {
    this.#markets.get(pairText(pair))?.down(trouble, since);
  }

  /** It is up again. @param at Unix ms */
  up(pair: Pair, at: number): void {
    const market = this.#markets.get(pairText(pair));
    if (market === undefined) return;
    market.up(at);
    this.#soon(market);
  }

  /** Recorded trades of a span could not be stored. */
  lost(pair: Pair, trouble: Trouble, span: Span): void {
    const market = this.#markets.get(pairText(pair));
    if (market === undefined) return;
    this.#tally.lost++;
    market.lost(trouble, span);
    this.#parts.tape.forget(market.market);
    this.#parts.log.lost(market.market, trouble.detail ?? trouble.cause);
    this.#soon(market);
  }

  /** What is unchecked must be queried from the store, which may have missed statements about it: they are repeated. */
  doubt(doubt: TradeDoubt): void {
    const now = this.#parts.clock();
    for (const market of this.#markets.values()) {
      market.repeat(doubt, now);
      market.doubted = true;
      this.#soon(market);
    }
  }

  /** A message about trades of a market could not be read. @param at when it came, Unix ms */
  unreadable(pair: Pair, trouble: Trouble, at: number): void {
    const market = this.#markets.get(pairText(pair));
    if (market === undefined) return;
    market.unreadable(trouble, at);
    this.#soon(market);
  }

  /** The clock was set back, and had been wrong; see {@link MarketTrades.clockSet}. */
  clockSet(at: number, byMs: number): void {
    for (const market of this.#markets.values()) market.clockSet(at, byMs);
  }

  /** Stops all markets; they may be started again. */
  close(): void {
    this.#closing.abort();
    this.#closing = new AbortController();
    const now = this.#parts.clock();
    for (const market of this.#markets.values()) {
      market.report(now);
      market.running = false;
    }
    this.#markets.clear();
    this.#stopTimers();
  }

  #startTimers(): void {
    const { reportEveryMs } = this.#times;
    const reportMs = Math.min(REPORT_MS, reportEveryMs);
    this.#timers = [
      setInterval(() => this.#tick(), Math.min(TICK_MS, reportEveryMs)).unref(),
      setInterval(() => this.#report(reportMs / reportEveryMs), reportMs).unref(),
    ];
  }

  #stopTimers(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers = [];
  }

  async #begin(market: MarketTrades, startedAt: number): Promise<void> {
    const { signal } = this.#closing;
    const ask = () =>
      this.#parts.memory.tradesKnown(market.market, startedAt).catch((error: unknown) => {
        this.#parts.log.failed(market.market, (error as Error).message);
        return null;
      });
    let known = await ask();
    // Without an answer the outage before the start would be in no gap.
    while (known === null && market.running) {
      await pause(ASK_AGAIN_MS, signal, false);
      if (market.running) known = await ask();
    }
    if (known === null || !market.running) return;
    const { newestTrade, newestBook } = known;
    const book = this.#parts.booksBeside ? (newestBook ?? 0) : 0;
    market.begin(known, startedAt, Math.max(newestTrade ?? 0, book));
    market.volumesDueAt = performance.now() + this.#times.volumesAfterMs;
    this.#soon(market);
  }

  /** Once what has come so far appears in the history. */
  #soon(market: MarketTrades): void {
    const at = performance.now() + this.#times.settleMs + TICK_MS / 2;
    market.dueAt = Math.min(Math.max(market.dueAt, performance.now()), at);
  }

  #tick(): void {
    // A standby could neither write what it found nor state it.
    if (!this.#parts.memory.writes) return;
    const now = performance.now();
    const round = (ROUND_SHARE * this.#times.everyMs) / this.#markets.size;
    let routine = now - this.#routineAt >= Math.min(MAX_ROUTINE_MS, round);
    while (this.#walks < MAX_WALKS) {
      const market = this.#due(now, routine);
      if (market === null) return;
      // Routine checks are spread over time: each call competes with the books.
      if (!market.urgent) {
        this.#routineAt = now;
        routine = false;
      }
      void this.#check(market);
    }
  }

  /** The market to check next: an urgent one before others. @param routine whether others may be checked */
  #due(now: number, routine: boolean): MarketTrades | null {
    let first: MarketTrades | null = null;
    for (const market of this.#markets.values()) {
      if (market.busy || market.dueAt > now || !(routine || market.urgent)) continue;
      if (first === null || goesBefore(market, first)) first = market;
    }
    return first;
  }

  /** Has a share of the markets report: all at once would hold up the books. */
  #report(share: number): void {
    const markets = [...this.#markets.values()];
    const count = Math.ceil(markets.length * share);
    if (this.#reported >= markets.length) this.#reported = 0;
    const clock = this.#parts.clock();
    markets.forEach((market, i) => {
      const due = i >= this.#reported && i < this.#reported + count;
      if (due || market.losing) market.report(clock);
    });
    this.#reported += count;
  }

  async #check(market: MarketTrades): Promise<void> {
    const { parts, begun } = { parts: this.#parts, begun: performance.now() };
    this.#walks++;
    market.busy = true;
    market.dueAt = Infinity;
    const { log } = parts;
    const { signal } = this.#closing;
    const recorded = parts.tape.recordedOf(market.market);
    const slot = (): Promise<boolean> => this.#slot(signal);
    try {
      if (market.doubted) await this.#askAgain(market);
      const { fresh, filled } = await walk(
        {
          ...parts,
          few: recorded - market.recordedAtCheck < FEW_SHARE * (parts.history.fewRows ?? 0),
          settleMs: this.#times.settleMs,
          slot,
          tally: this.#tally,
          onOdd: ({ market: of }, what) => log.odd(of, what),
          onUnreached: ({ market: of }, { start, end }, why) => log.unreached(of, start, end, why),
        },
        market,
      );
      this.#failures = 0;
      if (filled > 0) log.filled(market.market, filled);
      await this.#compareVolumes(market, slot);
      const waitMs = this.#nextMs(market, fresh, begun);
      market.rushed = waitMs < this.#times.everyMs;
      this.#plan(market, waitMs);
      market.checkedAt = begun;
      market.recordedAtCheck = recorded;
    } catch (thrown) {
      if (!signal.aborted) this.#failed(market, thrown);
    } finally {
      this.#walks--;
      market.busy = false;
    }
    this.#tick();
  }

  async #askAgain(market: MarketTrades): Promise<void> {
    const { memory, clock } = this.#parts;
    const now = clock();
    market.report(now);
    // It may be doubted again meanwhile.
    market.doubted = false;
    try {
      market.reopen((await memory.tradesKnown(market.market, now, true)).open);
    } catch (error) {
      market.doubted = true;
      throw error;
    }
  }

  /** Where only the newest trades are served, a busy market is checked before newer ones replace them. */
  #nextMs(market: MarketTrades, fresh: number, begun: number): number {
    const { history } = this.#parts;
    const { everyMs } = this.#times;
    const passed = begun - market.checkedAt;
    if (history.older || fresh === 0 || passed === Infinity) return everyMs;
    const half = (passed * history.rows) / 2 / fresh;
    return Math.min(everyMs, Math.max(MIN_EVERY_MS, half));
  }

  #plan(market: MarketTrades, waitMs: number): void {
    market.dueAt = Math.min(market.dueAt, performance.now() + waitMs);
  }

  #failed(market: MarketTrades, thrown: unknown): void {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    this.#tally.historyFailures++;
    this.#failures++;
    this.#parts.log.failed(market.market, error.message);
    const rate = error instanceof ExchangeError && error.fault === 'RATE';
    const wait = backoffMs(this.#failures, this.#parts.random(), rate ? RATE_LIMITED : FAILED_WAIT);
    if (rate) {
      this.#refused(error.message);
      this.#calls.pause(Math.max(wait, error.retryAfterMs));
    }
    // Only this market waits, while others are checked: the failure may concern it alone.
    market.dueAt = performance.now() + wait;
  }

  async #compareVolumes(market: MarketTrades, slot: () => Promise<boolean>): Promise<void> {
    const { history, log } = this.#parts;
    const now = performance.now();
    if (history.minutes === undefined || now < market.volumesDueAt) return;
    market.volumesDueAt = now + this.#times.volumesAfterMs;
    await compareVolumes({ ...this.#parts, slot }, market, {
      agreed: () => this.#tally.volumesAgreed++,
      differs: (minute, exchange, stored) => {
        this.#tally.volumesDiffered++;
        log.volumeDiffers(market.market, minute, exchange, stored);
      },
    });
  }

  /** Waits for a free slot for a call; false when it was closed meanwhile. */
  async #slot(signal: AbortSignal): Promise<boolean> {
    const since = performance.now();
    while (!signal.aborted && this.#parts.booksWait() && performance.now() - since < MAX_YIELD_MS)
      await pause(200, signal, false);
    while (!signal.aborted && !this.#calls.tryTake())
      await pause(this.#calls.waitMs(), signal, false);
    return !signal.aborted;
  }
}

/** Whether a market's check is due before another's. */
function goesBefore(a: MarketTrades, b: MarketTrades): boolean {
  return a.urgent === b.urgent ? a.dueAt < b.dueAt : a.urgent;
}

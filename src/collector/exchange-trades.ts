import type { Bus } from '../bus.js';
import { BurstGate } from '../logging/burst-gate.js';
import { timeShown } from '../logging/logger.js';
import type { GapCause } from '../market/gap.js';
import { type Market, type Pair, pairText } from '../market/market.js';
import { cutText } from '../market/outside-text.js';
import type { ReadTrade } from '../market/trade.js';
import { NO_CHECKS, type TradeTally } from '../market/trade-tally.js';
import type { ExchangeAdapter, FeedContext, FeedHost, Outage } from './feed.js';
import {
  type CheckerLog,
  type CheckerParts,
  type CheckTimes,
  HistoryChecker,
} from './history/history-checker.js';
import { TradeRecorder, type TradeRecorderParts } from './market/trade-recorder.js';
import { excerpt } from './wire/wire.js';
import { ZeroTrade } from './wire/wire-trade.js';

/** Dependencies for recording an exchange's trades. */
export interface TradesParts {
  readonly adapter: ExchangeAdapter;
  readonly context: Omit<FeedContext, 'host'>;
  readonly bus: Bus;
  /** What is stored of its trades. */
  readonly memory: TradeRecorderParts['memory'] & CheckerParts['memory'];
  /** Overrides the timing of trade checks; for tests. */
  readonly checkTimes?: Partial<CheckTimes> | undefined;
}

/** What {@link ExchangeTrades} needs from its exchange's collector. */
interface Surroundings {
  /** See {@link TradeRecorderParts.connected}. */
  readonly connected: () => boolean;
  /** See {@link CheckerParts.booksWait}. */
  readonly booksWait: () => boolean;
  readonly log: FeedHost['log'];
  readonly odd: FeedHost['odd'];
}

/** Gaps of books during which the connection was up: the trades on it were not lost. */
const BOOKS_ALONE: ReadonlySet<GapCause> = new Set([
  'PARSE_FAILED',
  'RESYNC',
  'QUEUE_OVERFLOW',
  'STORE_FAILED',
]);
/** Gaps of the whole program, which affect polled books and trades on a socket alike. */
const PROGRAM_GONE: ReadonlySet<GapCause> = new Set(['PROCESS_DOWN', 'STANDSTILL', 'UNLISTED']);

/** The trades of an exchange: recorded as they arrive, backfilled from its history, counted. */
export class ExchangeTrades {
  readonly #parts: TradesParts & Surroundings;
  readonly #gate = new BurstGate();
  readonly #tape: TradeRecorder;
  /** Null where no trades are recorded. */
  readonly #checker: HistoryChecker | null;
  #unasked = 0;
  #unreadable = 0;

  constructor(parts: TradesParts & Surroundings) {
    this.#parts = parts;
    const { bus, memory, connected, log, odd } = parts;
    this.#tape = new TradeRecorder({
      bus,
      memory,
      connected,
      current: (market) => bus.current(market),
      onReusedId: (market, trade) => this.#doubtTrade('TRADE_ID_REUSED', market, trade),
      onIdBack: (market, { tradeId }, before) =>
        odd('TRADE_ID_BACK', '', `${pairText(market)}: ${tradeId} after ${before}`),
      onAbsurdTime: (market, trade) => this.#doubtTrade('TRADE_TIME_ABSURD', market, trade),
      onUnchecked: (market, reason) => {
        const suppressed = this.#gate.pass('trades unchecked');
        if (suppressed !== null) log('TRADES_UNCHECKED', market, { reason, suppressed });
      },
    });
    this.#checker = parts.context.trades ? this.#makeChecker() : null;
  }

  /** Counts of trades by outcome. */
  get tally(): TradeTally {
    return {
      ...NO_CHECKS,
      ...this.#checker?.tally,
      ...this.#tape.tally,
      unreadable: this.#unreadable,
      unasked: this.#unasked,
    };
  }

  /** A market starts; call it before its gaps, which also apply to its trades. */
  start(market: Market, pair: Pair): void {
    this.#checker?.start(market, pair);
  }

  /** A market stops. */
  stop(pair: Pair): void {
    this.#checker?.stop(pair);
  }

  /** See {@link HistoryChecker.clockSet}. */
  clockSet(at: number, byMs: number): void {
    this.#checker?.clockSet(at, byMs);
  }

  /** Stops all checks. */
  close(): void {
    this.#checker?.close();
  }

  /** See {@link FeedHost.trades}. */
  take(market: Market, trades: readonly ReadTrade[], receivedAt: number, snapshot: boolean): void {
    if (snapshot) void this.#tape.snapshot(market, trades, receivedAt);
    else this.#tape.live(market, trades, receivedAt);
  }

  /** See {@link FeedHost.tradesDown}. */
  down(pairs: Iterable<Pair>, outage: Outage | null): void {
    const now = this.#parts.context.clock();
    for (const pair of pairs) {
      if (outage === null) this.#checker?.up(pair, now);
      else this.#checker?.down(pair, outage, outage.since ?? now);
    }
  }

  /** See {@link FeedHost.unaskedTrades}. */
  unasked(count: number): void {
    this.#unasked += count;
  }

  /** See {@link FeedHost.unreadableTrade}. @param pair null also if it was never started */
  unreadable(error: unknown, message: string, pair: Pair | null): void {
    this.#unreadable++;
    if (error instanceof ZeroTrade) this.#parts.odd('TRADE_ZERO', error.what, message);
    const reason = excerpt(error instanceof Error ? error.message : String(error));
    if (pair !== null) {
      const trouble = { cause: 'PARSE_FAILED', detail: reason } as const;
      this.#checker?.unreadable(pair, trouble, this.#parts.context.clock());
    }
    const suppressed = this.#gate.pass('unreadable trade');
    if (suppressed === null) return;
    this.#parts.log('TRADE_UNREADABLE', pair, { reason, frame: message, suppressed });
  }

  #makeChecker(): HistoryChecker {
    const { adapter, context, bus, memory, checkTimes, booksWait } = this.#parts;
    const { exchange } = adapter;
    const polled = adapter.completeness === 'POLLED';
    const checker = new HistoryChecker({
      ...context,
      memory,
      history: adapter.tradeHistory,
      tape: this.#tape,
      streamedUntil: (market) => {
        const book = polled ? 0 : (bus.current(market)?.exchangeTimestamp ?? 0);
        return Math.max(this.#tape.newestTime(market), book);
      },
      booksBeside: !polled,
      lossy: adapter.completeness === 'MAY_DROP',
      times: checkTimes,
      publish: (span) => bus.tradeSpans.publish(span),
      booksWait,
      log: this.#checkerLog(),
    });
    bus.gaps.on(({ market, start, end, cause, detail }) => {
      if (market.exchange !== exchange || BOOKS_ALONE.has(cause)) return;
      if (polled && !PROGRAM_GONE.has(cause)) return;
      if (end === null) checker.down(market, { cause, detail }, start);
      else checker.up(market, end);
    });
    bus.tradeLosses.on(({ market, start, end, ...trouble }) => {
      if (market.exchange !== exchange) return;
      checker.lost(market, trouble, { start, end });
    });
    bus.tradeDoubts.on((doubt) => checker.doubt(doubt));
    return checker;
  }

  #checkerLog(): CheckerLog {
    const gated = (key: string, log: (suppressed: number) => void): void => {
      const suppressed = this.#gate.pass(key);
      if (suppressed !== null) log(suppressed);
    };
    return {
      filled: (market, count) =>
        gated('filled', (suppressed) =>
          this.#parts.log('TRADES_FILLED', market, { count, suppressed }),
        ),
      odd: (market, what) =>
        gated('history odd', (suppressed) =>
          this.#parts.log('TRADE_HISTORY_ODD', market, { what: cutText(what), suppressed }),
        ),
      unreached: (market, from, to, why) =>
        gated('unreached', (suppressed) => {
          const reason = cutText(why);
          const params = { from: timeShown(from), to: timeShown(to), reason, suppressed };
          this.#parts.log('TRADES_UNREACHED', market, params);
        }),
      failed: (market, why) =>
        gated('history failed', (suppressed) =>
          this.#parts.log('TRADE_HISTORY_FAILED', market, { reason: excerpt(why), suppressed }),
        ),
      lost: (market, reason) =>
        gated('lost', (suppressed) =>
          this.#parts.log('TRADES_LOST', market, { reason, suppressed }),
        ),
      volumeDiffers: (market, minute, exchange, stored) =>
        gated('volume', (suppressed) =>
          this.#parts.log('TRADE_VOLUME_DIFFERS', market, {
            minute: timeShown(minute),
            exchange,
            stored,
            suppressed,
          }),
        ),
    };
  }

  #doubtTrade(event: 'TRADE_ID_REUSED' | 'TRADE_TIME_ABSURD', pair: Pair, trade: ReadTrade): void {
    const suppressed = this.#gate.pass(event);
    if (suppressed === null) return;
    const { tradeId, exchangeTimestamp } = trade;
    const time = timeShown(exchangeTimestamp);
    this.#parts.log(event, pair, { id: tradeId, time, suppressed });
  }
}

import type { Bus } from '../../bus.js';
import type { CollectorMemory } from '../../market/collector-memory.js';
import { type Market, marketKey } from '../../market/market.js';
import type { OrderBook } from '../../market/order-book.js';
import {
  compareTradeIds,
  type ReadTrade,
  touchedSide,
  tradeContents,
  type TradeOrigin,
} from '../../market/trade.js';
import { MOST_LAG_MS } from '../../market/trade-span.js';
import { NO_TRADES_TAKEN } from '../../market/trade-tally.js';
import { believedTime } from '../wire/exchange-time.js';

/** Dependencies shared by all trade recorders. */
export interface TradeRecorderParts {
  readonly bus: Bus;
  readonly memory: Pick<CollectorMemory, 'sequences' | 'unknownTrades'>;
  /** The current book of a market, for checking sides. */
  readonly current: (market: Market) => OrderBook | undefined;
  /** Whether the exchange is still connected; once it is closed nothing more is recorded. */
  readonly connected: () => boolean;
  /** An id recurred with different contents; the trade is recorded nevertheless. */
  readonly onReusedId: (market: Market, trade: ReadTrade) => void;
  /** A later trade has a lower id than the one `before`; it is recorded. */
  readonly onIdBack: (market: Market, trade: ReadTrade, before: string) => void;
  /** A trade whose time is impossible for a trade received now; it is not recorded. */
  readonly onAbsurdTime: (market: Market, trade: ReadTrade) => void;
  /** The store could not be queried: the most recent trades are left to the check of the history. */
  readonly onUnchecked: (market: Market, reason: string) => void;
}

/** Trades remembered per market, to recognise repeats. */
const REMEMBERED = 256;
/** Backfilled trades of its last moments remembered per market, until the stream delivers them late. */
const FILLED = 10_000;
/** A live trade this far from its time of receipt is from another clock or zone, ms. */
const OTHER_CLOCK_MS = 600_000;

/** A trade of the stream. */
interface Remembered {
  readonly contents: string;
  /** How many trades of its market had been recorded, including it. */
  readonly ordinal: number;
}

/** What is remembered per market. */
interface MarketMemory {
  readonly market: Market;
  /** The trades of each id, oldest first. */
  readonly recent: Map<string, Remembered>;
  /** How often each trade that the stream may still deliver was backfilled, by {@link streamKey}. */
  readonly filled: Map<string, number>;
  /** Exchange time of the newest backfilled trade, Unix ms. */
  newestFilled: number;
  newestTime: number;
  newestId: string;
  /** Number of its trades recorded. */
  recorded: number;
}

/**
 * Numbers the trades of an exchange and publishes each once: live ones are compared with the most
 * recent ones, those of a snapshot or the REST history also with what is stored.
 */
export class TradeRecorder {
  readonly #parts: TradeRecorderParts;
  readonly #markets = new Map<string, MarketMemory>();
  readonly #tally = { ...NO_TRADES_TAKEN };

  constructor(parts: TradeRecorderParts) {
    this.#parts = parts;
  }

  /** Counts of trades by outcome since the process started. */
  get tally(): Readonly<typeof NO_TRADES_TAKEN> {
    return { ...this.#tally };
  }

  /** Takes live trades. @param receivedAt Unix ms */
  live(market: Market, trades: readonly ReadTrade[], receivedAt: number): void {
    const { filled } = this.#of(market);
    for (const trade of trades) {
      if (filled.size > 0 && takeOne(filled, streamKey(trade))) this.#note('repeats');
      else this.#take(market, trade, receivedAt, 'LIVE');
      if (Math.abs(receivedAt - trade.exchangeTimestamp) > OTHER_CLOCK_MS) this.#tally.otherClock++;
    }
  }

  /**
   * Takes trades of the exchange's history that were not stored.
   * @param comparedAt {@link recordedOf} the market before they were compared with the store: an
   * equal trade streamed since then is one of them
   * @returns how many were recorded
   */
  fill(
    market: Market,
    trades: readonly ReadTrade[],
    receivedAt: number,
    comparedAt: number,
  ): number {
    const known = this.#of(market);
    const { recent, filled } = known;
    const streamed = new Map<string, number>();
    for (const { contents, ordinal } of recent.values())
      if (ordinal > comparedAt) addOne(streamed, contents);
    const sorted = [...trades].sort((a, b) => a.exchangeTimestamp - b.exchangeTimestamp);
    let taken = 0;
    for (const trade of sorted) {
      if (trade.idKind === 'REST' && takeOne(streamed, tradeContents(trade))) {
        this.#note('repeats');
        continue;
      }
      // Recorded before the comparison, and not stored: its node was a standby then, and nobody wrote it.
      const before = recent.get(trade.tradeId);
      if (before?.contents === tradeContents(trade) && before.ordinal <= comparedAt)
        recent.delete(trade.tradeId);
      if (!this.#take(market, trade, receivedAt, 'BACKFILL')) continue;
      taken++;
      // Pages go back in time: what is old must not push out what the stream may still bring.
      known.newestFilled = Math.max(known.newestFilled, trade.exchangeTimestamp);
      if (trade.exchangeTimestamp < known.newestFilled - MOST_LAG_MS) continue;
      addOne(filled, streamKey(trade));
      if (filled.size > FILLED) filled.delete(filled.keys().next().value!);
    }
    return taken;
  }

  /** Exchange time of the newest trade of a market since the process started, Unix ms; 0 = there was none. */
  newestTime(market: Market): number {
    return this.#markets.get(marketKey(market))?.newestTime ?? 0;
  }

  /** Number of trades of a market recorded since the process started. */
  recordedOf(market: Market): number {
    return this.#markets.get(marketKey(market))?.recorded ?? 0;
  }

  /** A recorded trade of the market could not be stored: a repeat must be accepted. */
  forget(market: Market): void {
    this.#of(market).recent.clear();
  }

  /** Takes the last trades on record, some of which are stored. @returns how many were new */
  async snapshot(
    market: Market,
    trades: readonly ReadTrade[],
    receivedAt: number,
  ): Promise<number> {
    const fresh = trades.filter((trade) => !this.#isRepeat(market, trade));
    for (let i = fresh.length; i < trades.length; i++) this.#note('repeats');
    if (fresh.length === 0) return 0;
    const { filled } = this.#of(market);
    const filledBefore = new Map(fresh.map(streamKey).map((key) => [key, filled.get(key) ?? 0]));
    let unknown: readonly ReadTrade[];
    try {
      unknown = await this.#parts.memory.unknownTrades(market, fresh);
    } catch (error) {
      // Recorded unchecked, some would be stored twice. Of the time in which the stream was down, the history has them.
      this.#parts.onUnchecked(market, (error as Error).message);
      unknown = [];
    }
    // What was looked up meanwhile is fetched again by the next run.
    if (!this.#parts.connected()) return 0;
    for (let i = unknown.length; i < fresh.length; i++) this.#note('repeats');
    let taken = 0;
    for (const trade of unknown) {
      const key = streamKey(trade);
      // The history delivered it during the look-up.
      const meanwhile = (filled.get(key) ?? 0) > filledBefore.get(key)!;
      if (meanwhile && takeOne(filled, key)) this.#note('repeats');
      else if (this.#take(market, trade, receivedAt, 'SNAPSHOT')) taken++;
    }
    return taken;
  }

  #note(count: 'repeats'): void {
    this.#tally.received++;
    this.#tally[count]++;
  }

  #isRepeat(market: Market, trade: ReadTrade): boolean {
    if (trade.idKind === 'REST') return false;
    return this.#of(market).recent.get(trade.tradeId)?.contents === tradeContents(trade);
  }

  #take(market: Market, trade: ReadTrade, receivedAt: number, origin: TradeOrigin): boolean {
    const tally = this.#tally;
    tally.received++;
    const known = this.#of(market);
    const contents = tradeContents(trade);
    if (trade.idKind !== 'REST') {
      const before = known.recent.get(trade.tradeId)?.contents;
      if (before === contents) {
        tally.repeats++;
        return false;
      }
      if (before !== undefined) {
        tally.reusedIds++;
        this.#parts.onReusedId(market, trade);
      }
    }
    if (believedTime(trade.exchangeTimestamp, receivedAt) === undefined) {
      tally.absurdTimes++;
      this.#parts.onAbsurdTime(market, trade);
      return false;
    }
    tally.recorded++;
    known.recorded++;
    this.#remember(known, trade, contents);
    if (origin === 'BACKFILL') tally.backfilled++;
    if (origin === 'LIVE') this.#checkSide(market, trade);
    const sequence = this.#parts.memory.sequences.next();
    const { bus } = this.#parts;
    bus.trades.publish({ market: known.market, timestamp: receivedAt, sequence, origin, ...trade });
    return true;
  }

  #remember(known: MarketMemory, trade: ReadTrade, contents: string): void {
    const { exchangeTimestamp: time, tradeId, idKind } = trade;
    if (idKind === 'REST') return;
    const idBack = known.newestId !== '' && compareTradeIds(tradeId, known.newestId) < 0;
    if (time < known.newestTime || (time === known.newestTime && idBack)) this.#tally.late++;
    else {
      if (idBack) this.#parts.onIdBack(known.market, trade, known.newestId);
      known.newestTime = time;
      known.newestId = tradeId;
    }
    known.recent.delete(tradeId);
    known.recent.set(tradeId, { contents, ordinal: known.recorded });
    if (known.recent.size > REMEMBERED) known.recent.delete(known.recent.keys().next().value!);
  }

  /** A buyer takes an ask: at or above the best ask, if the book has not moved meanwhile. */
  #checkSide(market: Market, { price, side }: ReadTrade): void {
    const book = this.#parts.current(market);
    const touched = book === undefined ? null : touchedSide(book, price);
    if (touched === null) return;
    if (touched === side) this.#tally.sideAgreed++;
    else this.#tally.sideDiffered++;
  }

  #of(market: Market): MarketMemory {
    const key = marketKey(market);
    let known = this.#markets.get(key);
    if (known === undefined) {
      const [recent, filled] = [new Map<string, Remembered>(), new Map<string, number>()];
      const newest = { newestFilled: 0, newestTime: 0, newestId: '' };
      known = { market, recent, filled, ...newest, recorded: 0 };
      this.#markets.set(key, known);
    }
    return known;
  }
}

/** What identifies a trade of the history in the stream: its contents, and its id where both share it. */
function streamKey(trade: ReadTrade): string {
  const contents = tradeContents(trade);
  return trade.idKind === 'EXCHANGE' ? `${trade.tradeId} ${contents}` : contents;
}

/** Counts another trade with this key, which becomes the newest. */
function addOne(counts: Map<string, number>, key: string): void {
  const count = counts.get(key) ?? 0;
  counts.delete(key);
  counts.set(key, count + 1);
}

/** Removes one trade with this key from the counts. @returns whether there was one */
function takeOne(counts: Map<string, number>, key: string): boolean {
  const left = counts.get(key);
  if (left === undefined) return false;
  if (left > 1) counts.set(key, left - 1);
  else counts.delete(key);
  return true;
}

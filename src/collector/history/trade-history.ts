import type { Pair } from '../../market/market.js';
import type { ReadTrade } from '../../market/trade.js';
import type { RestClient } from '../rest/rest-client.js';

/** Where the next older page of a history begins. */
export interface HistoryPlace {
  /** All trades from this time of the exchange on are had, Unix ms. */
  readonly before: number;
  /** Id to go on from, where the time alone does not do. */
  readonly id: string | null;
  /** Whether the page begins with trades that are had, so that it shows that it goes on from them. */
  readonly overlaps: boolean;
}

/** A page of an exchange's trade history. */
export interface HistoryPage {
  /** In any order. */
  readonly trades: readonly ReadTrade[];
  /** It has every trade from this exchange time (Unix ms) to its page; -Infinity: of all time. */
  readonly from: number;
  /** The next older page; null where no older one can be asked for. */
  readonly next: HistoryPlace | null;
  /** Rows that could not be read, and the first reason. */
  readonly unreadable: number;
  readonly reason: string | null;
  /** Rows whose text of the time is of another zone than it is known to be. */
  readonly otherZone: number;
  /** The exchange's clock when it answered, Unix ms; null where it does not say. */
  readonly answeredAt: number | null;
}

/** An exchange's own history of trades, by REST. */
export interface TradeHistory {
  /** Trades of a page at most. */
  readonly rows: number;
  /** Trades of a small page, for where few are expected; absent: no small page can be asked for. */
  readonly fewRows?: number;
  /** Time between two calls, ms; well inside the exchange's limit. */
  readonly everyMs: number;
  /**
   * Fetches a page.
   * @param place where it begins; null = the newest trade
   * @param now Unix ms
   * @param rows at most: {@link rows}, which is the default, or {@link fewRows}
   * @throws {ExchangeError} when there is no answer, or one that is no page
   */
  page(
    rest: RestClient,
    pair: Pair,
    place: HistoryPlace | null,
    now: number,
    rows?: number,
  ): Promise<HistoryPage>;
  /**
   * Fetches the volumes of the minutes before a time; absent where the exchange's minute candles are
   * not known well enough.
   * @param to a multiple of 60,000, Unix ms
   * @param count minutes at most, see {@link maxMinutes}
   * @returns Decimal text by the beginning of each minute that had a trade, Unix ms
   */
  minutes?(
    rest: RestClient,
    pair: Pair,
    to: number,
    count: number,
  ): Promise<ReadonlyMap<number, string>>;
  /** Minutes of one call at most. */
  readonly maxMinutes?: number;
  /** Whether older pages than the newest can be asked for. */
  readonly older: boolean;
}

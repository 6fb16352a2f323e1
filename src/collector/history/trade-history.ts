import type { Pair } from '../../market/market.js';
import type { ReadTrade } from '../../market/trade.js';
import type { RestClient } from '../rest/rest-client.js';

/** Where the next older page of a history begins. */
export interface HistoryPlace {
  /** All trades from this exchange time on have been fetched, Unix ms. */
  readonly before: number;
  /** Id to continue from, where the time alone is not enough. */
  readonly id: string | null;
  /** Whether the page shows trades already fetched again, which shows that it continues from them. */
  readonly overlaps: boolean;
}

/** A page of an exchange's trade history. */
export interface HistoryPage {
  /** Newest first. */
  readonly trades: readonly ReadTrade[];
  /**
   * It has every trade from this exchange time (Unix ms) up to where it begins; -Infinity: of all
   * time.
   */
  readonly from: number;
  /** The next older page; null where no older one can be requested. */
  readonly next: HistoryPlace | null;
  /** Rows that could not be read, or not be put in order, and the first reason. */
  readonly unreadable: number;
  readonly reason: string | null;
  /** Rows whose text of the time is not in the known time zone. */
  readonly otherZone: number;
  /** The exchange's clock when it answered, Unix ms; null if it did not say. */
  readonly answeredAt: number | null;
}

/** An exchange's own history of trades, by REST. */
export interface TradeHistory {
  /** The most trades of a page. */
  readonly rows: number;
  /** Trades of a small page, for when few are expected; absent: no small page can be requested. */
  readonly fewRows?: number;
  /** Time between two calls, ms; well inside the exchange's limit. */
  readonly everyMs: number;
  /**
   * Fetches a page.
   * @param place where it begins; null = the newest trade
   * @param now by the exchange's clock as far as that is known, Unix ms
   * @param rows the most rows: {@link rows}, which is the default, or {@link fewRows}
   * @throws {ExchangeError} when there is no answer, or it is not a page
   */
  page(
    rest: RestClient,
    pair: Pair,
    place: HistoryPlace | null,
    now: number,
    rows?: number,
  ): Promise<HistoryPage>;
  /**
   * Fetches the volumes of the minutes before a time; absent where too little is known of the
   * exchange's minute candles.
   * @param to a multiple of 60,000, Unix ms
   * @param count the most minutes, see {@link maxMinutes}
   * @returns Decimal text by the start of each minute that had a trade, Unix ms
   */
  minutes?(
    rest: RestClient,
    pair: Pair,
    to: number,
    count: number,
  ): Promise<ReadonlyMap<number, string>>;
  /** The most minutes of one call. */
  readonly maxMinutes?: number;
  /** Whether pages older than the newest can be requested. */
  readonly older: boolean;
}

import type { EventName, EventParams } from '../logging/events.js';
import type { Exchange } from '../market/exchange.js';
import type { GapCause } from '../market/gap.js';
import type { Oddity } from '../market/oddity.js';
import type { Pair } from '../market/market.js';
import type { Sides } from '../market/order-book.js';
import type { ReadTrade } from '../market/trade.js';
import type { ListedMarket } from '../market/managed-lists.js';
import type { ExchangeUrls } from '../settings/config.js';
import type { Completeness } from '../market/completeness.js';
import type { SocketTap } from './socket/ws-connection.js';
import type { TradeHistory } from './history/trade-history.js';
import type { RestBooks } from './rest/rest-books.js';
import type { LimitBoard } from './limits/limit-board.js';
import type { RestClient } from './rest/rest-client.js';

/** Why and since when pairs are not covered. */
export interface Outage {
  readonly cause: GapCause;
  /** Words for people, or null. */
  readonly detail: string | null;
  /** Last proof that the connection was alive, Unix ms; null if it never was. */
  readonly since: number | null;
}

/** What a feed reports to the collector of its exchange. The only way out of a feed. */
export interface FeedHost {
  /**
   * A valid book of a pair: levels best first, no zero levels, no price twice.
   * @param exchangeTimestamp the exchange's own time of the book, Unix ms; null where it gives none,
   * undefined when what it gave could not be read
   * @param receivedAt when its bytes came in, Unix ms
   * @param place the book's place in the exchange's order (see `BookOrder`), where it is not its time;
   * null where neither shows it
   */
  book(
    pair: Pair,
    sides: Sides,
    exchangeTimestamp: number | null | undefined,
    receivedAt: number,
    place?: number | null,
  ): void;
  /**
   * Trades of a pair, in the order of the message.
   * @param receivedAt when its bytes came in, Unix ms
   * @param snapshot whether they are the last ones on record, which may be old and known
   */
  trades(pair: Pair, trades: readonly ReadTrade[], receivedAt: number, snapshot: boolean): void;
  /** A separate stream of these pairs' trades is lost, or back (null). */
  tradesDown(pairs: Iterable<Pair>, outage: Outage | null): void;
  /** Trades of a market that was not asked for, or no longer: they are dropped and counted. */
  unaskedTrades(count: number): void;
  /** A message about trades that could not be read. Counted, and logged once per burst; no book suffers. */
  unreadableTrade(error: unknown, message: string, pair: Pair | null): void;
  /** A book of a market that was not asked for, or no longer: it is dropped and counted. */
  unasked(): void;
  /** These pairs are not covered any more. */
  down(pairs: Iterable<Pair>, outage: Outage): void;
  /** A new try to cover these pairs begins. */
  attempt(pairs: Iterable<Pair>): void;
  /** The connection of these pairs stands again after it was lost. */
  reconnected(pairs: Iterable<Pair>): void;
  /** A pair was subscribed and has had no book for this time. */
  noFirstBook(pair: Pair, afterMs: number): void;
  /** The exchange refuses a pair; trying again is no use. */
  refused(pair: Pair, reason: string): void;
  /** Counts an unreadable message; logged once per burst. @param pair null when it is not known */
  unreadable(error: unknown, message: string, pair: Pair | null): void;
  /**
   * The exchange did something unknown, perhaps rightly. Counted, logged once a thing.
   * @param what the thing, such as a key.
   * @param detail for people
   */
  odd(kind: Oddity, what: string, detail: string): void;
  /** Logs an event of the catalogue about a pair, or about the feed as a whole. */
  log<E extends EventName>(event: E, pair: Pair | null, params: EventParams<E>): void;
}

const nothing = (): void => undefined;

/** A host that takes no notice; spread it where only some of the calls matter. */
export const NO_HOST: FeedHost = {
  book: nothing,
  trades: nothing,
  tradesDown: nothing,
  unaskedTrades: nothing,
  unreadableTrade: nothing,
  unasked: nothing,
  down: nothing,
  attempt: nothing,
  reconnected: nothing,
  noFirstBook: nothing,
  refused: nothing,
  unreadable: nothing,
  odd: nothing,
  log: nothing,
};

/** A running stream of books of some pairs of one exchange: sockets or a poller. */
export interface Feed {
  /** Adds pairs; those that run already are left alone, and no other pair gets a gap. */
  add(pairs: readonly Pair[]): void;
  /** Stops pairs; no other pair gets a gap. */
  remove(pairs: readonly Pair[]): void;
  /** Asks for books again whose stream is no longer believed. @param detail why, in words */
  resync(pairs: readonly Pair[], detail: string): void;
  /** The program stood still until now: books under way meanwhile prove nothing and are dropped. */
  standstill(): void;
  /** Closes all connections. No call to the host follows. */
  close(): Promise<void>;
}

/** What an exchange's file is given to make its feed. */
export interface FeedContext {
  readonly exchange: Exchange;
  readonly urls: ExchangeUrls;
  readonly host: FeedHost;
  readonly rest: RestClient;
  /** Where the feed's own limits are kept and shown. */
  readonly limits: LimitBoard;
  /** Receive clock, Unix ms. To ask it may cause a {@link Feed.standstill}. */
  readonly clock: () => number;
  /** Random number in [0, 1), for jitter. */
  readonly random: () => number;
  readonly gopaxKeys: { readonly apiKey: string; readonly secretKey: string } | null;
  readonly bithumbPollMs: number;
  /** Whether trades are recorded as well. */
  readonly trades: boolean;
  /** Makes a listener to all traffic of a new socket; absent: none. */
  readonly tap?: () => SocketTap;
}

/** All that the program knows of one exchange. Adding an exchange is one of these, in the registry. */
export interface ExchangeAdapter {
  readonly exchange: Exchange;
  readonly completeness: Completeness;
  readonly restBooks: RestBooks;
  readonly tradeHistory: TradeHistory;
  /** Whether the exchange's own time of a book shows its place among the others. */
  readonly ordersByTime: boolean;
  /** Set where a lost change cannot be seen in the stream: then a difference to REST is believed. */
  readonly auditDecides?: boolean;
  /**
   * Fetches the exchange's own list of tradable markets.
   * @param onOdd hears of each row that is no market, escaped and cut; it is left out
   * @throws {ExchangeError} when there is no list with at least one market
   */
  listMarkets(rest: RestClient, onOdd: (row: string) => void): Promise<ListedMarket[]>;
  /** Makes the feed; nothing connects before pairs are added. */
  createFeed(context: FeedContext): Feed;
}

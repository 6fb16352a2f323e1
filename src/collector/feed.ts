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

/** Why and since when pairs have not been covered. */
export interface Outage {
  readonly cause: GapCause;
  /** A detail in words, or null. */
  readonly detail: string | null;
  /** The last proof that the connection was alive, Unix ms; null if it never was. */
  readonly since: number | null;
}

/** What a feed reports to its exchange's collector. The only way out of a feed. */
export interface FeedHost {
  /**
   * A valid book of a pair: levels best first, no zero levels, no price twice.
   * @param exchangeTimestamp the exchange's own time of the book, Unix ms; null where it gives
   * none, undefined when it was unreadable
   * @param receivedAt when its bytes were received, Unix ms
   * @param place the book's position in the exchange's order (see `BookOrder`) where that is not
   * its time; null where neither gives it
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
   * @param receivedAt when its bytes were received, Unix ms
   * @param snapshot whether they are the last ones on record, which may be old and known
   */
  trades(pair: Pair, trades: readonly ReadTrade[], receivedAt: number, snapshot: boolean): void;
  /** A separate stream of these pairs' trades is down, or up again (null). */
  tradesDown(pairs: Iterable<Pair>, outage: Outage | null): void;
  /** Trades of a market that is not, or no longer, subscribed: dropped and counted. */
  unaskedTrades(count: number): void;
  /** A trade message that cannot be read. Counted, and logged once per burst; no book is affected. */
  unreadableTrade(error: unknown, message: string, pair: Pair | null): void;
  /** A book of a market that is not, or no longer, subscribed: dropped and counted. */
  unasked(): void;
  /** These pairs are no longer covered. */
  down(pairs: Iterable<Pair>, outage: Outage): void;
  /** A new attempt to cover these pairs starts. */
  attempt(pairs: Iterable<Pair>): void;
  /** The connection of these pairs is up again after being lost. */
  reconnected(pairs: Iterable<Pair>): void;
  /** A subscribed pair has had no book for this long. */
  noFirstBook(pair: Pair, afterMs: number): void;
  /** The exchange refuses a pair; retrying is pointless. */
  refused(pair: Pair, reason: string): void;
  /** Counts an unreadable message; logged once per burst. @param pair null when unknown */
  unreadable(error: unknown, message: string, pair: Pair | null): void;
  /**
   * The exchange did something unknown, possibly legitimate. Counted; logged once per instance.
   * @param what identifies it, such as a key.
   * @param detail for display
   */
  odd(kind: Oddity, what: string, detail: string): void;
  /** Logs an event of the catalogue about a pair, or about the feed as a whole. */
  log<E extends EventName>(event: E, pair: Pair | null, params: EventParams<E>): void;
}

const nothing = (): void => undefined;

/** A host that ignores every call; spread it where only some calls matter. */
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
  /** Adds pairs; those already running are unaffected, and no other pair gets a gap. */
  add(pairs: readonly Pair[]): void;
  /** Stops pairs; no other pair gets a gap. */
  remove(pairs: readonly Pair[]): void;
  /** Requests books again whose stream is no longer trusted. @param detail why, in words */
  resync(pairs: readonly Pair[], detail: string): void;
  /** The program has just stood still: books that were in flight prove nothing and are dropped. */
  standstill(): void;
  /** Closes all connections. No call to the host follows. */
  close(): Promise<void>;
}

/** What an exchange's file is given to create its feed. */
export interface FeedContext {
  readonly exchange: Exchange;
  readonly urls: ExchangeUrls;
  readonly host: FeedHost;
  readonly rest: RestClient;
  /** Where the feed's own limits are kept and shown. */
  readonly limits: LimitBoard;
  /** Receive clock, Unix ms. Reading it may trigger a {@link Feed.standstill}. */
  readonly clock: () => number;
  /** Random number in [0, 1), for jitter. */
  readonly random: () => number;
  readonly gopaxKeys: { readonly apiKey: string; readonly secretKey: string } | null;
  readonly bithumbPollMs: number;
  /** Whether trades are recorded as well. */
  readonly trades: boolean;
  /** Creates a listener to all traffic of a new socket; absent: none. */
  readonly tap?: () => SocketTap;
}

/** How the program talks to one exchange. Adding an exchange means adding one of these to the registry. */
export interface ExchangeAdapter {
  readonly exchange: Exchange;
  readonly completeness: Completeness;
  readonly restBooks: RestBooks;
  readonly tradeHistory: TradeHistory;
  /** Whether the exchange's own time of a book gives its position among the others. */
  readonly ordersByTime: boolean;
  /** Set where a lost delta is not visible in the stream: then a difference from REST is trusted. */
  readonly auditDecides?: boolean;
  /**
   * Fetches the exchange's own list of tradable markets.
   * @param onOdd receives each row that is not a market, escaped and truncated; it is skipped
   * @throws {ExchangeError} when there is no list with at least one market
   */
  listMarkets(rest: RestClient, onOdd: (row: string) => void): Promise<ListedMarket[]>;
  /** Creates the feed; nothing connects before pairs are added. */
  createFeed(context: FeedContext): Feed;
}

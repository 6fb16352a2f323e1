import type { ExactJson } from '../market/exact-json.js';
import type { Pair } from '../market/market.js';
import type { HistoryPage } from '../collector/history/trade-history.js';
import type { Sides } from '../market/order-book.js';
import type { ReadTrade } from '../market/trade.js';

/**
 * What the probes saw of one exchange, by group. Probes only look, and are the same for all exchanges;
 * what it means is said by the facts of each. All times are ms.
 */

/** A book, or a change of one, as a reader of the recorder understands a frame. */
export interface BookSeen {
  /** `BTC-KRW`. */
  readonly pair: string;
  readonly sides: Sides;
  /** The exchange's time of it; null where it gives none, undefined where that cannot be read. */
  readonly time: number | null | undefined;
}

/** One message of an exchange. */
export interface Frame {
  /** Since the socket opened. */
  readonly at: number;
  readonly binary: boolean;
  readonly text: string;
  /** As `JSON.parse` reads it; undefined when it is no JSON. */
  readonly plain: unknown;
  /** With all numbers as their own text; undefined when it is no JSON. */
  readonly exact: ExactJson | undefined;
  /** The book in it; null when it holds none, or one that cannot be read. */
  readonly book: BookSeen | null;
  /** What the reader said of it when it could not be read. */
  readonly failure: string | null;
}

/** A ping of the server. */
export interface Ping {
  readonly at: number;
  readonly data: string;
}

/** How a socket ended. */
export interface End {
  readonly at: number;
  readonly code: number;
}

/** An answer of a REST call; `status` 0 when there was none. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly plain: unknown;
  readonly exact: ExactJson | undefined;
  /** Why there was no answer. */
  readonly failure: string | null;
}

/** How far a host was reached. */
export interface HostSeen {
  readonly host: string;
  readonly addresses: readonly string[];
  readonly connectMs: number | null;
  /** Version of TLS, `TLSv1.3`; null where the address asks for none. */
  readonly tls: string | null;
  /** What failed first: DNS, TCP or TLS. */
  readonly failure: string | null;
}

/** How an attempt to open a socket was answered. */
export interface Upgrade {
  /** 101 when it opened, 0 when there was no answer. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly failure: string | null;
}

/** The first group: reach. */
export interface ReachSeen {
  readonly rest: HostSeen;
  readonly socket: HostSeen;
  /** The market list with our User-Agent, and without one. */
  readonly named: Answer;
  readonly unnamed: Answer;
  readonly upgrade: Upgrade;
}

/** The market list. */
export interface ListSeen {
  readonly answer: Answer;
  /** Its rows as they are. */
  readonly rows: readonly unknown[];
  readonly used: readonly Pair[];
  /** Rows that say of themselves that their market is not traded. */
  readonly idle: number;
  /** Rows that are no market to the recorder, cut. */
  readonly dropped: readonly string[];
}

/** REST books of some markets in one answer. */
export interface BooksSeen {
  readonly pairs: readonly Pair[];
  readonly answer: Answer;
}

/** REST books. */
export interface RestSeen {
  readonly singles: readonly BooksSeen[];
  /** Many markets in one call, where the exchange has such a call. */
  readonly batches: readonly BooksSeen[];
}

/** Three pairs on a socket. */
export interface StreamSeen {
  readonly pairs: readonly Pair[];
  /** Frames that came before anything was asked. */
  readonly greeting: readonly Frame[];
  /** Frames from then on. */
  readonly frames: readonly Frame[];
  /** Time from asking to each pair's first book. */
  readonly first: ReadonlyMap<string, number>;
  readonly pings: readonly Ping[];
  /** What the fast reader did; null where there is none. */
  readonly fast: FastSeen | null;
}

/** What the fast reader did with the frames of books. */
export interface FastSeen {
  readonly read: number;
  /** Left to the general one. */
  readonly left: number;
  /** Frames that both read, differently. */
  readonly differing: readonly string[];
}

/** All markets in one subscription. */
export interface AllSeen {
  readonly asked: number;
  /** Of how many listed ones. */
  readonly listed: number;
  readonly first: ReadonlyMap<string, number>;
  /** Pairs without a book, and whether REST has one; null when that was not asked. */
  readonly missing: readonly { readonly pair: string; readonly restHas: boolean | null }[];
  /** Frames that are no books, the first of them. */
  readonly others: readonly Frame[];
  readonly end: End | null;
  readonly waitedMs: number;
}

/** Names that no exchange lists, among good ones. */
export interface UnknownSeen {
  /** One unknown name, then two, each on a separate socket. */
  readonly tries: readonly {
    readonly unknown: readonly Pair[];
    readonly good: readonly Pair[];
    /** Good pairs whose book came. */
    readonly came: readonly string[];
    /** Frames that are no books. */
    readonly others: readonly Frame[];
    readonly end: End | null;
  }[];
  /** REST of an unknown market, and with a good one where the exchange takes several. */
  readonly alone: Answer;
  readonly batch: Answer | null;
}

/** Whether so few frames came in a span that none in the next may be a pause. */
export const isSparse = (frames: number): boolean => frames < 10;

/** Whether a pair is still subscribed by its frames: one or two may have been under way. */
export const goesOn = (frames: number): boolean => frames > 2;

/** Changes of a subscription on one socket. */
export interface ChangesSeen {
  /** The pair of the first subscription, and that of the second. */
  readonly pairs: readonly [Pair, Pair];
  /**
   * Frames of the first pair in one span before the second subscription, and in one after it, which
   * is longer where it sends little ({@link isSparse}) and pauses.
   */
  readonly before: number;
  readonly after: number;
  /** Whether the second pair's book came. */
  readonly second: boolean;
  /** What came for subscribing the second pair again. */
  readonly again: readonly Frame[];
  /** Whether the second pair's book of before came again for it, by its raw frame. */
  readonly lastBefore: Frame | null;
  /** What came for its unsubscription; null where there is none. */
  readonly unsubscribed: { readonly frames: readonly Frame[] } | null;
  /** Round trip of a ping. */
  readonly pong: number | null;
  /** Answer to our close. */
  readonly close: End | null;
  /** How the socket ended, if it did before we closed it. */
  readonly end: End | null;
}

/** Streamed books beside the REST books of the same moment. */
export interface ComparedSeen {
  readonly pairs: readonly {
    readonly pair: string;
    /** Whether the REST book was one of those streamed; null when there was nothing to compare. */
    readonly equal: boolean | null;
    readonly detail: string;
  }[];
}

/** A trade of the stream, and the book before it; null where there was none. */
export interface LiveTrade {
  readonly trade: ReadTrade;
  readonly book: Sides | null;
}

/** Trades of some pairs on the stream, and by REST. */
export interface TradesSeen {
  readonly pairs: readonly {
    /** `BTC-KRW`. */
    readonly pair: string;
    readonly live: readonly LiveTrade[];
    /** The newest page of the history; null when there was none, and why. */
    readonly page: HistoryPage | null;
    readonly failure: string | null;
  }[];
  /** Messages about trades that could not be read. */
  readonly unreadable: readonly string[];
}

/** One socket that was left alone. */
export interface LeftAlone {
  readonly frames: readonly Frame[];
  readonly pings: readonly Ping[];
  readonly end: End | null;
  readonly waitedMs: number;
}

/** Sockets that were left alone for long. */
export interface IdleSeen {
  /** Answers neither pings nor heartbeats. */
  readonly mute: LeftAlone;
  /** Answers them, and asks for nothing. */
  readonly answering: LeftAlone;
  /** ms in a second of the probes' time: 1000, less in tests. */
  readonly second: number;
}

/** What is seen in each group, in the order of the probes. */
export interface Evidence {
  readonly reach: ReachSeen;
  readonly list: ListSeen;
  readonly rest: RestSeen;
  readonly stream: StreamSeen;
  readonly all: AllSeen;
  readonly unknown: UnknownSeen;
  readonly changes: ChangesSeen;
  readonly compared: ComparedSeen;
  readonly trades: TradesSeen;
  readonly idle: IdleSeen;
}

/** A group of probes. */
export type Group = keyof Evidence;

/** All groups, in order; the last only where it is asked for. */
export const GROUPS = [
  'reach',
  'list',
  'rest',
  'stream',
  'all',
  'unknown',
  'changes',
  'compared',
  'trades',
  'idle',
] as const satisfies readonly Group[];

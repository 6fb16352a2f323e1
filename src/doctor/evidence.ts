import type { ExactJson } from '../market/exact-json.js';
import type { Pair } from '../market/market.js';
import type { HistoryPage } from '../collector/history/trade-history.js';
import type { Sides } from '../market/order-book.js';
import type { ReadTrade } from '../market/trade.js';

/**
 * What the probes saw of one exchange, by group. Probes only observe, and are the same for all
 * exchanges; each exchange's facts interpret the result. All times are in ms.
 */

/** A book, or a delta, as the recorder's reader understands a frame. */
export interface BookSeen {
  /** `BTC-KRW`. */
  readonly pair: string;
  readonly sides: Sides;
  /** Its exchange time; null where the exchange gives none, undefined where it is unreadable. */
  readonly time: number | null | undefined;
}

/** One message of an exchange. */
export interface Frame {
  /** Since the socket opened. */
  readonly at: number;
  readonly binary: boolean;
  readonly text: string;
  /** As parsed by `JSON.parse`; undefined when it is not JSON. */
  readonly plain: unknown;
  /** With all numbers as text; undefined when it is not JSON. */
  readonly exact: ExactJson | undefined;
  /** Its book; null when it contains none, or an unreadable one. */
  readonly book: BookSeen | null;
  /** The reader's error when it was unreadable. */
  readonly failure: string | null;
}

/** A ping from the server. */
export interface Ping {
  readonly at: number;
  readonly data: string;
}

/** How a socket ended. */
export interface End {
  readonly at: number;
  readonly code: number;
}

/** The response to a REST call; `status` 0 when there was none. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly plain: unknown;
  readonly exact: ExactJson | undefined;
  /** Why there was no response. */
  readonly failure: string | null;
}

/** How far a host was reached. */
export interface HostSeen {
  readonly host: string;
  readonly addresses: readonly string[];
  readonly connectMs: number | null;
  /** TLS version, `TLSv1.3`; null where the address does not use TLS. */
  readonly tls: string | null;
  /** What failed first: DNS, TCP or TLS. */
  readonly failure: string | null;
}

/** The response to an attempt to open a socket. */
export interface Upgrade {
  /** 101 when it opened, 0 when there was no response. */
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
  /** Its rows, verbatim. */
  readonly rows: readonly unknown[];
  readonly used: readonly Pair[];
  /** Rows that declare their market not traded. */
  readonly idle: number;
  /** Rows that the recorder does not recognise as markets, truncated. */
  readonly dropped: readonly string[];
}

/** REST books of some markets in one response. */
export interface BooksSeen {
  readonly pairs: readonly Pair[];
  readonly answer: Answer;
}

/** REST books. */
export interface RestSeen {
  readonly singles: readonly BooksSeen[];
  /** Many markets in one call, if the exchange has such a call. */
  readonly batches: readonly BooksSeen[];
}

/** Three pairs on a socket. */
export interface StreamSeen {
  readonly pairs: readonly Pair[];
  /** Frames received before any request. */
  readonly greeting: readonly Frame[];
  /** Frames from then on. */
  readonly frames: readonly Frame[];
  /** Time from the request to each pair's first book. */
  readonly first: ReadonlyMap<string, number>;
  readonly pings: readonly Ping[];
  /** Results of the fast reader; null where there is none. */
  readonly fast: FastSeen | null;
}

/** Results of the fast reader on book frames. */
export interface FastSeen {
  readonly read: number;
  /** Left to the general reader. */
  readonly left: number;
  /** Frames that both read, with different results. */
  readonly differing: readonly string[];
}

/** All markets in one subscription. */
export interface AllSeen {
  readonly asked: number;
  /** Number of listed markets. */
  readonly listed: number;
  readonly first: ReadonlyMap<string, number>;
  /** Pairs without a book, and whether REST has one; null when that was not checked. */
  readonly missing: readonly { readonly pair: string; readonly restHas: boolean | null }[];
  /** The first frames that are not books. */
  readonly others: readonly Frame[];
  readonly end: End | null;
  readonly waitedMs: number;
}

/** Names that no exchange lists, mixed with valid ones. */
export interface UnknownSeen {
  /** One unknown name, then two, each on a separate socket. */
  readonly tries: readonly {
    readonly unknown: readonly Pair[];
    readonly good: readonly Pair[];
    /** Valid pairs whose book arrived. */
    readonly came: readonly string[];
    /** Frames that are not books. */
    readonly others: readonly Frame[];
    readonly end: End | null;
  }[];
  /** REST for an unknown market, and together with a valid one where the exchange accepts several. */
  readonly alone: Answer;
  readonly batch: Answer | null;
}

/** Whether there were so few frames in a span that none in the next may be a mere pause. */
export const isSparse = (frames: number): boolean => frames < 10;

/** Whether a pair is still subscribed, judging by its frames: one or two may have been in flight. */
export const goesOn = (frames: number): boolean => frames > 2;

/** Changes of a subscription on one socket. */
export interface ChangesSeen {
  /** The pairs of the first and the second subscription. */
  readonly pairs: readonly [Pair, Pair];
  /**
   * Frames of the first pair in one span before the second subscription, and in one after it, which
   * is longer if it sends little ({@link isSparse}) and pauses.
   */
  readonly before: number;
  readonly after: number;
  /** Whether the second pair's book arrived. */
  readonly second: boolean;
  /** What arrived after subscribing the second pair again. */
  readonly again: readonly Frame[];
  /** The second pair's last book before that, by which one sent again is known; null without one. */
  readonly lastBefore: Frame | null;
  /** What arrived after unsubscribing it; null where that is not possible. */
  readonly unsubscribed: { readonly frames: readonly Frame[] } | null;
  /** Round trip of a ping. */
  readonly pong: number | null;
  /** The response to our close. */
  readonly close: End | null;
  /** How the socket ended, if it did before we closed it. */
  readonly end: End | null;
}

/** Streamed books compared with REST books of the same moment. */
export interface ComparedSeen {
  readonly pairs: readonly {
    readonly pair: string;
    /** Whether the REST book was one of the streamed ones; null when there was nothing to compare. */
    readonly equal: boolean | null;
    readonly detail: string;
  }[];
}

/** A trade of the stream, and the book before it; null if there was none. */
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
  /** Unreadable trade messages. */
  readonly unreadable: readonly string[];
}

/** A socket that was left idle. */
export interface LeftAlone {
  readonly frames: readonly Frame[];
  readonly pings: readonly Ping[];
  readonly end: End | null;
  readonly waitedMs: number;
}

/** Sockets that were left idle for long. */
export interface IdleSeen {
  /** Answers neither pings nor heartbeats. */
  readonly mute: LeftAlone;
  /** Answers them, but requests nothing. */
  readonly answering: LeftAlone;
  /** ms per second of the probes' time: 1000, less in tests. */
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

/** All groups, in order; the last only on request. */
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

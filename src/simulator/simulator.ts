import type { IncomingHttpHeaders } from 'node:http';
import type { Exchange } from '../market/exchange.js';
import type { Book, BookMaker } from './book/book.js';
import type { MarketProfile } from './book/market-profile.js';
import type { Tally } from './server/tally.js';
import type { TakerSide, TradeLedger, TradePace } from './trade/trade.js';

/** Protocol intervals of every exchange, ms; `0` switches one off, unless said otherwise. */
export interface Timing {
  /** Time after which a socket silent in both directions is dropped without a close frame, ms. */
  idleDropMs: number;
  /** Between an error frame and the server's close. `0`: at once. */
  errorCloseMs: number;
  /** Between a subscribe message and the first book. `0`: at once. */
  snapshotDelayMs: number;
  /** Before each REST reply. */
  restDelayMs: number;
  /** Before each REST reply under the fault `rest('slow')`. */
  restSlowMs: number;
}

/** How to start a simulator. */
export interface SimulatorOptions<T extends Timing = Timing> {
  /** Default 1. The same seed and the same sequence of `step` calls give the same books. */
  seed?: number;
  /** Default `127.0.0.1`. */
  host?: string;
  /** Default 0: a free port. */
  port?: number;
  /** Pairs listed, e.g. `BTC-KRW`; default: a handful of big ones, a thin one and each quote currency. */
  pairs?: readonly string[];
  /** Factor on the rhythms; default 1. 0: books change only on `step`, each published at once. */
  rate?: number;
  /** Protocol intervals other than the measured ones. */
  timing?: Partial<T>;
  /** `false`: no rate limit is enforced (load tests). Default true. */
  limits?: boolean;
  /** Books kept in {@link Simulator.sent}. Default 200,000 (fewer when they are very deep). */
  ledger?: number;
  /** Where the markets' books come from. Default: a `SyntheticBook` for each. */
  makeBook?: BookMaker;
  /** Default: orders of two trades on average, 20,000 trades per market kept. */
  trades?: TradePace;
  /**
   * What sets the moments of frames instead of `rate`, which must be 0 then: each market's changes
   * are published at once, when the pacer says so. Default: none.
   */
  pacer?: Pacer;
}

/** Sets the moments at which the markets of a simulator send a frame. */
export interface Pacer {
  /** A market is listed: calls `beat` for each of its frames until it is removed. */
  add(pair: string, beat: () => void): void;
  /** A market is no longer listed, or the simulator closes. */
  remove(pair: string): void;
}

/**
 * One book that really went out. Prices and volumes are canonical decimal text (no exponent, no
 * trailing zeros), levels of zero price or volume are left out, best first.
 */
export interface SentBook {
  exchange: Exchange;
  symbol: string;
  currency: string;
  /** The `exchangeTimestamp` of the book as schema.graphql defines it, in ms, or null. */
  exchangeTimestamp: number | null;
  asks: [string, string][];
  bids: [string, string][];
  via: 'ws' | 'rest';
  /** Number of the socket; 0 for REST. */
  connection: number;
  /** `Date.now()` when it was sent. */
  at: number;
}

/** How REST misbehaves: a fixed answer, no answer, or a late one. */
export type RestFault =
  null | { status: number; body?: string; headers?: Record<string, string> } | 'hang' | 'slow';

/** How REST replies, or the answer to an upgrade, are changed. */
export interface ReplyChange {
  readonly status?: number;
  /** Override the usual ones; an empty text removes a header. */
  readonly headers?: Readonly<Record<string, string>>;
  /** A regular expression; everything it matches in the body becomes `replacement`, where `$1` works. */
  readonly pattern?: string;
  readonly replacement?: string;
  /** Only for requests without a User-Agent. */
  readonly unnamed?: boolean;
}

/** What happens to a client's message in addition to, or instead of, its usual handling. */
export interface MessageRule {
  /** It is not handled as usual. */
  readonly ignore?: boolean;
  /** It is handled as if it were this. */
  readonly as?: string;
  /** Frames sent for it. */
  readonly replies?: readonly string[];
  /** Close code of the server's close after them. */
  readonly close?: number;
}

/** Fault switches that every exchange has; exchanges add their own. */
export interface Faults {
  /** TCP of every socket destroyed at once (clients see 1006). */
  dropConnections(): void;
  /** Closing handshake on every socket. */
  closeConnections(code: number, reason?: string): void;
  /** The next upgrades are answered by that HTTP status; null: normal again. */
  refuseUpgrades(status: number | null): void;
  /** What REST answers from now on; null: normal again. */
  rest(mode: RestFault): void;
  /** Sockets stay open and pong, but no data frame goes out. */
  freeze(on: boolean): void;
  /**
   * Sockets stay open, nothing at all goes out, not even pongs or close frames, and nothing is read:
   * what clients sent meanwhile (a close included) is seen when it is switched off. New upgrades are
   * answered, then share the silence.
   */
  halfOpen(on: boolean): void;
  /**
   * Every data frame is cut to its first half, so that it is not JSON and not in the ledger; keepalives
   * stay whole.
   */
  garble(on: boolean): void;
  /** An arbitrary frame to all sockets. */
  sendRaw(data: string | Uint8Array, opts?: { binary?: boolean }): void;
  /** Half of a data frame to every socket, then its TCP connection is destroyed. */
  tearFrame(): void;
  /** Everything that a regular expression matches in a frame goes out as `replacement` (`$1` works). */
  changeFrames(pattern: string, replacement: string): void;
  /** Changes REST replies whose path (with query) has this beginning; with the socket's path, the upgrade. */
  changeReplies(path: string, change: ReplyChange): void;
  /** What happens to client messages that a regular expression matches. */
  onMessage(pattern: string, rule: MessageRule): void;
  /** Text frames go out as binary ones and vice versa. */
  swapOpcodes(on: boolean): void;
  /** Protocol pings of clients get no pong. */
  ignorePings(on: boolean): void;
  /** Every new socket gets a protocol ping. */
  pingOnOpen(on: boolean): void;
  /** A frame that every new socket gets first; null: none. */
  greet(text: string | null): void;
  /** Another value for one of the protocol's intervals, ms. */
  setTiming(name: string, ms: number): void;
  /** Ends all of changeFrames, changeReplies, onMessage, swapOpcodes, ignorePings, pingOnOpen and greet. */
  asUsual(): void;
  /** The next `n` (default 1) trades of a pair have that fault, see `TRADE_FAULTS`. */
  tradeFault(pair: string, kind: string, n?: number): void;
  /** Trades go to no socket with that probability (0 to 1); REST has them. */
  dropTrades(chance: number): void;
  /** From now on REST has none of the pair's trades so far: no page reaches back to them. */
  forgetTrades(pair: string): void;
}

/** One running simulated exchange. */
export interface Simulator<F extends Faults = Faults> {
  readonly exchange: Exchange;
  /** REST base without trailing slash. */
  readonly restUrl: string;
  /** Whole WebSocket URL. */
  readonly wsUrl: string;
  /** The two URLs under the names of the settings, e.g. `UPBIT_WS_URL`. */
  readonly env: Record<string, string>;
  /** Pairs listed now. */
  readonly pairs: readonly string[];
  /** Ledger of the books that went out, oldest first, bounded. */
  readonly sent: SentBook[];
  /** What went out to WebSocket clients, counted by market. */
  readonly tally: Tally;
  /** The trades that happened, and what went out of them. */
  readonly trades: TradeLedger;
  /** Calls `listener` for every book that goes out; the returned function stops that. */
  onSent(listener: (book: SentBook) => void): () => void;
  /** Messages of clients, oldest first, bounded. */
  readonly received: { connection: number; text: string }[];
  /** Upgrade requests (status 101: accepted), oldest first, bounded. */
  readonly upgrades: {
    at: number;
    headers: Record<string, string | string[] | undefined>;
    url: string;
    status: number;
  }[];
  /** REST requests, oldest first, bounded; status 0 while a reply hangs. */
  readonly requests: { at: number; url: string; status: number }[];
  /** Open sockets. */
  connections(): number;
  /** Changes that book now (`times` times) and publishes as the protocol would. */
  step(pair: string, times?: number): void;
  /** Sets exactly these levels (plain decimal text, best first), then publishes. */
  setBook(pair: string, asks: [string, string][], bids: [string, string][]): void;
  /**
   * A taker's order takes these volumes (decimal text; default: half of the best level) out of that
   * book, each a trade, and the book is published. Begins the trades of the pair if they have not begun.
   */
  trade(pair: string, side?: TakerSide, volumes?: string[]): void;
  /** An order of this many trades, equal to the last digit and at one moment. */
  burst(pair: string, count: number): void;
  /** Adds a pair to the market list. */
  list(pair: string): void;
  /** Takes a pair off the market list; its book stops. */
  delist(pair: string): void;
  readonly faults: F;
  /** Ends all sockets, timers and the port. */
  close(): Promise<void>;
}

/** One market of a simulator. Exchanges extend it with what they keep per market. */
export interface SimulatedMarket {
  /** `BTC-KRW`. */
  readonly pair: string;
  readonly symbol: string;
  readonly currency: string;
  readonly profile: MarketProfile;
  readonly book: Book;
  /** Whether it is on the market list. */
  listed: boolean;
}

/** A REST request as an exchange file sees it. */
export interface RestRequest {
  readonly method: string;
  /** Path without query. */
  readonly path: string;
  /** Query without `?`, as sent. */
  readonly rawQuery: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly ip: string;
}

/** A REST reply. */
export interface RestReply {
  readonly status: number;
  readonly body: string;
  /** Added to `Content-Type: application/json;charset=UTF-8`, which may be overridden. */
  readonly headers?: Record<string, string>;
}

/** An upgrade request as an exchange file sees it. */
export interface UpgradeRequest {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly ip: string;
}

/** What becomes of an upgrade: accepted (101, with these headers) or refused. */
export type UpgradeVerdict =
  | { readonly status: 101; readonly headers?: Record<string, string> }
  | { readonly status: number; readonly body?: string; readonly headers?: Record<string, string> };

/** Whether a parsed value is a JSON object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

import { createHash } from 'node:crypto';
import type { CoverageMinute } from '../market/coverage.js';
import type { Gap } from '../market/gap.js';
import type { LogRecord } from '../market/log-record.js';
import type { Level, Sides } from '../market/order-book.js';
import type { TradeSpan } from '../market/trade-span.js';
import type { Trade } from '../market/trade.js';

/** A whole book in the log. The market is in the subject. */
export interface BookMessage {
  /** When the collector received it, Unix ms. */
  readonly t: number;
  /** The exchange's own time, Unix ms, or null. */
  readonly e: number | null;
  /** It is the first after a start or a gap. */
  readonly g: boolean;
  /** Number in the stream of the market's book before it; 0 = there is none. */
  readonly p: number;
  /** Number in the stream of the whole book that it is stored as a change of; 0 = it is stored whole. */
  readonly w: number;
  readonly a: readonly Level[];
  readonly b: readonly Level[];
}

/** A trade in the log; its number is that of the message. */
export type TradeMessage = Omit<Trade, 'market' | 'sequence'>;
/**
 * What says in which term of the exchange's writer it was written: the number of the message that began
 * it. What a writer adds after another has begun counts for nothing; of books, the server sees to it.
 */
export interface OfTerm {
  readonly term: number;
}
/** A gap opened, changed or closed. */
export type GapMessage = Omit<Gap, 'market'> & OfTerm;
/** What is known of the trades of a span of time. */
export type SpanMessage = Omit<TradeSpan, 'market'> & OfTerm;
/** What was received of a market in a minute. */
export type CoverageMessage = Omit<CoverageMinute, 'market'> & OfTerm;
/** A market is being recorded from a time on, or until then (Unix ms). */
export interface RecordingMessage extends OfTerm {
  readonly recording: boolean;
  readonly at: number;
}
/** All books of an exchange that were received until `t` (Unix ms) stand before it in the log. */
export interface AliveMessage {
  readonly t: number;
  readonly node: string;
  /** A node begins to write: the number of this message is its term. */
  readonly begins?: boolean;
  /** The node ended in order behind it, and no other has taken over. */
  readonly closed?: boolean;
}
/** A log event of a node. */
export type LogMessage = LogRecord;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A message as bytes. */
export function encodeMessage(message: unknown): Uint8Array {
  return encoder.encode(JSON.stringify(message));
}

/** A message of its bytes. @throws {SyntaxError} when they are no JSON */
export function decodeMessage<T>(data: Uint8Array): T {
  return JSON.parse(decoder.decode(data)) as T;
}

/** A book as it goes into the log. @param sides of its asks and its bids, as {@link sideTexts} makes them */
export function encodeBook(
  { t, e, g, p, w }: Omit<BookMessage, 'a' | 'b'>,
  [a, b]: SideTexts,
): Uint8Array {
  return encoder.encode(`{"t":${t},"e":${e},"g":${g},"p":${p},"w":${w},"a":${a},"b":${b}}`);
}

/** Both sides of a book as JSON. */
export type SideTexts = readonly [asks: string, bids: string];

/** The sides of a book as JSON. */
export function sideTexts({ asks, bids }: Sides): SideTexts {
  return [JSON.stringify(asks), JSON.stringify(bids)];
}

/** What two books are the same by: all their levels. */
export function contentHash([asks, bids]: SideTexts): string {
  return createHash('sha1').update(`${asks}|${bids}`).digest('base64url');
}

/** The {@link contentHash} of a book in the log. */
export function messageHash({ a: asks, b: bids }: BookMessage): string {
  return contentHash(sideTexts({ asks, bids }));
}

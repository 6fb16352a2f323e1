import { hash } from 'node:crypto';
import type { CoverageMinute } from '../market/coverage.js';
import type { Gap } from '../market/gap.js';
import { encodeLevels } from '../market/level-text.js';
import type { LogRecord } from '../market/log-record.js';
import type { Level, Sides } from '../market/order-book.js';
import type { TradeSpan } from '../market/trade-span.js';
import type { Trade } from '../market/trade.js';
import { BusError } from './connection.js';
import { shaped } from './message-shapes.js';

/**
 * The version of the messages that nodes write, in the log and to each other. Added fields do not change it; a
 * message that nodes of this version would misread has a greater one as its `v`.
 */
const MESSAGE_VERSION = 1;

/** A message written by a newer version of this program, which this one would misread. */
export class NewerMessageError extends BusError {
  constructor(version: number) {
    super(
      `a message on the bus is of version ${version}, and this node reads up to version ${MESSAGE_VERSION}; update it: recorders first, then API nodes, then collectors`,
    );
  }
}

/** Both sides of a book, or their changes, as text written by {@link encodeLevels}. */
export interface SideTexts {
  readonly asks: string;
  readonly bids: string;
}

/** A whole book in the log. The market is in the subject. Its levels stay text until they are read. */
export interface BookMessage extends SideTexts {
  /** When the collector received it, Unix ms. */
  readonly t: number;
  /** The exchange's own time, Unix ms, or null. */
  readonly e: number | null;
  /** It is the first after a start or a gap. */
  readonly g: boolean;
  /** Number in the stream of the market's previous book; 0 = there is none. */
  readonly p: number;
  /** Number in the stream of the whole book that its changes build on; 0 = it is stored whole. */
  readonly w: number;
  /** How it differs from the market's previous book; null if its writer did not have that. */
  readonly changes: SideTexts | null;
}

/** A trade in the log; its number is that of the message. */
export type TradeMessage = Omit<Trade, 'market' | 'sequence'>;
/**
 * The term of the exchange's writer in which it was written: the number of the message that began it.
 * What a writer adds after another has begun does not count; for books, the server enforces this.
 */
interface OfTerm {
  readonly term: number;
}
/** A gap opened, changed or closed. */
export type GapMessage = Omit<Gap, 'market'> & OfTerm;
/** What is known of the trades of a span of time. */
export type SpanMessage = Omit<TradeSpan, 'market'> &
  OfTerm & {
    /**
     * Number of the first trade from the exchange's history that was written with it: without that and those in
     * between, it does not hold. Absent if there was none.
     */
    readonly fill?: number;
  };
/** What was received of a market in a minute. */
export type CoverageMessage = Omit<CoverageMinute, 'market'> & OfTerm;
/** A market is recorded from a time on, or until then (Unix ms). */
export interface RecordingMessage extends OfTerm {
  readonly recording: boolean;
  readonly at: number;
}
/** All books of an exchange received until `t` (Unix ms) come before it in the log. */
export interface AliveMessage {
  readonly t: number;
  readonly node: string;
  /** A node begins to write: the number of this message is its term. */
  readonly begins?: boolean;
  /** The node shut down cleanly after it, and no other has taken over. */
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

/**
 * A message from its bytes.
 * @throws {SyntaxError} when they are not JSON
 * @throws {NewerMessageError}
 */
export function decodeMessage<T>(data: Uint8Array): T {
  const message = JSON.parse(decoder.decode(data)) as (T & { readonly v?: unknown }) | null;
  const version = message?.v;
  if (typeof version === 'number' && version > MESSAGE_VERSION)
    throw new NewerMessageError(version);
  return message as T;
}

/** What was read from a message; null if another program wrote it. @throws {NewerMessageError} */
export function ifOurs<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof NewerMessageError) throw error;
    return null;
  }
}

/** A book as written to the log: JSON, its levels as `a` and `b`, its changes as `x` and `y`. */
export function encodeBook(book: BookMessage): Uint8Array {
  const { t, e, g, p, w, asks, bids, changes } = book;
  const changed = changes === null ? '' : `"x":${changes.asks},"y":${changes.bids},`;
  const text = `{"t":${t},"e":${e},"g":${g},"p":${p},"w":${w},${changed}"a":${asks},"b":${bids}}`;
  return Buffer.from(text, 'latin1');
}

/** The book in a message of the log. @throws {Error} when it is none */
export function bookOf({
  seq,
  data,
}: {
  readonly seq: number;
  readonly data: Uint8Array;
}): BookMessage {
  const book = decodeBook(data);
  for (const name of ['p', 'w'] as const)
    if (book[name] >= seq) throw new Error(`it is not a book: ${name} is wrong`);
  return book;
}

/** Everything of a book except its levels, as {@link encodeBook} writes it. */
const HEAD = /^\{"t":(\d+),"e":(\d+|null),"g":(true|false),"p":(\d+),"w":(\d+),/;

/** A book from its bytes. @throws {Error} when they are not a book */
export function decodeBook(data: Uint8Array): BookMessage {
  const text = Buffer.from(data.buffer, data.byteOffset, data.length).toString('latin1');
  const head = HEAD.exec(text);
  if (head === null) return parseBook(data);
  // Levels contain only digits, points, quotes, commas and brackets, so field names can be searched
  // for.
  const from = head[0].length - 1;
  const y = text.startsWith(',"x":', from) ? text.indexOf(',"y":', from) : from;
  const a = text.indexOf(',"a":', y);
  const b = text.indexOf(',"b":', a);
  if (y < 0 || a < 0 || b < 0 || (y === from && a !== from)) return parseBook(data);
  const asks = text.slice(a + 5, b);
  const bids = text.slice(b + 5, -1);
  const changes = y === from ? null : { asks: text.slice(from + 5, y), bids: text.slice(y + 5, a) };
  if (![asks, bids, changes?.asks ?? '[]', changes?.bids ?? '[]'].every(isLevels))
    return parseBook(data);
  return {
    t: Number(head[1]),
    e: head[2] === 'null' ? null : Number(head[2]),
    g: head[3] === 'true',
    p: Number(head[4]),
    w: Number(head[5]),
    asks,
    bids,
    changes,
  };
}

/** How levels begin. Only the first is checked: checking all would cost a tenth of a reader's work. */
const FIRST_LEVEL = /^\[\["\d+(?:\.\d+)?","\d+(?:\.\d+)?"\]/;

function isLevels(text: string): boolean {
  return text === '[]' || (text.endsWith('"]]') && FIRST_LEVEL.test(text));
}

/** A book in the log as JSON in any form. */
interface BookFields extends Pick<BookMessage, 't' | 'e' | 'g' | 'p' | 'w'> {
  readonly a: readonly Level[];
  readonly b: readonly Level[];
}

/** The same for any JSON with the fields. @throws {Error} when they are missing */
function parseBook(data: Uint8Array): BookMessage {
  const { t, e, g, p, w, a, b } = shaped('book', decodeMessage<BookFields>(data));
  return { t, e, g, p, w, ...sideTexts({ asks: a, bids: b }), changes: null };
}

/** The sides of a book as text. */
export function sideTexts({ asks, bids }: Sides): SideTexts {
  return { asks: encodeLevels(asks), bids: encodeLevels(bids) };
}

/** By which two books are the same: all their levels. */
export function contentHash({ asks, bids }: SideTexts): string {
  return hash('sha1', `${asks}|${bids}`, 'base64url');
}

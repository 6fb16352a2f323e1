import type { Bus } from '../bus.js';
import type { Redate } from '../market/clock-reading.js';
import type { Exchange } from '../market/exchange.js';
import { isExchange } from '../market/exchange.js';
import type { Gap } from '../market/gap.js';
import type { Market } from '../market/market.js';
import type { Span } from '../market/trade-span.js';
import { decodeLevels, encodeLevels } from '../market/level-text.js';
import { diffSide, type OrderBook } from '../market/order-book.js';
import type { BookEntry } from './log-ends.js';
import type { LogEntry } from './log-stream.js';
import { LoggedBook, LoggedEvent } from './logged-book.js';
import {
  type AliveMessage,
  type BookMessage,
  bookOf,
  contentHash,
  type CoverageMessage,
  decodeBook,
  decodeMessage,
  type GapMessage,
  ifOurs,
  type LogMessage,
  NewerMessageError,
  type RecordingMessage,
  type SideTexts,
  sideTexts,
  type SpanMessage,
  type TradeMessage,
} from './messages.js';
import { shaped } from './message-shapes.js';
import { marketSubject, SubjectReader } from './subjects.js';

/** What {@link LogBooks} works with. */
export interface LogBooksParts {
  /** Receives what the log contains. */
  readonly bus: Bus;
  /** Added to the number of a message in the stream to get the sequence of its book. */
  readonly base: number;
  /** Number of the message after which reading begins. */
  readonly from: number;
  /** Number of the last message up to there that no reader has read, or perhaps none; absent = any may be unread. */
  readonly unread?: number;
  /** Timestamp of the newest book before those that will be read, Unix ms; null = none is known. */
  readonly lastTimestamp: number | null;
  /** A message of the log by its number; null when the log no longer has it. */
  readonly fetch: (seq: number) => Promise<LogEntry | null>;
  /**
   * The newest stored book of a market, used where the log no longer has it.
   * @param seq the market's newest message that was read, which must be stored first
   */
  readonly stored: (market: Market, seq: number) => Promise<OrderBook | null>;
  /** Timestamp of the newest book of a market before those that will be read, Unix ms; null = none. */
  readonly newestAt: (market: Market) => Promise<number | null>;
  readonly onRecording?: (market: Market, recording: boolean, at: number) => void;
  readonly onRedate?: (redate: Redate) => void;
  /** All books of an exchange received until `at` (Unix ms) have been read. */
  readonly onAlive?: (exchange: Exchange, at: number, node: string) => void;
  /** Books of a market were deleted from the log before they were read, or could not be read. */
  readonly onLost?: (gap: Gap) => void;
  /** So were trades that filled a span of a market. */
  readonly onFillLost?: (market: Market, span: Span) => void;
  /** A message could not be read; it is left out. */
  readonly onUnreadable: (entry: LogEntry, reason: string) => void;
}

/** Why messages were deleted from the log before they were read. */
export const LOG_FULL = {
  cause: 'BUS_FAILED',
  detail: 'the log in NATS was full before a recorder had read it',
} as const;

/** Why a book of the log was not read though the log has it, or had it. */
const LOG_UNREADABLE = {
  cause: 'BUS_FAILED',
  detail: 'a message of the log in NATS could not be read',
} as const;

/** A gap that lasts. */
interface OpenGap {
  readonly gap: Gap;
  /** Its start that its message has. */
  readonly rawStart: number;
}

const NONE: readonly OpenGap[] = [];

/** What is known of a market from the messages read so far. */
interface MarketBooks {
  readonly market: Market;
  /** Its newest book, and the number of its message; null and 0 before the first. */
  book: OrderBook | null;
  seq: number;
  /** Timestamp of its newest book; null = unknown yet, 0 = there is none. */
  newestAt: number | null;
  /** Its previous book could not be found: rows are whole until the log has a whole book again. */
  unfounded: boolean;
  /** Why, until its next book; null = it could be. */
  lost: typeof LOG_FULL | typeof LOG_UNREADABLE | null;
  /** Its newest ended gap, with the end that its message has. */
  ended: { readonly gap: Gap; readonly rawEnd: number } | null;
  /** Its open gaps, according to the log. */
  open: readonly OpenGap[];
}

/**
 * Turns the messages of the log into numbered books, trades, gaps and so on. The result depends on the
 * log alone, so that every node that reads it numbers, compares and stores alike.
 */
export class LogBooks {
  readonly #parts: LogBooksParts;
  readonly #subjects = new SubjectReader();
  readonly #markets = new Map<Market, MarketBooks>();
  /** For each exchange, the number of the message that began its newest term. */
  readonly #terms = new Map<Exchange, number>();
  #lastTimestamp: number;
  /** Number of the last message that went unread, or may have; 0 = none did. */
  #unread: number;
  /** Until when everything had been read before messages went unread, Unix ms; null = none did. */
  #missingFrom: number | null = null;
  #position: number;

  constructor(parts: LogBooksParts) {
    this.#parts = parts;
    this.#lastTimestamp = parts.lastTimestamp ?? 0;
    this.#position = parts.from;
    this.#unread = parts.unread ?? parts.from;
  }

  /** Number of the newest message that was read, or after which reading begins. */
  get position(): number {
    return this.#position;
  }

  /** Takes the next message. If this returns a promise, the one after must wait for it. */
  take(entry: LogEntry): Promise<void> | void {
    if (entry.seq > this.#position + 1) this.#unread = entry.seq - 1;
    this.#position = entry.seq;
    try {
      const subject = this.#subjects.read(entry.subject);
      if (subject === null) throw new Error('its subject is not one of this program');
      const { kind, market } = subject;
      if (market === null) return this.#takeGeneral(kind, entry);
      if (kind === 'book') return this.#takeBook(market, entry);
      if (kind === 'gap') return this.#takeGap(market, entry);
      this.#takeOther(kind, market, entry);
    } catch (error) {
      this.#leaveOut(entry, error);
    }
  }

  #leaveOut(entry: LogEntry, error: unknown): void {
    // Left out, it would be lost for good: it waits in the log for a node that can read it.
    if (error instanceof NewerMessageError) throw error;
    this.#parts.onUnreadable(entry, (error as Error).message);
  }

  /** Makes the book of an earlier message, from before those that will be read, the current one. */
  restore(entry: BookEntry): void {
    const market = this.#subjects.read(entry.subject)?.market;
    if (market === null || market === undefined) return;
    const { message } = entry;
    const { base, bus } = this.#parts;
    const book = this.#toBook(market, message, entry, Math.min(message.t, entry.at), base);
    Object.assign(this.#of(market), { book, seq: entry.seq, newestAt: book.timestamp });
    bus.restore(book);
  }

  /**
   * Takes over the gaps that are open before the next message. The node that began one may have been cut off before
   * it could end it, or its end may have been deleted from the log unread: it ends with its market's next book,
   * unless the log says otherwise before.
   */
  resume(openGaps: readonly Gap[]): void {
    for (const gap of openGaps) {
      // Markets are identified by the same object that their messages have.
      const market = this.#subjects.read(marketSubject('book', gap.market))?.market;
      if (market === null || market === undefined) continue;
      const state = this.#of(market);
      const others = state.open.filter((open) => open.gap.start !== gap.start);
      state.open = [...others, { gap, rawStart: gap.start }];
    }
  }

  /**
   * Messages were deleted from the log before they were read.
   * @param openGaps see {@link resume}
   * @param since until when nothing is missing, Unix ms: where the gaps of markets without a book yet
   * begin
   */
  doubt(openGaps: readonly Gap[], since: number): void {
    this.#missingFrom = since;
    this.resume(openGaps);
  }

  #takeBook(market: Market, entry: LogEntry): Promise<void> | void {
    const message = decodeBook(entry.data);
    const state = this.#of(market);
    if (message.p >= entry.seq || message.w >= entry.seq || this.#isUnread(state, message.p))
      return this.#takeAstray(state, message, entry);
    if (message.p === 0 || state.seq === message.p || state.seq >= entry.seq)
      return this.#publish(state, message, entry);
    return this.#takeBehind(state, message, entry);
  }

  /** Takes a book whose writer names another one before it than the market's last that was read. */
  async #takeBehind(state: MarketBooks, message: BookMessage, entry: LogEntry): Promise<void> {
    if (message.p < state.seq && !(await this.#isThere(state, entry.subject)))
      Object.assign(state, { lost: LOG_UNREADABLE, unfounded: true, seq: message.p });
    else await this.#find(state, message.p, entry.subject);
    try {
      this.#publish(state, message, entry);
    } catch (error) {
      this.#leaveOut(entry, error);
    }
  }

  /**
   * Whether a market's last book that was read still has its number, or that was deleted. If not, the servers have
   * given numbers that were read to other messages, which nobody reads any more. If so, two nodes wrote at once.
   */
  async #isThere({ seq, book }: MarketBooks, subject: string): Promise<boolean> {
    const entry = await this.#parts.fetch(seq);
    if (entry === null || book === null) return true;
    const message = entry.subject === subject ? ifOurs(() => bookOf(entry)) : null;
    return message?.e === book.exchangeTimestamp && contentHash(message) === contentOf(book);
  }

  /** Whether a book should have been read before the next one of its market, and was not. */
  #isUnread({ seq }: MarketBooks, before: number): boolean {
    return seq > 0 && before > seq && before > this.#unread;
  }

  /**
   * Takes a book that names one before it which was not read, though all before it was: that one could not be, or
   * the server that this node reads from has other messages than the one that leads the log.
   * @throws {Error} in the latter case: it must be read from another server
   */
  async #takeAstray(state: MarketBooks, message: BookMessage, entry: LogEntry): Promise<void> {
    const led = await this.#parts.fetch(entry.seq);
    if (
      led !== null &&
      (led.subject !== entry.subject || !Buffer.from(led.data).equals(entry.data))
    )
      throw new Error(`the NATS servers differ about message ${entry.seq} of the log`);
    try {
      bookOf(entry);
      Object.assign(state, { lost: LOG_UNREADABLE, unfounded: true, seq: message.p });
      this.#publish(state, message, entry);
    } catch (error) {
      this.#leaveOut(entry, error);
    }
  }

  /** Looks for the book before one, where it has not been read. */
  async #find(state: MarketBooks, seq: number, subject: string): Promise<void> {
    const { fetch, stored, base } = this.#parts;
    const entry = await fetch(seq);
    const message = entry?.subject === subject ? ifOurs(() => bookOf(entry)) : null;
    if (entry !== null && message !== null) {
      state.book = this.#toBook(state.market, message, entry, message.t, base);
      state.seq = seq;
      return;
    }
    const book = await stored(state.market, state.seq);
    state.unfounded = book?.sequence !== base + seq;
    state.lost = state.unfounded ? LOG_FULL : null;
    state.book = book;
    state.seq = seq;
  }

  #publish(state: MarketBooks, message: BookMessage, entry: LogEntry): void {
    const { bus, base } = this.#parts;
    // If a market's books began with this node's first message, `p` may be a book that retention deleted.
    const before = message.p === 0 ? null : state.book;
    const { lost } = state;
    const timestamp = this.#timeOf(message.t, entry.at);
    this.#lastTimestamp = timestamp;
    const book = this.#toBook(state.market, message, entry, timestamp, base);
    // Its writer says how it differs from the previous book, if that is the one that was read.
    const known = lost !== null || state.seq !== message.p ? null : message.changes;
    const changes = before === null ? message : (known ?? difference(before, book));
    state.lost = null;
    if (message.w === 0) state.unfounded = false;
    const wholeAt = message.w === 0 || state.unfounded ? null : base + message.w;
    const asks = wholeAt !== null ? changes.asks : withVanished(message.asks, changes.asks);
    const bids = wholeAt !== null ? changes.bids : withVanished(message.bids, changes.bids);
    this.#endGap(state, message.t, timestamp);
    if (state.open.length > 0) this.#endGaps(state, message.t, timestamp);
    if (lost !== null) {
      const start = before?.timestamp ?? this.#missingFrom ?? timestamp;
      this.#reportLost(state.market, Math.min(start, timestamp), timestamp, lost);
    }
    if (state.book instanceof LoggedBook) state.book.forget();
    state.book = book;
    state.seq = entry.seq;
    state.newestAt = timestamp;
    const previous = before?.sequence ?? null;
    const stored = { wholeAt, asks, bids };
    bus.publishBook(
      new LoggedEvent(book, changes, { previous, afterGap: message.g || lost !== null, stored }),
    );
  }

  /**
   * Open gaps end with a book after them. A node that takes over writes its gaps before the books that it kept:
   * one of those may be from before a gap, or be the book at which it begins. Where its timestamp is later than
   * its collector gave it, the gap begins there: no book lies inside a gap.
   */
  #endGaps(state: MarketBooks, rawTime: number, timestamp: number): void {
    const { gaps } = this.#parts.bus;
    state.open = state.open.flatMap((open) => {
      const { gap, rawStart } = open;
      const { start } = gap;
      if (rawStart < rawTime) {
        gaps.publish({ ...gap, end: Math.max(start, timestamp) });
        return [];
      }
      if (start >= timestamp) return [open];
      const later = { ...gap, start: timestamp };
      for (const part of [{ ...gap, end: start }, later]) gaps.publish(part);
      return [{ gap: later, rawStart }];
    });
  }

  /** A gap ends with the timestamp of the book after it, which may be later than its message said. */
  #endGap(state: MarketBooks, rawTime: number, timestamp: number): void {
    const { ended } = state;
    state.ended = null;
    if (ended === null || ended.rawEnd !== rawTime) return;
    const end = Math.max(ended.gap.start, timestamp);
    if (end !== ended.gap.end) this.#parts.bus.gaps.publish({ ...ended.gap, end });
  }

  #reportLost(
    market: Market,
    start: number,
    end: number,
    why: Pick<Gap, 'cause' | 'detail'> = LOG_FULL,
  ): void {
    this.#parts.onLost?.({ market, start, end, ...why, attempts: 0 });
  }

  /**
   * When a book counts as received: at its collector's time, but not after it reached the log, by the
   * server's clock, and not before the book numbered before it. Collectors on several machines have
   * several clocks, and time must rise with sequence.
   */
  #timeOf(raw: number, at: number): number {
    return Math.max(this.#lastTimestamp, Math.min(raw, at));
  }

  #toBook(
    market: Market,
    message: BookMessage,
    { seq }: LogEntry,
    timestamp: number,
    base: number,
  ): LoggedBook {
    return new LoggedBook(
      { market, timestamp, exchangeTimestamp: message.e, sequence: base + seq },
      message,
    );
  }

  #takeOther(kind: string, market: Market, entry: LogEntry): void {
    const { bus, base, onRecording } = this.#parts;
    switch (kind) {
      case 'trade': {
        const trade = shaped('trade', decodeMessage<TradeMessage>(entry.data));
        bus.trades.publish({ ...trade, market, sequence: base + entry.seq });
        return;
      }
      case 'coverage': {
        const { term, ...record } = shaped('coverage', decodeMessage<CoverageMessage>(entry.data));
        if (this.#isOver(market, term)) return;
        bus.coverage.publish({ ...record, market });
        return;
      }
      case 'span': {
        const {
          term,
          fill = null,
          ...span
        } = shaped('span', decodeMessage<SpanMessage>(entry.data));
        if (this.#isOver(market, term)) return;
        // It depends on this trade and others after it, and not all of those were read.
        if (fill !== null && span.checked && fill <= this.#unread) {
          const lost = { ...LOG_FULL, completeness: 'GAP', checked: false } as const;
          bus.tradeSpans.publish({ ...span, ...lost, market });
          this.#parts.onFillLost?.(market, span);
        } else bus.tradeSpans.publish({ ...span, market });
        return;
      }
      case 'recording': {
        const { recording, at, term } = shaped(
          'recording',
          decodeMessage<RecordingMessage>(entry.data),
        );
        if (!this.#isOver(market, term)) onRecording?.(market, recording, at);
      }
    }
  }

  /** Whether another writer has begun since a message's own began. */
  #isOver({ exchange }: Market, term: number): boolean {
    return term < (this.#terms.get(exchange) ?? 0);
  }

  #takeGap(market: Market, entry: LogEntry): Promise<void> | void {
    const { term, ...message } = shaped('gap', decodeMessage<GapMessage>(entry.data));
    if (this.#isOver(market, term)) return;
    const state = this.#of(market);
    if (state.newestAt !== null) return this.#publishGap(state, message, entry.at);
    return this.#parts.newestAt(market).then((newestAt) => {
      state.newestAt = newestAt ?? 0;
      this.#publishGap(state, message, entry.at);
    });
  }

  /**
   * A gap comes in the log after the last book before it. That book may have a later timestamp than its
   * collector gave it, and then the gap begins there: no book lies inside a gap.
   */
  #publishGap(state: MarketBooks, message: Omit<GapMessage, 'term'>, at: number): void {
    const start = Math.max(message.start, state.newestAt!);
    const rawEnd = message.end;
    const end = rawEnd === null ? null : Math.max(start, this.#timeOf(rawEnd, at));
    const gap: Gap = { ...message, market: state.market, start, end };
    state.ended = rawEnd === null ? null : { gap, rawEnd };
    const others = state.open.filter((open) => open.gap.start !== start);
    state.open = end === null ? [...others, { gap, rawStart: message.start }] : others;
    this.#parts.bus.gaps.publish(gap);
  }

  #takeGeneral(kind: string, entry: LogEntry): void {
    const { bus, onRedate, onAlive } = this.#parts;
    if (kind === 'log') bus.logs.publish(shaped('log', decodeMessage<LogMessage>(entry.data)));
    else if (kind === 'redate') onRedate?.(shaped('redate', decodeMessage<Redate>(entry.data)));
    else if (kind === 'alive') {
      const exchange = entry.subject.slice('alive.'.length);
      if (!isExchange(exchange)) return;
      const { t, node, begins } = shaped('alive', decodeMessage<AliveMessage>(entry.data));
      if (begins === true) this.#terms.set(exchange, entry.seq);
      onAlive?.(exchange, Math.min(t, entry.at), node);
    }
  }

  #of(market: Market): MarketBooks {
    let state = this.#markets.get(market);
    if (state === undefined) {
      state = {
        market,
        book: null,
        seq: 0,
        newestAt: null,
        unfounded: false,
        lost: null,
        ended: null,
        open: NONE,
      };
      this.#markets.set(market, state);
    }
    return state;
  }
}

function contentOf(book: OrderBook): string {
  return contentHash(sideTexts(book));
}

/** What changed between two books, as text. */
function difference(before: OrderBook, after: OrderBook): SideTexts {
  return {
    asks: encodeLevels(diffSide('ask', before.asks, after.asks)),
    bids: encodeLevels(diffSide('bid', before.bids, after.bids)),
  };
}

/** The text of a side stored whole: its levels, then those that vanished. */
function withVanished(levels: string, changes: string): string {
  if (!changes.includes(VANISHED)) return levels;
  const gone = decodeLevels(changes).filter(([, volume]) => volume === '0');
  if (levels === '[]') return encodeLevels(gone);
  return `${levels.slice(0, -1)},${encodeLevels(gone).slice(1)}`;
}

/** How the text of a vanished level ends. */
const VANISHED = ',"0"]';

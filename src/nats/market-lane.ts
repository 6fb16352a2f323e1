import type { BookEvent } from '../bus.js';
import { type Market, marketKey } from '../market/market.js';
import type { Span, TradeLoss, TradePiece } from '../market/trade-span.js';
import type { BookItem, LaneItem, TradeItem, WordItem } from './lane-items.js';
import type { LogEntry } from './log-stream.js';
import {
  type BookMessage,
  contentHash,
  encodeBook,
  encodeMessage,
  type SideTexts,
  sideTexts,
} from './messages.js';
import type { LogWriter, Outcome, Outgoing } from './log-writer.js';
import { type LogKind, marketSubject } from './subjects.js';
import type { Term } from './term.js';
import { absorb } from './waiting-words.js';

/** The newest book of a market in the log. */
export interface LastBook {
  readonly seq: number;
  readonly message: BookMessage;
}

/** What a lane asks of its owner. */
export interface LaneHost {
  readonly writer: Pick<LogWriter, 'write'>;
  readonly term: Pick<Term, 'number' | 'standing'>;
  /** A changed book this long after the market's last whole one is stored whole, ms. */
  readonly snapshotEveryMs: number;
  /** The market's last message in the log is not the one that this node wrote. */
  moved(lane: MarketLane): void;
  /** Something has been acknowledged. */
  settled(lane: MarketLane, item: LaneItem): void;
  /** This many messages were acknowledged but do not count, and wait once more. */
  again(messages: number): void;
  /** The statements about the trades of a time go into the log as a gap. */
  doubted?(lane: MarketLane, loss: Omit<TradeLoss, 'market'>): void;
  /** A book is not in the log, but one that is newer by the exchange's time, received at `newest`, is. */
  late?(lane: MarketLane, newest: number): void;
}

/** The least amount of changes that may follow a whole book, characters of text; as in the store. */
const LEAST_ROOM = 64 * 1024;

/**
 * Writes the messages of one market into the log, one after the other: each book expects the one
 * before it, so that only one of two writers can succeed.
 */
export class MarketLane {
  readonly market: Market;
  readonly key: string;
  readonly #host: LaneHost;
  readonly #subject: string;
  #queue: LaneItem[] = [];
  #underWay: LaneItem | null = null;
  #newest: number | null = null;
  /** Ends what was under way when the lane was abandoned. */
  #term = 0;
  /** The newest book in the log, and the last message of its subject on the server; 0 = none. */
  #last = 0;
  #expected = 0;
  /** The newest trade in the log, 0 = none: trades, too, can only be written by the node that knows it. */
  #lastTrade = 0;
  /** Trades from the history that are on their way, and the first since there were none. */
  #fills = 0;
  #firstFill: TradeItem | undefined;
  /** Statements in the log that do not count if another node began a term before them. */
  #open: WordItem[] = [];
  /** How often each content has occurred at the newest time of the exchange. */
  #ids = new Map<string, number>();
  #idsOf: number | null = null;
  /** The collectors' number of the newest book in the log if this node wrote it, else null. */
  #lastOwn: number | null = null;
  /** The newest whole book: its number, its time and how many more changes may follow it. */
  #whole = { seq: 0, t: 0, room: 0 };
  /** Callers that wait until this many more messages are in the log. */
  readonly #waiters = new Set<{ left: number; readonly settle: () => void }>();
  /** Whether the book under way is stored whole, and its size, characters of text. */
  #sent = { whole: false, weight: 0 };

  constructor(market: Market, host: LaneHost) {
    this.market = market;
    this.key = marketKey(market);
    this.#host = host;
    this.#subject = marketSubject('book', market);
  }

  /** Messages that wait or are under way. */
  get waiting(): number {
    return this.#queue.length + (this.#underWay === null ? 0 : 1);
  }

  /** Settles when all of those are in the log, or the lane is abandoned. */
  written(): Promise<void> {
    if (this.waiting === 0) return Promise.resolve();
    return new Promise((settle) => this.#waiters.add({ left: this.waiting, settle }));
  }

  /** When the oldest of them was received, Unix ms; null if there is none. */
  get oldest(): number | null {
    return (this.#underWay ?? this.#queue[0])?.receivedAt ?? null;
  }

  /** Whether a gap, of books or of trades, is among them. */
  get gapWaits(): boolean {
    return (this.#underWay !== null && isGap(this.#underWay)) || this.#queue.some(isGap);
  }

  /** The exchange's times of the trades that wait or are on their way; null when there are none. */
  get tradesWaiting(): Span | null {
    const items = this.#underWay === null ? this.#queue : [this.#underWay, ...this.#queue];
    const times = items.flatMap((item) => (item.kind === 'trade' ? [item.tradedAt] : []));
    return times.length === 0
      ? null
      : times.reduce(
          ({ start, end }, t) => ({ start: Math.min(start, t), end: Math.max(end, t + 1) }),
          { start: Infinity, end: 0 },
        );
  }

  /** When the newest book in the log or on its way was received, Unix ms; null = none. */
  get newest(): number | null {
    return this.#newest;
  }

  /**
   * Begins after what is in the log, with a whole book.
   * @param last the market's newest book there
   * @param lastTrade the number of its newest trade there, 0 = none
   * @param foreign the number of what another program wrote after the book, 0 = nothing
   */
  begin(last: LastBook | null, lastTrade: number, foreign = 0): void {
    this.#term++;
    this.#queue = [];
    this.#underWay = null;
    this.#newest = last?.message.t ?? null;
    this.#lastTrade = lastTrade;
    this.#fills = 0;
    this.#open = [];
    for (const { settle } of this.#waiters) settle();
    this.#waiters.clear();
    this.#resume(last, foreign > 0 ? foreign : (last?.seq ?? 0));
  }

  /** The kind of the refused message: the newest one of that kind is looked up. */
  get refused(): LogKind {
    return this.#underWay?.kind ?? 'book';
  }

  /** Number of the newest book in the log that this lane knows; 0 = none. */
  get known(): number {
    return this.#last;
  }

  /**
   * After {@link LaneHost.moved}: goes on after the newest message of the refused kind.
   * @param books those after {@link known} up to it, newest first
   */
  resume(last: LogEntry | null, books: readonly LastBook[] = []): void {
    const refused = this.#underWay;
    this.#underWay = null;
    let late = 0;
    if (refused?.kind === 'trade') {
      this.#lastTrade = last?.seq ?? 0;
      if (last !== null && sameBytes(encodeMessage(refused.message), last.data))
        this.#done(refused, last.seq);
      else this.#queue.unshift(refused);
    } else {
      this.#resume(books[0] ?? null, last?.seq ?? 0);
      if (refused !== null) this.#queue.unshift(refused);
      if (books.length > 0) late = this.#leaveOut(books, refused);
    }
    this.#next();
    // Last: what it adds would otherwise begin to be sent, and the next book of the queue beside it.
    while (late-- > 0) this.#host.late?.(this, books[0]!.message.t);
  }

  /**
   * Leaves out the books that wait and come too late, behind another node's newer one: they are there already, or
   * what they showed is in nobody's log.
   * @returns how many of the latter there were
   */
  #leaveOut(books: readonly LastBook[], refused: LaneItem | null): number {
    const [newest] = books;
    let late = 0;
    this.#queue = this.#queue.filter((item) => {
      if (item.kind !== 'book') return true;
      // A book without a time may come back to what it was: only of the first one that is asked.
      const timed = item.event.book.exchangeTimestamp !== null;
      const isItem = sameAs(item.event);
      const covered = (timed || item === refused) && books.some(({ message }) => isItem(message));
      if (!covered && !isOlder(item.event, newest!.message)) return true;
      if (!covered) late++;
      this.#done(item, newest!.seq);
      return false;
    });
    return late;
  }

  /** Writes an item after all those before it. @returns false if it was merged into one that waits */
  add(item: LaneItem): boolean {
    if (item.kind === 'book') this.#newest = item.event.book.timestamp;
    else if (item.kind === 'trade') {
      if (item.fill === true && this.#fills++ === 0) this.#firstFill = item;
    } else {
      if (item.kind === 'span' && this.#fills > 0) item.behind = this.#firstFill!;
      const absorbed = absorb(this.#queue, item);
      if (absorbed !== null) {
        if (absorbed.doubted !== null) this.#host.doubted?.(this, absorbed.doubted);
        return false;
      }
    }
    this.#queue.push(item);
    if (this.#underWay === null) this.#next();
    return true;
  }

  /** Its node's term was over and has begun again: what was lost meanwhile is written again. */
  goOn(): void {
    if (this.#underWay === null) this.#next();
  }

  /** Puts statements that turn out not to count before everything that waits: they were made before it. */
  #bringBack(): void {
    const { term } = this.#host;
    const standing = ({ term: of, seq }: WordItem) => term.standing(of!, seq!);
    // They are in the order of the log: while it is open for the first, it is for all.
    if (this.#open.length === 0 || standing(this.#open[0]!) === 'OPEN') return;
    const lost = this.#open.filter((item) => standing(item) === 'LOST');
    this.#open = this.#open.filter((item) => standing(item) === 'OPEN');
    if (lost.length === 0) return;
    this.#queue.unshift(...lost);
    for (const waiter of this.#waiters) waiter.left += lost.length;
    this.#host.again(lost.length);
  }

  #resume(last: LastBook | null, expected: number): void {
    // A book that retention deleted from the log was still the last one.
    this.#last = last?.seq ?? this.#last;
    this.#expected = expected;
    this.#lastOwn = null;
    this.#whole = { seq: 0, t: 0, room: 0 };
  }

  #next(): void {
    this.#bringBack();
    const item = this.#queue.shift();
    if (item === undefined) return;
    this.#underWay = item;
    const term = this.#term;
    const outgoing =
      item.kind === 'book'
        ? this.#book(item)
        : item.kind === 'trade'
          ? this.#trade(item)
          : this.#word(item);
    const settle = (outcome: Outcome): void => {
      if (term === this.#term) this.#settle(item, outcome);
    };
    this.#host.writer.write(outgoing, settle, this.#queue.length > 0);
  }

  #settle(item: LaneItem, outcome: Outcome): void {
    if (outcome.kind === 'MOVED') {
      this.#host.moved(this);
      return;
    }
    this.#underWay = null;
    if (item.kind === 'trade') this.#lastTrade = Math.max(this.#lastTrade, outcome.seq);
    if (item.kind === 'book' && !outcome.duplicate) this.#written(item.event, outcome.seq);
    if (item.kind === 'book' && outcome.duplicate) this.#foundThere(outcome.seq);
    this.#done(item, outcome.seq);
    this.#next();
  }

  /** An item is in the log. */
  #done(item: LaneItem, seq: number): void {
    if (item.kind !== 'book') item.seq = seq;
    if (item.kind === 'trade' && item.fill === true) this.#fills--;
    else if (item.kind !== 'book' && item.kind !== 'trade') this.#open.push(item);
    for (const waiter of this.#waiters) {
      if (--waiter.left > 0) continue;
      this.#waiters.delete(waiter);
      waiter.settle();
    }
    this.#host.settled(this, item);
  }

  /** One of our books is the newest in the log. */
  #written({ book }: BookEvent, seq: number): void {
    const { whole, weight } = this.#sent;
    if (whole) this.#whole = { seq, t: book.timestamp, room: Math.max(LEAST_ROOM, weight) };
    else this.#whole.room -= weight;
    this.#last = seq;
    this.#expected = seq;
    this.#lastOwn = book.sequence;
  }

  /** It was written before, by us or by another node; whether as a whole book is unknown. */
  #foundThere(seq: number): void {
    if (seq <= this.#expected) return;
    this.#last = seq;
    this.#expected = seq;
    this.#lastOwn = null;
    this.#whole = { seq: 0, t: 0, room: 0 };
  }

  #book(item: BookItem): Outgoing {
    const { book, previous, afterGap } = item.event;
    const { timestamp: t, exchangeTimestamp: e } = book;
    const sides = sideTexts(book);
    const changes =
      previous === null || previous !== this.#lastOwn ? null : sideTexts(item.event.changes);
    const age = t - this.#whole.t;
    const weight = changes === null ? Infinity : weightOf(changes);
    const whole =
      afterGap ||
      this.#whole.seq === 0 ||
      age >= this.#host.snapshotEveryMs ||
      age < 0 ||
      weight > this.#whole.room;
    this.#sent = { whole, weight: whole ? weightOf(sides) : weight };
    const w = whole ? 0 : this.#whole.seq;
    item.id ??= `${this.key} ${e ?? `at ${t}`} ${this.#place(item.event, sides)}`;
    return {
      subject: this.#subject,
      data: encodeBook({ t, e, g: afterGap, p: this.#last, w, ...sides, changes }),
      id: item.id,
      expected: this.#expected,
    };
  }

  /**
   * What distinguishes a book from others of the same exchange time: its contents, and how often they
   * occurred before at that time. The first one after a gap never equals another.
   */
  #place({ book, afterGap }: BookEvent, sides: SideTexts): string {
    const contents = contentHash(sides);
    if (afterGap) return `${contents} after a gap, ${book.timestamp}`;
    if (book.exchangeTimestamp !== this.#idsOf) {
      this.#ids.clear();
      this.#idsOf = book.exchangeTimestamp;
    }
    const times = this.#ids.get(contents) ?? 0;
    this.#ids.set(contents, times + 1);
    return times === 0 ? contents : `${contents} ${times}`;
  }

  #trade({ message, id }: TradeItem): Outgoing {
    return {
      subject: marketSubject('trade', this.market),
      data: encodeMessage(message),
      // If this changed, a trade would get two ids, and two places in the log, while nodes of two versions
      // run.
      id: `${this.key} trade ${id}`,
      // Ids are forgotten after two minutes; NATS may be down for longer before the message is sent
      // again.
      expected: this.#lastTrade,
    };
  }

  #word(item: WordItem): Outgoing {
    const { kind, message, id, behind } = item;
    // Not the term in which it was made: it may have waited until another term began.
    const { number: term } = this.#host.term;
    item.term = term;
    const fill = behind === undefined ? {} : { fill: behind.seq };
    return {
      subject: marketSubject(kind, this.market),
      data: encodeMessage({ ...message, term, ...fill }),
      id: `${this.key} ${kind} ${id} ${term}`,
    };
  }
}

function isGap(item: LaneItem): boolean {
  if (item.kind !== 'span') return item.kind === 'gap';
  return (item.message as Partial<TradePiece>).completeness === 'GAP';
}

function weightOf({ asks, bids }: SideTexts): number {
  return asks.length + bids.length;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/** Tells whether a book in the log is this one: by its contents and the exchange's time, if there is one. */
function sameAs({ book }: BookEvent): (message: BookMessage) => boolean {
  const { exchangeTimestamp: e } = book;
  const contents = contentHash(sideTexts(book));
  return (message) =>
    (e === null || message.e === null || e === message.e) && contentHash(message) === contents;
}

function isOlder({ book: { exchangeTimestamp: e } }: BookEvent, message: BookMessage): boolean {
  return e !== null && message.e !== null && e < message.e;
}

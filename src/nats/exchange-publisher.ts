import { setTimeout as pause } from 'node:timers/promises';
import type { BookEvent, Bus } from '../bus.js';
import type { CoverageMinute } from '../market/coverage.js';
import type { Exchange } from '../market/exchange.js';
import type { Gap } from '../market/gap.js';
import { type Market, marketKey } from '../market/market.js';
import { type Trade, tradeContents } from '../market/trade.js';
import { MOST_LAG_MS, type Span } from '../market/trade-span.js';
import { CoverageHandover, newestMinutes } from './coverage-handover.js';
import { GapHandover } from './gap-handover.js';
import type { HeardFills } from './heard-fills.js';
import { KeptItems } from './kept-items.js';
import type { BookItem, LaneItem, TradeItem, WordItem } from './lane-items.js';
import { booksBefore, type LogEnds, readEnds } from './log-ends.js';
import type { LogStream } from './log-stream.js';
import type { LogWriter } from './log-writer.js';
import { type LastBook, MarketLane } from './market-lane.js';
import { contentHash, sideTexts } from './messages.js';
import { ReadLag } from './read-lag.js';
import { marketSubject } from './subjects.js';
import { type Before, Term } from './term.js';
import { TradeIds } from './trade-ids.js';

/** What has been left out since the process started: books, and minutes of coverage of a market. */
interface LeftOut {
  readonly books: number;
  readonly minutes: number;
}

/** Trades of a market, by the exchange's time, that a node received but did not get to write. */
export interface UnwrittenTrades extends Span {
  readonly market: Market;
}

/** The settings of a publisher. */
export interface PublisherOptions {
  readonly exchange: Exchange;
  /** This node. */
  readonly node: string;
  /** What the collectors of the exchange publish. */
  readonly bus: Bus;
  readonly stream: LogStream;
  readonly writer: LogWriter;
  readonly snapshotEveryMs: number;
  /** Whether books are recorded; trades and coverage always are. */
  readonly books: boolean;
  /** How long a standby keeps what it receives, ms. */
  readonly keepMs?: number;
  /** Messages that may wait for the log: beyond that no books or trades are added, beyond twice that no coverage. */
  readonly maxWaiting?: number;
  /** What other nodes write from the history; closed with the publisher. */
  readonly fills?: Pick<HeardFills, 'take' | 'close'>;
  /** Current time, Unix ms; a standstill of the program must have been noticed before, as a gap. */
  readonly now: () => number;
  /** Called with true when books begin to be left out, with false when there is room again. */
  readonly onFull: (full: boolean, leftOut: LeftOut) => void;
  /** The log has a newer book than this node wrote: another node is writing too. */
  readonly onMoved: () => void;
}

/** Why something that was received is not in the log. */
const TOO_FAST = 'books and trades came faster than the bus took them';
const OVERTAKEN = 'another node wrote a newer book, and this one is in no log';
const AWAY = 'the bus was away for longer than a standby keeps what it receives';

/** The statement about trades that are not in the log. */
const LOST = { completeness: 'GAP', cause: 'BUS_FAILED', checked: false } as const;

const KEEP_MS = 30_000;
const MAX_WAITING = 100_000;
const ALIVE_MS = 1_000;
/** What was received this long ago may be written once more: NATS remembers ids for 2 minutes, and drops it. */
const REMEMBERED_MS = 90_000;
/** A book received this long after its exchange's time, at most, was not read late, ms. */
const PROMPT_MS = 1_000;
/** A refused market goes on after this time, ms: by then the lease has shown whether this node still writes. */
const REFUSED_MS = 1_500;
/** The log is queried again after this time, ms. */
const ASK_AGAIN_MS = 500;
/** How often to check whether everything is in the log, ms. */
const LOOK_MS = 20;

/**
 * Takes what the collectors of one exchange publish. As standby it keeps the last 30 s; as primary
 * it writes it into the log, beginning with what its predecessor did not write.
 */
export class ExchangePublisher {
  readonly #options: PublisherOptions;
  readonly #lanes = new Map<string, MarketLane>();
  readonly #byObject = new WeakMap<Market, MarketLane>();
  readonly #keepMs: number;
  readonly #maxWaiting: number;
  readonly #kept: KeptItems;
  readonly #minutes: CoverageHandover;
  readonly #term: Term;
  readonly #tradeIds = new TradeIds();
  readonly #gaps: GapHandover;
  readonly #lag = new ReadLag();
  /** For each market, whether it is recorded. */
  readonly #recorded = new Map<string, { market: Market; recording: boolean; at: number }>();
  /** Markets whose books are being left out, and since when. */
  readonly #leftOut = new Map<string, Gap>();
  #primary = false;
  #promotions = 0;
  /** What the log ended with when this node began to write. */
  #before: LogEnds = { books: new Map(), foreign: new Map(), trades: new Map() };
  #full = false;
  #leftOutCount = 0;
  #leftOutMinutes = 0;
  #waiting = 0;
  #serial = 0;
  readonly #alive: NodeJS.Timeout;
  readonly #unfollow: (() => void)[];

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#keepMs = options.keepMs ?? KEEP_MS;
    this.#kept = new KeptItems(this.#keepMs);
    this.#gaps = new GapHandover({
      keepMs: this.#keepMs,
      now: options.now,
      current: (market) => options.bus.current(market),
      write: ({ market, ...gap }) => this.#write(market, 'gap', gap),
    });
    this.#minutes = new CoverageHandover({
      now: options.now,
      write: (record) => this.#writeMinute(record),
      newest: () =>
        this.#ask(() => newestMinutes(options.stream, options.exchange, this.#term.number)),
    });
    this.#term = new Term({
      ...options,
      coveredUntil: (t, vouched) => this.#coveredUntil(t, vouched),
    });
    this.#maxWaiting = options.maxWaiting ?? MAX_WAITING;
    const { bus } = options;
    this.#unfollow = [
      ...(options.books ? [bus.books.on((event) => this.#book(event))] : []),
      bus.trades.on((trade) => this.#trade(trade)),
      bus.gaps.on((gap) => this.#gap(gap)),
      bus.tradeSpans.on(({ market, ...span }) => {
        if (this.#primary) this.#write(market, 'span', span);
      }),
      bus.coverage.on((record) => this.#minutes.add(record, this.#primary)),
    ];
    this.#alive = setInterval(() => {
      if (this.#primary) this.#term.beat();
    }, ALIVE_MS);
    this.#alive.unref();
  }

  /** Whether it writes. */
  get primary(): boolean {
    return this.#primary;
  }

  /** Number of the message that began its term; 0 before the first. */
  get term(): number {
    return this.#term.number;
  }

  /** Messages that wait for the log. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Books left out because too many waited, since the process began. */
  get droppedBooks(): number {
    return this.#leftOutCount;
  }

  /** A market starts or stops being recorded. */
  setRecording(market: Market, recording: boolean): void {
    const at = this.#options.now();
    this.#recorded.set(marketKey(market), { market, recording, at });
    if (this.#primary) this.#write(market, 'recording', { recording, at });
  }

  /**
   * Trades were deleted from the log before they were stored. Those that are filled in again, or come in a
   * snapshot, would be mistaken for the lost ones, whose ids the server remembers for two minutes.
   * @param end until when they are lost, Unix ms: the same for all nodes, so that what two of them fill in counts
   * once
   */
  refillAfter(end: number): void {
    this.#tradeIds.refillAfter(end);
  }

  /**
   * Writes from now on, first what the log lacks.
   * @param openGaps gaps of its markets that are open according to the log
   * @throws {Error} when the log cannot be read
   */
  async promote(openGaps: readonly Gap[]): Promise<Before> {
    const { stream, exchange } = this.#options;
    const before = await this.#term.begin();
    const { aliveAt } = before;
    const ends = await readEnds(stream, exchange);
    const { books } = ends;
    this.#primary = true;
    this.#promotions++;
    this.#waiting = 0;
    this.#before = { ...ends, books: new Map(books) };
    for (const lane of this.#lanes.values()) this.#begin(lane);
    for (const { market, recording, at } of this.#recorded.values())
      this.#write(market, 'recording', { recording, at });
    const missing = this.#kept.missing(books, aliveAt);
    this.#gaps.takeOver(before, openGaps, missing);
    for (const [key, { market, first, since }] of missing) {
      if (since === null) continue;
      this.#gaps.writeDue(key, first!.receivedAt);
      this.#addDropped(market, first!, since, books.get(key), aliveAt);
    }
    if (aliveAt !== null) this.#loseDropped(aliveAt);
    // What is kept of a quiet exchange goes back further than NATS remembers ids.
    const written = Math.min(aliveAt ?? -Infinity, this.#options.now() - REMEMBERED_MS);
    for (const [i, market, item] of this.#kept.entries()) {
      const key = marketKey(market);
      if (item.kind === 'book' ? i < missing.get(key)!.from : item.receivedAt < written) continue;
      if (item.kind === 'book') this.#gaps.writeDue(key, item.receivedAt);
      else if (item.contents !== undefined && this.#options.fills?.take(market, item.contents))
        continue;
      this.#add(market, item);
    }
    this.#gaps.writeRest();
    void this.#minutes.takeOver(aliveAt);
    return before;
  }

  /** Ends gaps that the previous node left open when this one began to write. */
  endGaps(openGaps: readonly Gap[]): void {
    if (this.#primary) this.#gaps.end(openGaps);
  }

  /**
   * Begins its term again if that is over: only for the node that holds the lease.
   * @throws {Error} when the log cannot be read
   */
  async goOn(): Promise<void> {
    if (!this.#primary || !this.#term.over) return;
    await this.#term.resume();
    for (const lane of this.#lanes.values()) lane.goOn();
  }

  /** From now on keeps what it receives and writes nothing. @returns trades that are not, or may not be, in the log */
  demote(): UnwrittenTrades[] {
    if (!this.#primary) return [];
    this.#primary = false;
    this.#waiting = 0;
    const unwritten: UnwrittenTrades[] = [];
    for (const lane of this.#lanes.values()) {
      const span = lane.tradesWaiting;
      if (span !== null) unwritten.push({ ...span, market: lane.market });
      lane.begin(null, 0);
    }
    this.#leftOut.clear();
    this.#gaps.demote();
    return unwritten;
  }

  /** Settles when everything received of a market is in the log, or when this node does not write. */
  async written(market: Market): Promise<void> {
    if (this.#primary) await this.#lanes.get(marketKey(market))?.written();
  }

  /** Settles when everything received has been acknowledged, or after this time, ms. */
  async drain(timeoutMs: number): Promise<boolean> {
    const end = performance.now() + timeoutMs;
    while (this.#waiting > 0 && performance.now() < end) {
      await pause(LOOK_MS);
    }
    return this.#waiting === 0;
  }

  /** Writes a last sign of life. @param closed whether the node shuts down */
  async farewell(closed: boolean): Promise<void> {
    if (this.#primary) await this.#term.farewell(closed);
  }

  /** Ends it. */
  close(): void {
    this.#primary = false;
    clearInterval(this.#alive);
    for (const stop of this.#unfollow) stop();
    this.#options.fills?.close();
    this.#kept.clear();
  }

  #book(event: BookEvent): void {
    const item: BookItem = { kind: 'book', event, receivedAt: event.book.timestamp };
    const { market } = event.book;
    this.#kept.add(market, item);
    if (event.previous !== null && !event.afterGap) this.#lag.add(event.book);
    if (!this.#primary) return;
    this.#gaps.endBefore(event);
    if (!this.#hasRoom()) return this.#leaveOut(event);
    const left = this.#leftOut.size === 0 ? undefined : this.#leftOut.get(marketKey(market));
    if (left === undefined) return this.#add(market, item);
    this.#leftOut.delete(marketKey(market));
    this.#gaps.write({ ...left, end: Math.max(left.start, event.book.timestamp) });
    this.#add(market, { ...item, event: { ...event, afterGap: true } });
  }

  #trade(trade: Trade): void {
    const { market } = trade;
    // Its number is that of the message.
    const message = { ...trade, market: undefined, sequence: undefined };
    const { exchangeTimestamp, timestamp: receivedAt } = trade;
    const id = this.#tradeIds.of(trade);
    const fill = trade.origin === 'BACKFILL';
    const tradedAt = exchangeTimestamp;
    const contents = trade.idKind === 'STREAM' ? tradeContents(trade) : undefined;
    const item: TradeItem = { kind: 'trade', message, id, receivedAt, tradedAt, contents, fill };
    // One whose id is of the history alone may be in the log as the stream brought it. Who takes over doubts what is
    // said of its trades, and asks for what is missing.
    if (trade.idKind !== 'REST') this.#kept.add(market, item);
    if (!this.#primary) return;
    if (this.#hasRoom()) this.#add(market, item);
    else this.#loseTrades(market, exchangeTimestamp, exchangeTimestamp + 1, TOO_FAST);
  }

  /** When a market began that has nothing in the log yet, Unix ms. */
  #beganAt(market: Market, aliveAt: number | null): number | null {
    const at = this.#recorded.get(marketKey(market))?.at ?? null;
    return at === null ? null : Math.max(at, aliveAt ?? at);
  }

  /**
   * Writes the state of a market before what is kept of it, which the log lacks.
   * @param since when the first book came that the log lacks, Unix ms
   * @param last the market's newest book in the log
   * @param aliveAt until when the log has everything that its writer read, Unix ms; null = nobody wrote
   */
  #addDropped(
    market: Market,
    item: BookItem,
    since: number,
    last: LastBook | undefined,
    aliveAt: number | null,
  ): void {
    const end = item.receivedAt;
    const covered = last === undefined ? this.#beganAt(market, aliveAt) : aliveAt;
    // The writer may have received the book later than this node, or would have: it did not have it, nor what
    // may have come before.
    const same =
      last === undefined || contentHash(last.message) === contentHash(sideTexts(item.event.book));
    if (covered === null || (covered >= end && same)) return this.#add(market, item);
    const why = { cause: 'BUS_FAILED', detail: AWAY, attempts: 0 } as const;
    // Its last book may have come after the newest sign of life. When that was says nothing if it was read late.
    const { t, e } = last?.message ?? { t: covered, e: null };
    const known = e !== null && t - e <= PROMPT_MS && t <= since ? t : covered;
    this.#gaps.write({ market, start: Math.min(Math.max(covered, known), since), end, ...why });
    this.#add(market, { ...item, event: { ...item.event, afterGap: true } });
  }

  /** Reports as lost the trades that are no longer kept and came after what the log has. */
  #loseDropped(aliveAt: number): void {
    const start = aliveAt - MOST_LAG_MS;
    for (const { market, receivedAt } of this.#kept.droppedTrades()) {
      const end = receivedAt + 1;
      if (end <= aliveAt) continue;
      if (this.#recorded.get(marketKey(market))?.recording === true)
        this.#loseTrades(market, start, end, AWAY);
      // It is no longer collected, so its collectors cannot report it or ask its exchange.
      else this.#write(market, 'span', { start, end, ...LOST, detail: AWAY });
    }
  }

  /** What its collectors reported about that time is wrong: they ask the exchange for what is missing. */
  #loseTrades(market: Market, start: number, end: number, detail: string): void {
    const { bus } = this.#options;
    bus.tradeLosses.publish({ market, start, end, cause: 'BUS_FAILED', detail });
  }

  #gap(gap: Gap): void {
    const leftOut = this.#leftOut.get(marketKey(gap.market));
    // The time from which books are left out is a gap already, until the next book.
    const known = leftOut !== undefined && gap.start >= leftOut.start;
    if (this.#primary && !known) this.#gaps.write(gap);
    this.#gaps.keep(gap);
  }

  #writeMinute({ market, ...record }: CoverageMinute): void {
    // Minutes cannot be merged, and their counts matter less than books.
    if (!this.#hasRoom() && this.#waiting >= 2 * this.#maxWaiting) this.#leftOutMinutes++;
    else this.#write(market, 'coverage', record);
  }

  #leaveOut({ book }: BookEvent): void {
    this.#leftOutCount++;
    const key = marketKey(book.market);
    if (this.#leftOut.has(key)) return;
    const opened: Gap = {
      market: book.market,
      start: Math.min(this.#lane(book.market).newest ?? book.timestamp, book.timestamp),
      end: null,
      cause: 'BUS_FAILED',
      detail: TOO_FAST,
      attempts: 0,
    };
    this.#leftOut.set(key, opened);
    this.#gaps.write(opened);
  }

  /** As in the store's queue: once full, only when half of it is free again. */
  #hasRoom(): boolean {
    const full = this.#full
      ? this.#waiting > this.#maxWaiting / 2
      : this.#waiting >= this.#maxWaiting;
    if (full !== this.#full) {
      this.#full = full;
      this.#options.onFull(full, { books: this.#leftOutCount, minutes: this.#leftOutMinutes });
    }
    return !full;
  }

  #write(market: Market, kind: WordItem['kind'], message: object): void {
    const { node, now } = this.#options;
    this.#add(market, { kind, message, id: `${node} ${this.#serial++}`, receivedAt: now() });
  }

  #add(market: Market, item: LaneItem): void {
    this.#waiting++;
    if (!this.#lane(market).add(item)) this.#waiting--;
  }

  /** Until when everything is in the log: see {@link TermParts.coveredUntil}. */
  #coveredUntil(now: number, vouched: number): number {
    // What has been sent since then may lie unread in a socket.
    let t = now - this.#lag.look();
    if (this.#waiting === 0) return t;
    for (const lane of this.#lanes.values()) {
      // A gap since then is waiting: a node that takes over before it is in the log would count that time as
      // covered.
      if (lane.gapWaits) t = Math.min(t, vouched);
      t = Math.min(t, (lane.oldest ?? t + 1) - 1);
    }
    return t;
  }

  #lane(market: Market): MarketLane {
    let lane = this.#byObject.get(market);
    if (lane !== undefined) return lane;
    const key = marketKey(market);
    lane = this.#lanes.get(key) ?? this.#newLane(market, key);
    this.#byObject.set(market, lane);
    return lane;
  }

  /** Lets a lane begin after what was in the log when this node began to write; needed only once. */
  #begin(lane: MarketLane): void {
    const { books, foreign, trades } = this.#before;
    const { key } = lane;
    lane.begin(books.get(key) ?? null, trades.get(key) ?? 0, foreign.get(key));
    for (const ends of [books, foreign, trades]) ends.delete(key);
  }

  #newLane(market: Market, key: string): MarketLane {
    const { bus, writer, snapshotEveryMs } = this.#options;
    const lane = new MarketLane(market, {
      writer,
      term: this.#term,
      snapshotEveryMs,
      moved: (moved) => void this.#moved(moved),
      settled: () => {
        if (this.#waiting > 0) this.#waiting--;
      },
      doubted: ({ market: of }, loss) => bus.tradeLosses.publish({ market: of, ...loss }),
      again: (messages) => (this.#waiting += messages),
      late: (of, newest) => {
        this.#leftOutCount++;
        const at = { start: newest, end: newest };
        const why = { cause: 'BUS_FAILED', detail: OVERTAKEN, attempts: 0 } as const;
        this.#gaps.write({ market: of.market, ...at, ...why });
      },
    });
    this.#begin(lane);
    this.#lanes.set(key, lane);
    return lane;
  }

  /** Another node wrote, or retention deleted the last book: goes on after what is there, if allowed. */
  async #moved(lane: MarketLane): Promise<void> {
    const { stream, onMoved } = this.#options;
    onMoved();
    const promotion = this.#promotions;
    await pause(REFUSED_MS);
    const found = await this.#ask(async () => {
      const last = await stream.last(marketSubject(lane.refused, lane.market));
      const books = lane.refused === 'book' ? await booksBefore(stream, last, lane.known) : [];
      return { last, books };
    }, promotion);
    if (found !== null) lane.resume(found.last, found.books);
  }

  /** Queries the log until it answers; null when this node has stopped writing meanwhile, or begun again. */
  async #ask<T>(question: () => Promise<T>, promotion = this.#promotions): Promise<T | null> {
    const over = (): boolean => !this.#primary || promotion !== this.#promotions;
    while (!over()) {
      try {
        const answer = await question();
        return over() ? null : answer;
      } catch {
        // The bus is down; there is time until it is back.
        await pause(ASK_AGAIN_MS);
      }
    }
    return null;
  }
}

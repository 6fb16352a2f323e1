import type { BookEvent, Bus } from '../bus.js';
import type { Exchange } from '../market/exchange.js';
import type { Gap } from '../market/gap.js';
import { type Market, marketKey } from '../market/market.js';
import type { Trade } from '../market/trade.js';
import { MOST_LAG_MS } from '../market/trade-span.js';
import { KeptItems } from './kept-items.js';
import { booksBefore, type LogEnds, readEnds } from './log-ends.js';
import type { LogStream } from './log-stream.js';
import type { LogWriter } from './log-writer.js';
import { type LaneItem, MarketLane, type WordItem } from './market-lane.js';
import { marketSubject } from './subjects.js';
import { Term } from './term.js';
import { TradeIds } from './trade-ids.js';

/** How a publisher is set up. */
export interface PublisherOptions {
  readonly exchange: Exchange;
  /** This node. */
  readonly node: string;
  /** What the collectors of the exchange say. */
  readonly bus: Bus;
  readonly stream: LogStream;
  readonly writer: LogWriter;
  readonly snapshotEveryMs: number;
  /** Whether books are recorded; trades and coverage are in any case. */
  readonly books: boolean;
  /** How long a standby keeps what it receives, ms. */
  readonly keepMs?: number;
  /** Messages that may wait for the log. */
  readonly maxWaiting?: number;
  /** Present time, Unix ms; a standstill of the program must have been noticed before, as a gap. */
  readonly now: () => number;
  /** Called with true when books begin to be left out, with false when there is room again. */
  readonly onFull: (full: boolean, leftOut: number) => void;
  /** The log has a newer book than this node wrote: another node writes, too. */
  readonly onMoved: () => void;
}

/** Why what was received is not in the log. */
const TOO_FAST = 'books and trades came faster than the bus took them';
const OVERTAKEN = 'another node wrote a newer book, and this one is in no log';
const AWAY = 'the bus was away for longer than a standby keeps what it receives';

const KEEP_MS = 30_000;
const MAX_WAITING = 100_000;
const ALIVE_MS = 1_000;
/** A refused market goes on after this time, ms: by then the lease has said whether this node still writes. */
const REFUSED_MS = 1_500;

/**
 * Takes what the collectors of one exchange publish. As standby it keeps the last 30 s of it; as
 * primary it writes it into the log, beginning with what the primary before it did not.
 */
export class ExchangePublisher {
  readonly #options: PublisherOptions;
  readonly #lanes = new Map<string, MarketLane>();
  readonly #byObject = new WeakMap<Market, MarketLane>();
  readonly #keepMs: number;
  readonly #maxWaiting: number;
  readonly #kept: KeptItems;
  readonly #term: Term;
  readonly #tradeIds = new TradeIds();
  /** Of each market: its gaps that may be of use to who takes over, and whether it is recorded. */
  readonly #gaps = new Map<string, Gap[]>();
  readonly #recorded = new Map<string, { market: Market; recording: boolean; at: number }>();
  /** Markets whose books are being left out, and since when. */
  readonly #leftOut = new Map<string, Gap>();
  /** Gaps of the writer before that end with their market's next book, of which this node has had none. */
  readonly #inherited = new Map<string, Gap>();
  /** Where gaps begin in the log that had begun earlier for this node, when another one wrote. */
  readonly #begun = new Map<string, number>();
  #primary = false;
  #promotions = 0;
  /** What the log ended with when this node began to write. */
  #before: LogEnds = { books: new Map(), foreign: new Map(), trades: new Map() };
  #full = false;
  #leftOutCount = 0;
  #waiting = 0;
  #serial = 0;
  readonly #alive: NodeJS.Timeout;
  readonly #unfollow: (() => void)[];

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#keepMs = options.keepMs ?? KEEP_MS;
    this.#kept = new KeptItems(this.#keepMs, options.now());
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
      bus.coverage.on(({ market, ...record }) => {
        if (this.#primary) this.#write(market, 'coverage', record);
      }),
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

  /** A market is, or is no longer, being recorded. */
  setRecording(market: Market, recording: boolean): void {
    const at = this.#options.now();
    this.#recorded.set(marketKey(market), { market, recording, at });
    if (this.#primary) this.#write(market, 'recording', { recording, at });
  }

  /**
   * Trades went from the log before they were stored. Those that are filled in again, or are in a snapshot, would
   * be taken for the lost ones, which the server knows by their ids for two minutes.
   * @param end until when they are lost, Unix ms: the same for all nodes, so that what two of them fill in is one
   */
  refillAfter(end: number): void {
    this.#tradeIds.refillAfter(end);
  }

  /**
   * Writes from now on, first what the log lacks.
   * @param openGaps gaps of its markets that last, as far as the log says
   * @throws {Error} when the log cannot be read
   */
  async promote(openGaps: readonly Gap[]): Promise<void> {
    if (this.#primary) return;
    const { stream, exchange } = this.#options;
    const aliveAt = await this.#term.begin();
    const ends = await readEnds(stream, exchange);
    const { books } = ends;
    this.#primary = true;
    this.#promotions++;
    this.#waiting = 0;
    this.#before = { ...ends, books: new Map(books) };
    for (const lane of this.#lanes.values()) this.#begin(lane);
    for (const { market, recording, at } of this.#recorded.values())
      this.#write(market, 'recording', { recording, at });
    const first = this.#kept.firstMissing(books);
    this.#writeGaps(aliveAt, openGaps, first);
    this.#endGaps(aliveAt, openGaps, first);
    const lost = aliveAt !== null && this.#kept.pruned && this.#kept.from > aliveAt;
    if (lost) {
      for (const { market, recording } of this.#recorded.values())
        if (recording) this.#loseTrades(market, aliveAt - MOST_LAG_MS, this.#kept.from, AWAY);
    }
    // The ring of a quiet exchange goes back further than NATS remembers ids.
    const written = Math.min(aliveAt ?? -Infinity, this.#options.now() - this.#keepMs);
    for (const [i, market, item] of this.#kept.entries()) {
      if (item.kind === 'trade' && item.receivedAt < written) continue;
      if (item.kind === 'book') {
        const key = marketKey(market);
        const from = first.get(key) ?? 0;
        if (i < from) continue;
        if (lost && i === from && books.has(key)) {
          const end = Math.max(aliveAt, item.event.book.timestamp);
          this.#writeGap({
            market,
            start: aliveAt,
            end,
            cause: 'BUS_FAILED',
            detail: AWAY,
            attempts: 0,
          });
        }
      }
      this.#add(market, item);
    }
  }

  /** Ends gaps that the node before left and that lasted when this one had begun to write. */
  endGaps(openGaps: readonly Gap[]): void {
    if (this.#primary) this.#endGaps(null, openGaps, new Map());
  }

  /** Begins its term again if that is over: only for the node that has the lease. @throws {Error} when the log cannot be read */
  async goOn(): Promise<void> {
    if (!this.#primary || !this.#term.over) return;
    await this.#term.resume();
    for (const lane of this.#lanes.values()) lane.goOn();
  }

  /** Keeps what it receives from now on, and writes nothing. */
  demote(): void {
    if (!this.#primary) return;
    this.#primary = false;
    this.#waiting = 0;
    for (const lane of this.#lanes.values()) lane.begin(null, 0);
    this.#leftOut.clear();
    this.#begun.clear();
    this.#inherited.clear();
  }

  /** Settles when what was received of a market is in the log, or this node does not write. */
  async written(market: Market): Promise<void> {
    if (this.#primary) await this.#lanes.get(marketKey(market))?.written();
  }

  /** Settles when all that was received has been acknowledged, or after so long, ms. */
  async drain(timeoutMs: number): Promise<boolean> {
    const end = performance.now() + timeoutMs;
    while (this.#waiting > 0 && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return this.#waiting === 0;
  }

  /** Writes a last sign of life. @param closed whether the node ends */
  async farewell(closed: boolean): Promise<void> {
    if (this.#primary) await this.#term.farewell(closed);
  }

  /** Ends it. */
  close(): void {
    this.#primary = false;
    clearInterval(this.#alive);
    for (const stop of this.#unfollow) stop();
    this.#kept.clear();
  }

  #book(event: BookEvent): void {
    const item: LaneItem = { kind: 'book', event, receivedAt: event.book.timestamp };
    const { market } = event.book;
    this.#kept.add(market, item);
    if (!this.#primary) return;
    if (this.#inherited.size > 0) this.#endInherited(event);
    if (!this.#hasRoom()) return this.#leaveOut(event);
    const left = this.#leftOut.size === 0 ? undefined : this.#leftOut.get(marketKey(market));
    if (left === undefined) return this.#add(market, item);
    this.#leftOut.delete(marketKey(market));
    this.#writeGap({ ...left, end: Math.max(left.start, event.book.timestamp) });
    this.#add(market, { ...item, event: { ...event, afterGap: true } });
  }

  #trade(trade: Trade): void {
    const { market } = trade;
    // Its number is that of the message.
    const message = { ...trade, market: undefined, sequence: undefined };
    const { exchangeTimestamp, timestamp: receivedAt } = trade;
    const id = this.#tradeIds.of(trade);
    const fill = trade.origin === 'BACKFILL';
    const item: LaneItem = { kind: 'trade', message, id, receivedAt, fill };
    this.#kept.add(market, item);
    if (!this.#primary) return;
    if (this.#hasRoom()) this.#add(market, item);
    else this.#loseTrades(market, exchangeTimestamp, exchangeTimestamp + 1, TOO_FAST);
  }

  /** What its collectors say of that time is wrong: they ask the exchange for what is missing. */
  #loseTrades(market: Market, start: number, end: number, detail: string): void {
    const { bus } = this.#options;
    bus.tradeLosses.publish({ market, start, end, cause: 'BUS_FAILED', detail });
  }

  #gap(gap: Gap): void {
    if (this.#primary) this.#writeGap(gap);
    const key = marketKey(gap.market);
    const known = (this.#gaps.get(key) ?? []).filter(({ start }) => start !== gap.start);
    const since = this.#options.now() - this.#keepMs;
    this.#gaps.set(key, [...known.filter(({ end }) => end === null || end > since), gap]);
  }

  #endInherited({ book: { market, timestamp } }: BookEvent): void {
    const key = marketKey(market);
    const gap = this.#inherited.get(key);
    if (gap === undefined) return;
    this.#inherited.delete(key);
    this.#writeGap({ ...gap, end: Math.max(gap.start, timestamp) });
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
    this.#writeGap(opened);
  }

  /** As the store's queue: once full, not before half of it is free again. */
  #hasRoom(): boolean {
    const full = this.#full
      ? this.#waiting > this.#maxWaiting / 2
      : this.#waiting >= this.#maxWaiting;
    if (full !== this.#full) {
      this.#full = full;
      this.#options.onFull(full, this.#leftOutCount);
    }
    return !full;
  }

  /** Writes the gaps of this node, as far as they lie after what the log covers. */
  #writeGaps(
    aliveAt: number | null,
    openGaps: readonly Gap[],
    first: ReadonlyMap<string, number>,
  ): void {
    const known = new Set(openGaps.map((gap) => gapKey(gap)));
    for (const [key, gaps] of this.#gaps) {
      for (const gap of gaps) {
        if (known.has(gapKey(gap))) {
          this.#writeGap(gap);
          continue;
        }
        // The book that ended it, or a later one, is in the log already: the writer before had no gap.
        const index = first.get(key);
        const next = index === undefined ? 0 : (this.#kept.at(index)?.receivedAt ?? Infinity);
        if (gap.end !== null && (gap.end < next || (aliveAt !== null && gap.end <= aliveAt)))
          continue;
        const start = Math.max(gap.start, aliveAt ?? gap.start);
        if (gap.end === null) this.#begun.set(gapKey(gap), start);
        this.#writeGap({ ...gap, start });
      }
    }
  }

  /** Ends the gaps that the node before left, where this node was not in the same. */
  #endGaps(
    aliveAt: number | null,
    openGaps: readonly Gap[],
    first: ReadonlyMap<string, number>,
  ): void {
    for (const gap of openGaps) {
      const key = marketKey(gap.market);
      const own = this.#gaps.get(key) ?? [];
      if (own.some(({ start }) => start === gap.start)) continue;
      const next = this.#kept.at(first.get(key) ?? Infinity);
      // Nothing that is not yet written: the market has a gap here, too, or no book since.
      const end = own.some(({ end: ended }) => ended === null)
        ? aliveAt
        : next?.kind === 'book'
          ? next.event.book.timestamp
          : this.#options.bus.current(gap.market)?.timestamp;
      if (end === null || end === undefined) this.#inherited.set(key, gap);
      else this.#writeGap({ ...gap, end: Math.max(gap.start, end) });
    }
  }

  #writeGap(given: Gap): void {
    const { market, ...gap } = { ...given, start: this.#begun.get(gapKey(given)) ?? given.start };
    if (gap.end !== null) this.#begun.delete(gapKey(given));
    this.#write(market, 'gap', gap);
  }

  #write(market: Market, kind: WordItem['kind'], message: object): void {
    const { node, now } = this.#options;
    this.#add(market, { kind, message, id: `${node} ${this.#serial++}`, receivedAt: now() });
  }

  #add(market: Market, item: LaneItem): void {
    this.#waiting++;
    this.#lane(market).add(item);
  }

  /** Until when all is in the log: see {@link TermParts.coveredUntil}. */
  #coveredUntil(t: number, vouched: number): number {
    if (this.#waiting === 0) return t;
    for (const lane of this.#lanes.values()) {
      // A gap of the time since: whoever takes over before it is in the log would take that time for covered.
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

  /** Lets a lane begin behind what was in the log when this node began to write; it is needed once. */
  #begin(lane: MarketLane): void {
    const { books, foreign, trades } = this.#before;
    const { key } = lane;
    lane.begin(books.get(key) ?? null, trades.get(key) ?? 0, foreign.get(key));
    for (const ends of [books, foreign, trades]) ends.delete(key);
  }

  #newLane(market: Market, key: string): MarketLane {
    const { writer, snapshotEveryMs } = this.#options;
    const lane = new MarketLane(market, {
      writer,
      term: this.#term,
      snapshotEveryMs,
      moved: (moved) => void this.#moved(moved),
      settled: () => {
        if (this.#waiting > 0) this.#waiting--;
      },
      again: (messages) => (this.#waiting += messages),
      late: (of, newest) => {
        this.#leftOutCount++;
        const at = { start: newest, end: newest };
        const why = { cause: 'BUS_FAILED', detail: OVERTAKEN, attempts: 0 } as const;
        this.#writeGap({ market: of.market, ...at, ...why });
      },
    });
    this.#begin(lane);
    this.#lanes.set(key, lane);
    return lane;
  }

  /** Another node wrote, or retention took the last book: goes on behind what is there, if it may. */
  async #moved(lane: MarketLane): Promise<void> {
    const { stream, onMoved } = this.#options;
    onMoved();
    const promotion = this.#promotions;
    const over = (): boolean => !this.#primary || promotion !== this.#promotions;
    await new Promise((resolve) => setTimeout(resolve, REFUSED_MS));
    while (!over()) {
      try {
        const last = await stream.last(marketSubject(lane.refused, lane.market));
        const books = lane.refused === 'book' ? await booksBefore(stream, last, lane.known) : [];
        if (!over()) lane.resume(last, books);
        return;
      } catch {
        // The bus is away; there is time until it is back.
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    }
  }
}

function gapKey({ market, start }: Gap): string {
  return `${marketKey(market)} ${start}`;
}

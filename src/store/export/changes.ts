import type { Gap } from '../../market/gap.js';
import type { Level, Side, Sides } from '../../market/order-book.js';
import { BookReplay } from '../replay.js';
import type { BookSource } from '../book-source.js';
import { decodeLevels } from '../../market/level-text.js';
import { presentLevels } from '../levels.js';
import type { RebuiltBook, StoredRow } from '../rebuild.js';
import { type Cell, eachLevel, type RecordSink } from './columns.js';
import { tardisCells } from './shapes.js';

/** What a reader of a market's changes knows so far. */
interface Known {
  readonly ask: Map<string, string>;
  readonly bid: Map<string, string>;
  /** Whole book of the last row; null when rows have been skipped since. */
  base: number | null;
  /** Whether the last records were those of a whole book. */
  whole: boolean;
}

/** Levels in stored form, or parsed. */
type Levels = string | readonly Level[];

/** The best `depth` levels of each side of a book. */
export function cut(book: RebuiltBook, depth: number | undefined): RebuiltBook {
  if (depth === undefined || (book.asks.length <= depth && book.bids.length <= depth)) return book;
  return { ...book, asks: book.asks.slice(0, depth), bids: book.bids.slice(0, depth) };
}

/**
 * Changes in the tardis.dev format. A market's first book, and its first one after a gap, is a
 * snapshot: everything before it is to be forgotten. A whole book stored for other reasons only
 * yields its changes. So does one that directly follows a snapshot: readers only reset at a
 * snapshot that follows a change.
 */
export class ChangeWriter {
  readonly #source: BookSource;
  readonly #depth: number | undefined;
  readonly #sink: RecordSink;
  readonly #replay: BookReplay;
  readonly #known = new Map<number, Known>();
  #gaps: ReadonlyMap<number, Gap> = new Map();
  #part = 0;

  constructor(source: BookSource, depth: number | undefined, sink: RecordSink) {
    this.#source = source;
    this.#depth = depth;
    this.#sink = sink;
    this.#replay = new BookReplay(source);
  }

  async page(rows: readonly StoredRow[]): Promise<void> {
    this.#gaps = await this.#source.gapsBefore(rows);
  }

  take(row: StoredRow): void | Promise<void> {
    const known = this.#knownOf(row);
    // A stored delta is exactly what is to be written; nothing needs rebuilding.
    const stored = this.#depth === undefined && known.base === row.base;
    if (stored && row.base !== row.sequence) return this.#change(row, known, row.asks, row.bids);
    if (this.#depth === undefined && row.base === row.sequence) {
      return this.#whole(row, known, wholeSides(row));
    }
    return this.#rebuilt(row, known);
  }

  async #rebuilt(row: StoredRow, known: Known): Promise<void> {
    const book =
      this.#depth === undefined
        ? await this.#source.bookUpTo(row.marketId, row.sequence)
        : await this.#replay.apply(row);
    if (book !== null) this.#whole(row, known, cut(book, this.#depth));
  }

  #knownOf(row: StoredRow): Known {
    if (this.#source.part !== this.#part) {
      for (const known of this.#known.values()) known.base = null;
      this.#part = this.#source.part;
    }
    let known = this.#known.get(row.marketId);
    if (known === undefined) {
      // A reader that knows nothing gets a snapshot, as if it followed a change.
      known = { ask: new Map(), bid: new Map(), base: null, whole: false };
      this.#known.set(row.marketId, known);
    }
    return known;
  }

  /** Writes the changes of a whole book, or the book itself. */
  #whole(row: StoredRow, known: Known, book: Sides): void {
    const first = known.ask.size + known.bid.size === 0;
    const snapshot =
      // An empty book has no records to mark as a snapshot.
      book.asks.length + book.bids.length > 0 &&
      !known.whole &&
      (first || this.#gaps.has(row.sequence));
    if (snapshot) {
      known.ask.clear();
      known.bid.clear();
    }
    const asks = snapshot ? book.asks : changed(known.ask, book.asks);
    const bids = snapshot ? book.bids : changed(known.bid, book.bids);
    known.base = row.base;
    if (asks.length + bids.length > 0) this.#write(row, known, asks, bids, snapshot);
  }

  #change(row: StoredRow, known: Known, asks: Levels, bids: Levels): void {
    known.base = row.base;
    this.#write(row, known, asks, bids, false);
  }

  #write(row: StoredRow, known: Known, asks: Levels, bids: Levels, snapshot: boolean): void {
    const market = this.#source.markets.get(row.marketId)!;
    const head = [...tardisCells(market, row), snapshot ? 'true' : 'false'];
    // Bids first, as in tardis.dev's snapshots.
    this.#side(head, 'bid', bids, known.bid);
    this.#side(head, 'ask', asks, known.ask);
    known.whole = snapshot;
  }

  #side(head: readonly Cell[], side: Side, levels: Levels, known: Map<string, string>): void {
    this.#sink.addLevels(head, side, levels, []);
    const take = (price: string, volume: string): void => {
      if (volume === '0') known.delete(price);
      else known.set(price, volume);
    };
    eachLevel(levels, take);
  }
}

/** The existing levels of a whole row. */
function wholeSides({ asks, bids }: StoredRow): Sides {
  return {
    asks: presentLevels(decodeLevels(asks)),
    bids: presentLevels(decodeLevels(bids)),
  };
}

/** The levels of a whole side that are new or different, then the known ones it lacks. */
function changed(known: ReadonlyMap<string, string>, levels: readonly Level[]): Level[] {
  const changes = levels.filter(([price, volume]) => known.get(price) !== volume);
  const there = new Set(levels.map(([price]) => price));
  for (const price of known.keys()) if (!there.has(price)) changes.push([price, '0']);
  return changes;
}

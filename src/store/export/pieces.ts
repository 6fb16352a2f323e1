import type { Gap } from '../../market/gap.js';
import { diffSide } from '../../market/order-book.js';
import { BookReplay, type BookSource } from '../book-source.js';
import { decodeLevels } from '../levels.js';
import type { RebuiltBook, StoredRow } from '../rebuild.js';
import type { ExportOptions, Identified, Page } from '../store-types.js';
import { type Cell, type Column, columns, type RecordSink } from './columns.js';
import { Sampler } from './sampling.js';
import {
  BOOK_CELLS,
  type BookCells,
  CHANGE_COLUMNS,
  GAP_COLUMNS,
  marketCells,
  ROW_COLUMNS,
  shapeOf,
  tardisCells,
} from './shapes.js';

/** Rows read at a time, and the length of what has gathered in a sink that is worth taking out. */
const PAGE_ROWS = 1_000;
const FULL = 128 * 1024;

/** The part of {@link ExportOptions} that decides what is written. */
export type ShapeOptions = Pick<ExportOptions, 'shape' | 'from' | 'to' | 'every' | 'depth'>;

/** A place that an export has reached. */
export interface ExportPlace {
  readonly sequence: number;
  /** When its book was received, Unix ms. */
  readonly timestamp: number;
}

/** The columns of an export. */
export function exportColumns({ shape, every }: ShapeOptions): readonly Column[] {
  const { of } = shapeOf(shape);
  if (of === 'rows') return ROW_COLUMNS;
  if (of === 'changes') return CHANGE_COLUMNS;
  if (of === 'gaps') return GAP_COLUMNS;
  const { columns: ofBook } = BOOK_CELLS[shape]!;
  return every === undefined ? ofBook : [...columns('time', 'time'), ...ofBook];
}

/** Takes the rows of a source in their order and writes records of them. */
interface ShapeWriter {
  /** Called with each page before its rows. */
  page?(rows: readonly StoredRow[]): Promise<void>;
  /** Records due before a row of this time; yields whenever some were written. */
  before?(time: number): Generator<void>;
  take(row: StoredRow): void | Promise<void>;
  /** Records due after the last row. */
  rest?(): Generator<void>;
}

/**
 * Writes the books of a source into `sink`, in order of sequence. Pauses when the sink has become full,
 * and after each page.
 */
export async function* writeBooks(
  source: BookSource,
  options: ShapeOptions,
  sink: RecordSink,
): AsyncGenerator<ExportPlace | null> {
  const writer = await shapeWriter(source, options, sink);
  for (;;) {
    const rows = await source.next(PAGE_ROWS);
    if (rows.length === 0) break;
    await writer.page?.(rows);
    for (const row of rows) {
      if (writer.before !== undefined) {
        const due = writer.before(row.timestamp);
        while (due.next().done !== true) if (sink.length >= FULL) yield null;
      }
      const taken = writer.take(row);
      if (taken !== undefined) await taken;
      if (sink.length >= FULL) yield row;
    }
    yield rows.at(-1)!;
  }
  if (writer.rest !== undefined) {
    const due = writer.rest();
    while (due.next().done !== true) if (sink.length >= FULL) yield null;
  }
}

/**
 * Writes gaps into `sink`, oldest first, and pauses after each page.
 * @param page the gaps after an id
 */
export async function* writeGaps(
  page: (after: number | undefined) => Promise<Page<Identified<Gap>>>,
  sink: RecordSink,
): AsyncGenerator<null> {
  let after: number | undefined;
  for (;;) {
    const { items, more } = await page(after);
    for (const { value } of items) {
      const { market, start, end, cause, detail, attempts } = value;
      sink.add([...marketCells(market), start, end, cause, detail, attempts]);
    }
    yield null;
    if (!more) return;
    after = items.at(-1)!.id;
  }
}

async function shapeWriter(
  source: BookSource,
  options: ShapeOptions,
  sink: RecordSink,
): Promise<ShapeWriter> {
  const { of } = shapeOf(options.shape);
  if (of === 'rows') return rowWriter(source, sink);
  if (of === 'changes') return new ChangeWriter(source, options.depth, sink);
  const book = BOOK_CELLS[options.shape]!;
  return options.every === undefined
    ? bookWriter(source, book, options.depth, sink)
    : sampleWriter(source, book, { ...options, every: options.every }, sink);
}

/** The levels of each row as they are stored. */
function rowWriter(source: BookSource, sink: RecordSink): ShapeWriter {
  const heads = new Map([...source.markets].map(([id, market]) => [id, marketCells(market)]));
  return {
    take: (row) => {
      const before = [...heads.get(row.marketId)!, row.timestamp];
      const behind = [row.exchangeTimestamp, row.sequence];
      sink.addLevels(before, 'ask', decodeLevels(row.asks), behind);
      sink.addLevels(before, 'bid', decodeLevels(row.bids), behind);
    },
  };
}

/** The best `depth` levels of each side of a book. */
function cut(book: RebuiltBook, depth: number | undefined): RebuiltBook {
  if (depth === undefined || (book.asks.length <= depth && book.bids.length <= depth)) return book;
  return { ...book, asks: book.asks.slice(0, depth), bids: book.bids.slice(0, depth) };
}

/** A record of each book. */
function bookWriter(
  source: BookSource,
  { cells, changesOnly }: BookCells,
  depth: number | undefined,
  sink: RecordSink,
): ShapeWriter {
  const replay = new BookReplay(source);
  const written = new Map<number, readonly Cell[]>();
  return {
    take: async (row) => {
      const book = await replay.apply(row);
      if (book === null) return;
      const record = cells(source.markets.get(row.marketId)!, cut(book, depth));
      if (changesOnly !== undefined) {
        const last = written.get(row.marketId);
        if (last !== undefined && sameFrom(changesOnly[0], last, record)) return;
        written.set(row.marketId, record);
      }
      sink.add(record);
    },
  };
}

function sameFrom(start: number, a: readonly Cell[], b: readonly Cell[]): boolean {
  for (let i = start; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** A record of each market at each step. */
async function sampleWriter(
  source: BookSource,
  { cells }: BookCells,
  options: ShapeOptions & { readonly every: number },
  sink: RecordSink,
): Promise<ShapeWriter> {
  const { from, to, every, depth } = options;
  const replay = new BookReplay(source);
  const sampler = await Sampler.begin(source, { from, to, every }, (step, marketId, book) => {
    const shown = book === null ? null : cut(book, depth);
    sink.add([step, ...cells(source.markets.get(marketId)!, shown)]);
  });
  return {
    before: (time) => sampler.before(time),
    take: async (row) => {
      const book = await replay.apply(row);
      if (book !== null) sampler.put(row.marketId, book);
    },
    rest: () => sampler.rest(),
  };
}

/** What has been written of a market's changes. */
interface Written {
  readonly book: RebuiltBook;
  /** Whether its last records were those of a whole book. */
  readonly whole: boolean;
}

/**
 * Changes as tardis.dev has them. A market's first book, and its first one after a gap, is a
 * snapshot: all that was known is to be forgotten. A whole book that was stored for other reasons
 * brings its changes only. So does one that follows a snapshot directly: a reader forgets what it
 * knew only where a snapshot follows a change.
 */
class ChangeWriter implements ShapeWriter {
  readonly #source: BookSource;
  readonly #replay: BookReplay;
  readonly #depth: number | undefined;
  readonly #sink: RecordSink;
  readonly #written = new Map<number, Written>();
  #gaps: ReadonlyMap<number, Gap> = new Map();

  constructor(source: BookSource, depth: number | undefined, sink: RecordSink) {
    this.#source = source;
    this.#replay = new BookReplay(source);
    this.#depth = depth;
    this.#sink = sink;
  }

  async page(rows: readonly StoredRow[]): Promise<void> {
    this.#gaps = await this.#source.gapsBefore(rows);
  }

  async take(row: StoredRow): Promise<void> {
    const found = await this.#replay.apply(row);
    if (found === null) return;
    const book = cut(found, this.#depth);
    const before = this.#written.get(row.marketId);
    // An empty book has no records that could say that it is whole.
    const snapshot =
      book.asks.length + book.bids.length > 0 &&
      (before === undefined || (!before.whole && this.#gaps.has(row.sequence)));
    const asks = snapshot ? book.asks : diffSide('ask', before?.book.asks ?? [], book.asks);
    const bids = snapshot ? book.bids : diffSide('bid', before?.book.bids ?? [], book.bids);
    if (asks.length === 0 && bids.length === 0) return;
    const head = [
      ...tardisCells(this.#source.markets.get(row.marketId)!, book),
      snapshot ? 'true' : 'false',
    ];
    // Bids first, as the files of tardis.dev have a snapshot.
    this.#sink.addLevels(head, 'bid', bids, []);
    this.#sink.addLevels(head, 'ask', asks, []);
    this.#written.set(row.marketId, { book, whole: snapshot });
  }
}

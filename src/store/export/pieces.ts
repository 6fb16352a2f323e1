import type { Gap } from '../../market/gap.js';
import { marketFromKey, marketKey } from '../../market/market.js';
import type { Trade } from '../../market/trade.js';
import { completenessAt, type TradePiece } from '../../market/trade-span.js';
import { type BookSource, rowPages } from '../book-source.js';
import type { RebuiltBook, StoredRow } from '../rebuild.js';
import { BookReplay, type Replay, TopReplay } from '../replay.js';
import type { ExportOptions, Identified, Page } from '../reader-types.js';
import { ChangeWriter, cut } from './changes.js';
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
} from './shapes.js';
import { tradeCells } from './trade-cells.js';

/** Rows read at a time: at first, and once there turn out to be many. */
const FIRST_ROWS = 1_000;
const PAGE_ROWS = 4_000;

/** The part of {@link ExportOptions} that decides what is written. */
export type ShapeOptions = Pick<
  ExportOptions,
  'shape' | 'format' | 'from' | 'to' | 'every' | 'depth'
>;

/** Progress of an export. */
export interface ExportPlace {
  readonly sequence: number;
  /** The time of its book or trade, and of the first one of the export, Unix ms. */
  readonly timestamp: number;
  readonly first: number;
}

/** The columns of an export. */
export function exportColumns({ shape, format, every }: ShapeOptions): readonly Column[] {
  const { of } = shapeOf(shape);
  if (of === 'rows') return ROW_COLUMNS;
  if (of === 'changes') return CHANGE_COLUMNS;
  if (of === 'gaps') return GAP_COLUMNS;
  if (of === 'trades') return tradeCells(format).columns;
  const { columns: ofBook } = BOOK_CELLS[shape]!;
  return every === undefined ? ofBook : [...columns('time', 'time'), ...ofBook];
}

/** Takes the rows of a source in order and writes records for them. */
interface ShapeWriter {
  /** Called with each page before its rows. */
  page?(rows: readonly StoredRow[]): Promise<void>;
  /** Writes records due before a row of this time; yields whenever some were written. */
  before?(time: number): Generator<void>;
  take(row: StoredRow): void | Promise<void>;
  /** Writes records due after the last row. */
  rest?(): Generator<void>;
}

/** Writes a source's books into `sink`, by sequence; pauses when it is full, and at each page. */
export async function* writeBooks(
  source: BookSource,
  options: ShapeOptions,
  sink: RecordSink,
): AsyncGenerator<ExportPlace | null> {
  const writer = await shapeWriter(source, options, sink);
  let first: number | null = null;
  for await (const rows of rowPages(source, FIRST_ROWS, PAGE_ROWS)) {
    first ??= rows[0]!.timestamp;
    await writer.page?.(rows);
    for (const row of rows) {
      if (writer.before !== undefined) {
        const due = writer.before(row.timestamp);
        while (due.next().done !== true) if (sink.full) yield null;
      }
      const taken = writer.take(row);
      if (taken !== undefined) await taken;
      if (sink.full) yield place(row, first);
    }
    yield place(rows.at(-1)!, first);
  }
  if (writer.rest !== undefined) {
    const due = writer.rest();
    while (due.next().done !== true) if (sink.full) yield null;
  }
}

function place({ sequence, timestamp }: StoredRow, first: number): ExportPlace {
  return { sequence, timestamp, first };
}

const DAY_MS = 86_400_000;

/**
 * Writes trades into `sink` as they come, pausing when it is full and after each piece.
 * @param knownOn completeness of the trades of a day, by {@link marketKey}, given its start
 */
export async function* writeTrades(
  pieces: AsyncIterable<readonly Trade[]>,
  { format }: Pick<ShapeOptions, 'format'>,
  sink: RecordSink,
  knownOn: (day: number) => Promise<ReadonlyMap<string, readonly TradePiece[]>>,
): AsyncGenerator<ExportPlace> {
  const { cells, completeness } = tradeCells(format);
  let first: number | null = null;
  let day = -Infinity;
  let known: ReadonlyMap<string, readonly TradePiece[]> = new Map();
  for await (const trades of pieces) {
    for (const [i, trade] of trades.entries()) {
      const { sequence, exchangeTimestamp: timestamp } = trade;
      first ??= timestamp;
      // Trades come by time: each day is looked up once.
      if (completeness && timestamp >= day + DAY_MS) {
        day = timestamp - (timestamp % DAY_MS);
        known = await knownOn(day);
      }
      const spans = completeness ? (known.get(marketKey(trade.market)) ?? []) : [];
      sink.add(cells(trade, completenessAt(spans, timestamp)));
      if (sink.full || i === trades.length - 1) yield { sequence, timestamp, first };
    }
  }
}

/** Writes gaps into `sink`, oldest first, pausing at each page. @param page gaps after an id */
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

/** Writes the trade gaps into `sink`, pausing at each day. */
export async function* writeTradeGaps(
  days: AsyncIterable<ReadonlyMap<string, readonly TradePiece[]>>,
  sink: RecordSink,
): AsyncGenerator<null> {
  /** The last gap of each market, which may continue past midnight. */
  const open = new Map<string, TradePiece>();
  const write = (key: string, { start, end, cause, detail }: TradePiece): void => {
    sink.add([...marketCells(marketFromKey(key)), start, end, cause ?? 'UNREACHED', detail, 0]);
  };
  for await (const known of days) {
    for (const [key, gap] of open) {
      if (known.get(key)?.[0]?.start === gap.end) continue;
      write(key, gap);
      open.delete(key);
    }
    for (const [key, pieces] of known) {
      for (const piece of pieces) {
        if (piece.completeness !== 'GAP') continue;
        const before = open.get(key);
        const goesOn = before?.end === piece.start && before.cause === piece.cause;
        if (before !== undefined && !goesOn) write(key, before);
        open.set(key, goesOn ? { ...before, end: piece.end } : piece);
      }
    }
    yield null;
  }
  for (const [key, gap] of open) write(key, gap);
  yield null;
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

/** The levels of each row in stored form. */
function rowWriter(source: BookSource, sink: RecordSink): ShapeWriter {
  const heads = new Map([...source.markets].map(([id, market]) => [id, marketCells(market)]));
  return {
    take: (row) => {
      const before = [...heads.get(row.marketId)!, row.timestamp];
      const behind = [row.exchangeTimestamp, row.sequence];
      sink.addLevels(before, 'ask', row.asks, behind);
      sink.addLevels(before, 'bid', row.bids, behind);
    },
  };
}

/** One record per book. */
function bookWriter(
  source: BookSource,
  { cells, changesOnly, topOnly }: BookCells,
  depth: number | undefined,
  sink: RecordSink,
): ShapeWriter {
  const replay = replayOf(source, topOnly);
  const written = new Map<number, readonly Cell[]>();
  return {
    take: taking(replay, (row, book) => {
      const record = cells(source.markets.get(row.marketId)!, cut(book, depth));
      if (changesOnly !== undefined) {
        const last = written.get(row.marketId);
        if (last !== undefined && sameFrom(changesOnly[0], last, record)) return;
        written.set(row.marketId, record);
      }
      sink.add(record);
    }),
  };
}

/** The replay that rebuilds the books of a shape. */
function replayOf(source: BookSource, topOnly = false): Replay {
  return topOnly ? new TopReplay(source) : new BookReplay(source);
}

/** Passes on the book after each row, synchronously where possible. */
function taking(
  replay: Replay,
  write: (row: StoredRow, book: RebuiltBook) => void,
): ShapeWriter['take'] {
  const later = async (row: StoredRow, coming: Promise<RebuiltBook | null>): Promise<void> => {
    const book = await coming;
    if (book !== null) write(row, book);
  };
  return (row) => {
    const book = replay.apply(row);
    if (book instanceof Promise) return later(row, book);
    if (book !== null) write(row, book);
  };
}

function sameFrom(start: number, a: readonly Cell[], b: readonly Cell[]): boolean {
  for (let i = start; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** One record per market and step. */
async function sampleWriter(
  source: BookSource,
  { cells, topOnly }: BookCells,
  options: ShapeOptions & { readonly every: number },
  sink: RecordSink,
): Promise<ShapeWriter> {
  const { from, to, every, depth } = options;
  const replay = replayOf(source, topOnly);
  const sampler = await Sampler.begin(source, { from, to, every }, (step, marketId, book) => {
    const shown = book === null ? null : cut(book, depth);
    sink.add([step, ...cells(source.markets.get(marketId)!, shown)]);
  });
  return {
    before: (time) => sampler.before(time),
    take: taking(replay, (row, book) => sampler.put(row.marketId, book)),
    rest: () => sampler.rest(),
  };
}

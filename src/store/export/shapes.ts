import { midDecimal, subtractDecimal } from '../../market/decimal.js';
import { imbalanceOf } from '../../market/imbalance.js';
import type { Market } from '../../market/market.js';
import type { Level } from '../../market/order-book.js';
import type { RebuiltBook } from '../rebuild.js';
import { type Cell, type Column, columns, MARKET_COLUMNS } from './columns.js';

/** Formats of an export. */
export const FORMATS = ['json', 'ndjson', 'csv', 'parquet'] as const;

/** Format of an export. */
export type ExportFormat = (typeof FORMATS)[number];

/** What is exported for each book. */
export interface BookCells {
  readonly columns: readonly Column[];
  /** The record of a book, or of a step without one. */
  readonly cells: (market: Market, book: RebuiltBook | null) => Cell[];
  /** Whether only the best levels are needed. */
  readonly topOnly?: boolean;
  /** Whether a book that yields the same cells as the market's last one may be skipped. */
  readonly changesOnly?: readonly [from: number];
}

/** A shape of an export and its options. */
export interface Shape {
  /** What it consists of: stored levels, level changes, whole books, trades, or gaps. */
  readonly of: 'rows' | 'changes' | 'books' | 'trades' | 'gaps';
  readonly formats: readonly ExportFormat[];
  /** Whether `--every` may sample it and `--depth` limit it. */
  readonly every: boolean;
  readonly depth: boolean;
}

const ALL = { formats: FORMATS, every: false, depth: false } as const;
/** Shapes defined by another program, as CSV. */
const CSV = { formats: ['csv'], every: false, depth: false } as const;

/** Every shape by name. Those with underscores are tardis.dev's. */
export const SHAPES = {
  rows: { ...ALL, of: 'rows' },
  books: { ...ALL, of: 'books', every: true, depth: true },
  top: { ...ALL, of: 'books', every: true },
  trades: { ...ALL, of: 'trades' },
  gaps: { ...ALL, of: 'gaps' },
  incremental_book_L2: { ...CSV, of: 'changes', depth: true },
  book_snapshot_5: { ...CSV, of: 'books' },
  book_snapshot_25: { ...CSV, of: 'books' },
} as const satisfies Record<string, Shape>;

/** Name of a shape. */
export type ShapeName = keyof typeof SHAPES;

/** A shape by its name. */
export function shapeOf(name: ShapeName): Shape {
  return SHAPES[name];
}

const TIMES = [
  ...columns('time', 'timestamp exchangeTimestamp'),
  ...columns('integer', 'sequence'),
] as const;

/** Columns of `rows`. */
export const ROW_COLUMNS: readonly Column[] = [
  ...MARKET_COLUMNS,
  ...columns('time', 'timestamp'),
  ...columns('word', 'side'),
  ...columns('decimal', 'price volume'),
  ...columns('time', 'exchangeTimestamp'),
  ...columns('integer', 'sequence'),
];

/** Columns of `gaps`. */
export const GAP_COLUMNS: readonly Column[] = [
  ...MARKET_COLUMNS,
  ...columns('time', 'start end'),
  ...columns('word', 'cause'),
  ...columns('text', 'detail'),
  ...columns('integer', 'attempts'),
];

/** The first columns of every tardis.dev shape. */
export const TARDIS_COLUMNS: readonly Column[] = [
  ...columns('name', 'exchange symbol'),
  ...columns('micros', 'timestamp local_timestamp'),
];

/** Columns of `incremental_book_L2`. */
export const CHANGE_COLUMNS: readonly Column[] = [
  ...TARDIS_COLUMNS,
  ...columns('word', 'is_snapshot side'),
  ...columns('decimal', 'price amount'),
];

/** Cells of the first three columns of our own shapes. */
export function marketCells({ exchange, symbol, currency }: Market): Cell[] {
  return [exchange, symbol, currency];
}

/**
 * A market as tardis.dev writes it: the exchange in lower case, the symbol in the exchange's own
 * spelling, upper case. Coinone has two separate parts and no spelling for a pair.
 */
function tardisMarket({ exchange, symbol, currency, code }: Market): [string, string] {
  const id = exchange.toLowerCase();
  if (exchange === 'COINONE') return [id, `${symbol}-${currency}`];
  if (code !== undefined) return [id, code.toUpperCase()];
  if (exchange === 'UPBIT' || exchange === 'BITHUMB') return [id, `${currency}-${symbol}`];
  return [id, exchange === 'KORBIT' ? `${symbol}_${currency}` : `${symbol}-${currency}`];
}

const tardisMarkets = new WeakMap<Market, [string, string]>();

/** First cells of a tardis.dev record; like there, receipt stands in for a missing exchange time. */
export function tardisCells(
  market: Market,
  book: { readonly timestamp: number; readonly exchangeTimestamp: number | null },
): Cell[] {
  const { timestamp, exchangeTimestamp } = book;
  let known = tardisMarkets.get(market);
  if (known === undefined) tardisMarkets.set(market, (known = tardisMarket(market)));
  return [known[0], known[1], exchangeTimestamp ?? timestamp, timestamp];
}

/** Times and sequence of a book; all null without one. */
function bookTimes(book: RebuiltBook | null): Cell[] {
  return [book?.timestamp ?? null, book?.exchangeTimestamp ?? null, book?.sequence ?? null];
}

const BOOKS: BookCells = {
  columns: [...MARKET_COLUMNS, ...TIMES, ...columns('levels', 'asks bids')],
  cells: (market, book) => [
    ...marketCells(market),
    ...bookTimes(book),
    book?.asks ?? null,
    book?.bids ?? null,
  ],
};

/** The last result of {@link between}, with its prices. */
const lastBetween = new WeakMap<Market, readonly [ask: string, bid: string, ...Between]>();

/** Mid price and spread. */
type Between = readonly [mid: string, spread: string];

/** Mid price and spread of best prices. Prices change less often than books: only then are they computed. */
function between(market: Market, ask: string, bid: string): Between {
  const last = lastBetween.get(market);
  if (last?.[0] === ask && last[1] === bid) return [last[2], last[3]];
  const made: Between = [midDecimal(ask, bid), subtractDecimal(ask, bid)];
  lastBetween.set(market, [ask, bid, ...made]);
  return made;
}

const TOP: BookCells = {
  topOnly: true,
  columns: [
    ...MARKET_COLUMNS,
    ...TIMES,
    ...columns('decimal', 'bid bidVolume ask askVolume mid spread'),
    ...columns('ratio', 'imbalance'),
  ],
  cells: (market, book) => {
    const bid = book?.bids[0];
    const ask = book?.asks[0];
    const both = bid !== undefined && ask !== undefined;
    const [mid, spread] = both ? between(market, ask[0], bid[0]) : [null, null];
    // Written out for speed: there are many of them.
    return [
      market.exchange,
      market.symbol,
      market.currency,
      book?.timestamp ?? null,
      book?.exchangeTimestamp ?? null,
      book?.sequence ?? null,
      bid?.[0] ?? null,
      bid?.[1] ?? null,
      ask?.[0] ?? null,
      ask?.[1] ?? null,
      mid,
      spread,
      both ? imbalanceOf(bid[1], ask[1]) : null,
    ];
  },
};

/** `book_snapshot_5` and `book_snapshot_25`: a record whenever any of the best levels changes. */
function snapshot(depth: number): BookCells {
  const names = Array.from({ length: depth }, (_, i) =>
    ['asks', 'bids'].flatMap((side) => [`${side}[${i}].price`, `${side}[${i}].amount`]),
  );
  return {
    columns: [...TARDIS_COLUMNS, ...columns('decimal', names.flat().join(' '))],
    cells: (market, book) => {
      const cells = tardisCells(market, book!);
      const put = (level: Level | undefined): void => {
        cells.push(level?.[0] ?? null, level?.[1] ?? null);
      };
      for (let i = 0; i < depth; i++) {
        put(book!.asks[i]);
        put(book!.bids[i]);
      }
      return cells;
    },
    changesOnly: [TARDIS_COLUMNS.length],
  };
}

/** Cells of the shapes that consist of books. */
export const BOOK_CELLS: Readonly<Partial<Record<ShapeName, BookCells>>> = {
  books: BOOKS,
  top: TOP,
  book_snapshot_5: snapshot(5),
  book_snapshot_25: snapshot(25),
};

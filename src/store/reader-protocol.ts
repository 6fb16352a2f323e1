import type { Market } from '../market/market.js';
import type { OrderBook } from '../market/order-book.js';
import type { ExportChunk } from './export-text.js';
import type { ExportOptions, StoreReader } from './store-types.js';

/** What the reader needs to know when it starts. */
export interface ReaderOptions {
  /** Path of the database file, which exists. */
  readonly path: string;
}

/** An export that was begun. */
export interface ExportBegun {
  /** Its number in the calls that follow. */
  readonly id: number;
  /** Least and greatest sequence that it covers; null when it has no books. */
  readonly range: { readonly low: number; readonly high: number } | null;
}

/** The calls that the reader's thread answers. */
export interface ReaderService extends Pick<
  StoreReader,
  | 'bestPrices'
  | 'rows'
  | 'books'
  | 'gaps'
  | 'gapTotals'
  | 'coverage'
  | 'coverageMinutes'
  | 'logs'
  | 'exchanges'
  | 'markets'
  | 'wantedPatterns'
> {
  newestBook(market: Market): Promise<OrderBook | null>;
  bookAt(market: Market, at: number): Promise<OrderBook | null>;
  /** Fixes what is exported; then {@link exportNext} until null, or {@link exportEnd}. */
  exportBegin(options: ExportOptions): Promise<ExportBegun>;
  exportNext(id: number): Promise<ExportChunk | null>;
  exportEnd(id: number): void;
  close(): Promise<void>;
}

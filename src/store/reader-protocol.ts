import type { CollectorMemory } from '../market/collector-memory.js';
import type { ColumnBatch } from './export/column-batch.js';
import type { ExportPlace } from './export/pieces.js';
import type { ExportOptions, SeriesQuery, StoreReader } from './reader-types.js';
import type { LogEnd } from './store-types.js';

/** Startup options of the reader. */
export interface ReaderOptions {
  /** Path of the database file, which exists. */
  readonly path: string;
  /** Folder of the archive, which has what the database has deleted; absent = none. */
  readonly archivePath?: string | undefined;
}

/** A piece of an export. */
export interface ExportChunk {
  readonly text: string;
  /** Records written so far. */
  readonly records: number;
  /** Instead of text, the records of a Parquet file. */
  readonly batch?: ColumnBatch;
  /** The last book read; null when none was. */
  readonly place: ExportPlace | null;
}

/** An export that was started. */
export interface ExportBegun {
  /** Its number in the calls that follow. */
  readonly id: number;
  /** Lowest and highest sequence that it covers; null when it has no books. */
  readonly range: { readonly low: number; readonly high: number } | null;
}

/** Queries passed to the reader's thread unchanged. */
export const QUESTIONS = [
  'newestBook',
  'bookAt',
  'bestPrices',
  'bookCounts',
  'rows',
  'books',
  'bookPage',
  'trades',
  'tradesAfter',
  'hasTrades',
  'marketsWithTrades',
  'tradeSpans',
  'tradeCoverage',
  'tradeTotals',
  'gaps',
  'gapTotals',
  'coverage',
  'coverageMinutes',
  'breaks',
  'dayReport',
  'recordingStrips',
  'logs',
  'exchanges',
  'markets',
  'wantedPatterns',
  'unknownTrades',
  'newestTrade',
  'matchTrades',
  'hasTradeBefore',
  'tradeVolumes',
  'tradesKnown',
] as const satisfies readonly (keyof StoreReader | keyof CollectorMemory)[];

/** {@link QUESTIONS} with their parameters and results. */
export type Questions = Pick<
  StoreReader & Omit<CollectorMemory, keyof StoreReader>,
  (typeof QUESTIONS)[number]
>;

/** The calls answered by the reader's thread. */
export interface ReaderService extends Questions {
  /** Where in the log of several nodes the database ends; null if filled by a single process. */
  logEnd(): Promise<LogEnd | null>;
  /** The last sign of life of a recorder that does not run, Unix ms; null while it runs. */
  silentSince(): Promise<number | null>;
  /** Fixes what is exported; then {@link exportNext} until null, or {@link exportEnd}. */
  exportBegin(options: ExportOptions): Promise<ExportBegun>;
  /** Starts the text of a series, which is pulled like that of an export. */
  seriesBegin(query: SeriesQuery): Promise<number>;
  exportNext(id: number): Promise<ExportChunk | null>;
  exportEnd(id: number): void;
  close(): Promise<void>;
}

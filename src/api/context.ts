import type { Bus } from '../bus.js';
import type { CollectorControl } from '../market/collector-control.js';
import type { StoreReader } from '../store/reader-types.js';
import type { SequenceState, Store, StoreStats } from '../store/store-types.js';
import type { BookRoutes } from '../live/book-routes.js';
import type { BookTail } from '../live/book-tail.js';
import type { TradeTail } from '../live/trade-tail.js';
import type { LiveStreams } from '../live/live-streams.js';
import type { KnownMarkets } from './known-markets.js';
import type { RowBudget } from './paging.js';
import type { RecorderMeter } from './recorder-meter.js';
import type { VerdictWatch } from './verdict/watch.js';

/** What resolvers work with; the same for all operations. */
export interface ApiServices {
  readonly bus: Bus;
  readonly reader: StoreReader;
  readonly control: CollectorControl;
  readonly streams: LiveStreams;
  /** Every published book, by market. */
  readonly books: BookRoutes;
  /** The newest published books, for readers that must have every one. */
  readonly tail: BookTail;
  /** The same of trades. */
  readonly tradeTail: TradeTail;
  readonly markets: KnownMarkets;
  readonly sequences: () => SequenceState;
  /** The gap of books that the store could not keep, if a market was in one at a sequence. */
  readonly unkeptAt: Store['unkeptAt'];
  /** Rates and open gaps. */
  readonly meter: RecorderMeter;
  /** Whether it records all that it should, and why not. */
  readonly verdict: VerdictWatch;
  readonly stats: () => StoreStats;
  /** Version of the program. */
  readonly version: string;
}

/** Fields of an answer that are there as JSON text, in pieces, by their keys in the answer. */
export type ReadyTexts = Map<string, readonly string[]>;

/** Resolver context of one operation. Holds nothing of the request, so it may outlive it. */
export interface ApiContext extends ApiServices {
  /** Rows that the operation may still ask for. */
  readonly rows: RowBudget;
  /** Where a resolver of a field of the query leaves the text that takes the place of its value. */
  readonly texts: ReadyTexts;
}

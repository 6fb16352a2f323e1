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

/** Services available to every resolver; shared by all operations. */
export interface ApiServices {
  readonly bus: Bus;
  readonly reader: StoreReader;
  readonly control: CollectorControl;
  readonly streams: LiveStreams;
  /** Every published book, routed by market. */
  readonly books: BookRoutes;
  /** The most recently published books, for readers that must not miss one. */
  readonly tail: BookTail;
  /** The same for trades. */
  readonly tradeTail: TradeTail;
  readonly markets: KnownMarkets;
  readonly sequences: () => SequenceState;
  /**
   * The gap a market was in at a given sequence because the store could not keep its books, if any.
   */
  readonly unkeptAt: Store['unkeptAt'];
  /** Rates and open gaps. */
  readonly meter: RecorderMeter;
  /** Whether everything that should be recorded is, and if not, why. */
  readonly verdict: VerdictWatch;
  readonly stats: () => StoreStats;
  /** Version of the program. */
  readonly version: string;
}

/** Fields of a response that already exist as JSON text, in pieces, by response key. */
export type ReadyTexts = Map<string, readonly string[]>;

/** Resolver context of one operation. Holds nothing of the request, so it may outlive it. */
export interface ApiContext extends ApiServices {
  /** Rows the operation may still request. */
  readonly rows: RowBudget;
  /** Where the resolver of a query field leaves the text that replaces its value. */
  readonly texts: ReadyTexts;
}

import type { Bus } from '../bus.js';
import type { CollectorControl } from '../collector/collector-control.js';
import type { StoreReader } from '../store/store-types.js';
import type { BookStreams } from './book-streams.js';
import type { RowBudget } from './paging.js';

/** What resolvers work with; the same for all operations. */
export interface ApiServices {
  readonly bus: Bus;
  readonly reader: StoreReader;
  readonly control: CollectorControl;
  readonly streams: BookStreams;
}

/** Resolver context of one operation. Holds nothing of the request, so it may outlive it. */
export interface ApiContext extends ApiServices {
  /** Rows that the operation may still ask for. */
  readonly rows: RowBudget;
}

/** What a transport (HTTP, WebSocket) hands over with an operation. */
export interface TransportContext {
  /** The `Authorization` value that came with it, if any. */
  readonly authorization: string | undefined;
}

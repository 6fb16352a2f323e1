import { BookRecorder } from '../../../src/collector/market/book-recorder.js';
import { Bus } from '../../../src/bus.js';
import type { Market } from '../../../src/market/market.js';
import { marketKey } from '../../../src/market/market.js';
import type { OrderBook, Sides } from '../../../src/market/order-book.js';
import { openStore } from '../../../src/store/store.js';
import type { StoreOptions } from '../../../src/store/store-options.js';
import type { Store } from '../../../src/store/store-types.js';
import { seeded, walk } from '../../store/support.js';
import { serve, type TestServer } from './server.js';

/** An API over a real store, with a bus that records into it as the program does. */
export interface RecordedServer {
  readonly server: TestServer;
  readonly bus: Bus;
  readonly store: Store;
  /** Every book that was published, in order. */
  readonly published: OrderBook[];
  /** Publishes the next changed book of a market; `sides` to say which. */
  next(market: Market, more?: { sides?: Sides; at?: number; afterGap?: boolean }): OrderBook;
  close(): Promise<void>;
}

/** Opens the store at `path` and serves it. */
export async function serveRecorded(
  path: string,
  options: Partial<StoreOptions> = {},
): Promise<RecordedServer> {
  const bus = new Bus();
  const store = await openStore({ path, flushMs: 5, ...options });
  bus.books.on((event) => store.putBook(event));
  bus.gaps.on((gap) => store.putGap(gap));
  store.onGap((gap) => bus.gaps.publish(gap));
  const recorders = new Map<string, BookRecorder>();
  const published: OrderBook[] = [];
  bus.books.on(({ book }) => published.push(book));
  const server = await serve({
    bus,
    reader: store.reader,
    stats: () => store.stats(),
    sequences: () => store.sequenceState(),
    unkeptAt: (market, sequence) => store.unkeptAt(market, sequence),
  });
  const random = seeded(7);
  const sidesOf = new Map<string, Sides>();
  return {
    server,
    bus,
    store,
    published,
    next: (market, { sides, at = Date.now(), afterGap = false } = {}) => {
      const key = marketKey(market);
      const changed = sides ?? walk(random, sidesOf.get(key) ?? null);
      sidesOf.set(key, changed);
      let recorder = recorders.get(key);
      if (recorder === undefined) {
        recorder = new BookRecorder(market, { bus, sequences: store.sequences, depth: 0 });
        recorders.set(key, recorder);
      }
      recorder.receive(changed, null, at, afterGap || !published.some((b) => b.market === market));
      return published.at(-1)!;
    },
    close: async () => {
      await server.api.close();
      await store.close();
    },
  };
}

/** A book as a subscription for `FIELDS` gives it. */
export function shown({ market, timestamp, exchangeTimestamp, sequence, asks, bids }: OrderBook) {
  const levels = (side: Sides['asks']) => side.map(([price, volume]) => ({ price, volume }));
  const time = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
  return {
    ...market,
    timestamp: time(timestamp),
    exchangeTimestamp: time(exchangeTimestamp),
    sequence: String(sequence),
    asks: levels(asks),
    bids: levels(bids),
  };
}

/** All of a book but what its reader is told along with it. */
export const FIELDS =
  'exchange symbol currency timestamp exchangeTimestamp sequence asks { price volume } bids { price volume }';

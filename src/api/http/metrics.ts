import type { Bus } from '../../bus.js';
import type { CollectorControl } from '../../collector/collector-control.js';
import { COLLECTOR_STATES, type CollectorStatus } from '../../market/collector-status.js';
import { EXCHANGES, type Exchange } from '../../market/exchange.js';
import type { StoreStats } from '../../store/store-types.js';
import type { BookStreams } from '../book-streams.js';
import { statesByExchange } from './health.js';

/** Content type of the Prometheus text format. */
export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** Where {@link Metrics} looks. */
export interface MetricsSources {
  readonly bus: Bus;
  readonly control: CollectorControl;
  readonly stats: () => StoreStats;
  readonly streams: BookStreams;
  readonly version: string;
}

interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

function family(
  name: string,
  type: 'counter' | 'gauge',
  help: string,
  samples: readonly Sample[],
): string {
  const lines = samples.map(({ labels, value }) => {
    // Label values are exchange names, states and our version: nothing in them needs escaping.
    const inner = Object.entries(labels ?? {}).map(([key, text]) => `${key}="${text}"`);
    return `${name}${inner.length === 0 ? '' : `{${inner.join(',')}}`} ${value}`;
  });
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines, ''].join('\n');
}

/** The program's numbers as Prometheus text. Counts published books from construction on. */
export class Metrics {
  readonly #sources: MetricsSources;
  readonly #published = new Map<Exchange, number>();
  readonly #stop: () => void;

  constructor(sources: MetricsSources) {
    this.#sources = sources;
    this.#stop = sources.bus.books.on(({ book }) => {
      const { exchange } = book.market;
      this.#published.set(exchange, (this.#published.get(exchange) ?? 0) + 1);
    });
  }

  /** Stops counting. */
  close(): void {
    this.#stop();
  }

  /** All numbers as they are now. */
  text(now = Date.now()): string {
    const { control, stats, streams, version } = this.#sources;
    const collectors = control.collectors();
    const store = stats();
    const states = statesByExchange(control);
    const perExchange = (pick: (of: readonly CollectorStatus[], exchange: Exchange) => number) =>
      EXCHANGES.map((exchange) => ({
        labels: { exchange },
        value: pick(
          collectors.filter(({ market }) => market.exchange === exchange),
          exchange,
        ),
      }));
    const sum = (field: 'books' | 'repeats' | 'parseFailures' | 'reconnects') =>
      perExchange((of) => of.reduce((total, status) => total + status[field], 0));
    const one = (value: number): Sample[] => [{ value }];
    const since = 'since each collector was last started';

    return [
      family('orderbook_info', 'gauge', 'Version of the recorder.', [
        { labels: { version }, value: 1 },
      ]),
      family(
        'orderbook_books_received_total',
        'counter',
        `Valid books received, repeats included, ${since}.`,
        sum('books'),
      ),
      family(
        'orderbook_books_repeated_total',
        'counter',
        `Received books equal to the one before, ${since}.`,
        sum('repeats'),
      ),
      family(
        'orderbook_books_published_total',
        'counter',
        'Changed books numbered and published, since the server began.',
        perExchange((_of, exchange) => this.#published.get(exchange) ?? 0),
      ),
      family(
        'orderbook_parse_failures_total',
        'counter',
        `Messages that could not be read, ${since}.`,
        sum('parseFailures'),
      ),
      family(
        'orderbook_reconnects_total',
        'counter',
        `Connections made again, counted once per market, ${since}.`,
        sum('reconnects'),
      ),
      family(
        'orderbook_collectors',
        'gauge',
        'Collectors in each state.',
        EXCHANGES.flatMap((exchange) =>
          COLLECTOR_STATES.map((state) => ({
            labels: { exchange, state },
            value: states[exchange][state] ?? 0,
          })),
        ),
      ),
      family(
        'orderbook_last_book_age_seconds',
        'gauge',
        'Time since the newest book of the exchange; absent before the first.',
        EXCHANGES.flatMap((exchange) => {
          const newest = collectors
            .filter(({ market }) => market.exchange === exchange)
            .reduce((latest, { lastBookAt }) => Math.max(latest, lastBookAt ?? 0), 0);
          return newest === 0 ? [] : [{ labels: { exchange }, value: (now - newest) / 1000 }];
        }),
      ),
      family(
        'orderbook_store_queued_books',
        'gauge',
        'Books waiting to be written.',
        one(store.queuedBooks),
      ),
      family(
        'orderbook_store_queued_bytes',
        'gauge',
        'Estimated bytes of those.',
        one(store.queuedBytes),
      ),
      family(
        'orderbook_store_stored_books_total',
        'counter',
        'Books written.',
        one(store.storedBooks),
      ),
      family(
        'orderbook_store_dropped_books_total',
        'counter',
        'Books that could not be kept; each is inside a gap.',
        one(store.droppedBooks),
      ),
      family(
        'orderbook_store_dropped_records_total',
        'counter',
        'Gaps and log entries that could not be kept.',
        one(store.droppedRecords),
      ),
      family(
        'orderbook_store_last_flush_seconds',
        'gauge',
        'Duration of the last write; absent before the first.',
        store.lastFlushMs === null ? [] : one(store.lastFlushMs / 1000),
      ),
      family(
        'orderbook_store_failing',
        'gauge',
        '1 while nothing can be written.',
        one(store.failure === null ? 0 : 1),
      ),
      family('orderbook_api_readers', 'gauge', 'Open live subscriptions.', one(streams.size)),
      family(
        'orderbook_api_delivered_books_total',
        'counter',
        'Books handed to subscribers.',
        one(streams.counts.delivered),
      ),
      family(
        'orderbook_api_skipped_books_total',
        'counter',
        'Books that slow subscribers missed for a newer one.',
        one(streams.counts.skipped),
      ),
      family(
        'process_resident_memory_bytes',
        'gauge',
        'Resident memory of the process.',
        one(process.memoryUsage.rss()),
      ),
      family('process_uptime_seconds', 'gauge', 'Age of the process.', one(process.uptime())),
    ].join('');
  }
}

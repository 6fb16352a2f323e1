import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BookEvent } from '../../src/bus.js';
import type { Exchange } from '../../src/market/exchange.js';
import type { Market } from '../../src/market/market.js';
import { marketKey } from '../../src/market/market.js';
import { diffSide, type Level, type OrderBook, type Sides } from '../../src/market/order-book.js';
import {
  type Client,
  clientOn,
  type ConnectionOptions,
  openSqlite,
} from '../../src/store/engine/sqlite/connection.js';
import { SqliteSession } from '../../src/store/engine/sqlite/session.js';
import type { WriterSession } from '../../src/store/engine/engine.js';
import { openStore } from '../../src/store/store.js';
import type { StoreOptions } from '../../src/store/store-options.js';
import type { WriteBatch } from '../../src/store/writer-protocol.js';
import type { ExportOptions, StoreReader } from '../../src/store/reader-types.js';
import type { Store } from '../../src/store/store-types.js';
import { until as waitUntil } from '../helpers/wait.js';

export const UPBIT_BTC: Market = { exchange: 'UPBIT', symbol: 'BTC', currency: 'KRW' };
export const UPBIT_ETH: Market = { exchange: 'UPBIT', symbol: 'ETH', currency: 'KRW' };
export const GOPAX_BTC: Market = { exchange: 'GOPAX', symbol: 'BTC', currency: 'KRW' };

/** A batch of nothing: what a test adds is all that is written. */
export const NOTHING: WriteBatch = {
  id: 1,
  again: false,
  span: null,
  rows: null,
  books: [],
  trades: null,
  tradeSpans: [],
  steps: [],
  gaps: [],
  coverage: [],
  logs: [],
  recording: [],
  redates: [],
  laterGaps: [],
  heartbeat: null,
};

/** A new empty folder, and how to remove it. */
export async function temporaryFolder(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'store-test-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** A connection beside the writer's, which may write, too, but has no lock. */
export async function sessionOn(path: string): Promise<WriterSession> {
  return (await SqliteSession.open(path, { readonly: false })) as unknown as WriterSession;
}

/** A Prisma client on a file. End it with `$disconnect()`. */
export async function openClient(path: string, options?: ConnectionOptions): Promise<Client> {
  return clientOn(openSqlite(path, options));
}

/** Waits until `condition` holds; fails after `timeoutMs`. */
export function until(
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 10_000,
): Promise<void> {
  return waitUntil(condition, condition.toString(), timeoutMs);
}

/** Runs `work` with a store that is closed afterwards, whatever happens. */
export async function withStore<T>(
  options: StoreOptions,
  work: (store: Store) => Promise<T>,
): Promise<T> {
  const store = await openStore({ flushMs: 5, ...options });
  let result: T;
  try {
    result = await work(store);
  } catch (error) {
    await store.close(1_000).catch(() => undefined);
    throw error;
  }
  await store.close();
  return result;
}

/** Waits until everything put so far is in the database. */
export async function stored(store: Store): Promise<void> {
  await until(() => store.stats().queuedBooks === 0);
}

/** A repeatable source of numbers in [0, 1) (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Numbers books as the recorder does, and remembers every one. */
export class Recorder {
  readonly books: OrderBook[] = [];
  readonly #newest = new Map<string, OrderBook>();
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** The event of a book; `sequence` can be forced. */
  event(
    market: Market,
    timestamp: number,
    sides: Sides,
    options: { afterGap?: boolean; sequence?: number; exchangeTimestamp?: number | null } = {},
  ): BookEvent {
    const before = this.#newest.get(marketKey(market));
    const book: OrderBook = {
      market,
      timestamp,
      exchangeTimestamp: options.exchangeTimestamp ?? null,
      sequence: options.sequence ?? this.#store.sequences.next(),
      ...sides,
    };
    this.#newest.set(marketKey(market), book);
    this.books.push(book);
    return {
      book,
      changes: {
        asks: diffSide('ask', before?.asks ?? [], book.asks),
        bids: diffSide('bid', before?.bids ?? [], book.bids),
      },
      previous: before?.sequence ?? null,
      afterGap: options.afterGap ?? before === undefined,
    };
  }

  /** Puts a book into the store. */
  put(...args: Parameters<Recorder['event']>): OrderBook {
    const event = this.event(...args);
    this.#store.putBook(event);
    return event.book;
  }
}

/** A book with one ask and one bid, told apart by `n`. */
export function small(n: number): Sides {
  return { asks: [[String(1_000 + n), '1.5']], bids: [[String(900 - (n % 100)), String(n + 1)]] };
}

/** The next book of a random walk: levels change, vanish and come; never equal to the one before. */
export function walk(random: () => number, before: Sides | null): Sides {
  const pick = (n: number): number => Math.floor(random() * n);
  const side = (levels: readonly Level[], base: number, step: number): Level[] => {
    const map = new Map(levels);
    const changes = 1 + pick(4);
    for (let i = 0; i < changes; i++) {
      const price = decimal(base + step * pick(25));
      if (map.has(price) && random() < 0.4) map.delete(price);
      else map.set(price, `${pick(50)}.${1 + pick(9)}`.replace(/^0\./, '0.0000'));
    }
    const sorted = [...map].sort((a, b) => Number(a[0]) - Number(b[0]));
    return step > 0 ? sorted : sorted.reverse();
  };
  const next = {
    asks: side(before?.asks ?? [], 10_050, 5),
    bids: side(before?.bids ?? [], 10_045, -5),
  };
  const same = before !== null && JSON.stringify(next) === JSON.stringify(sidesOf(before));
  return same ? walk(random, before) : next;
}

/** 10055 -> `100.55`. */
function decimal(hundredths: number): string {
  const text = `${Math.floor(hundredths / 100)}.${String(hundredths % 100).padStart(2, '0')}`;
  return text.replace(/\.?0+$/, '');
}

/** Just the sides, to compare. */
export function sidesOf({ asks, bids }: Sides): Sides {
  return { asks, bids };
}

/** A book as the export's shape `books` has it. */
export function exported(book: OrderBook): unknown {
  const { market, timestamp, exchangeTimestamp, sequence, asks, bids } = book;
  return { ...market, timestamp, exchangeTimestamp, sequence, asks, bids };
}

/** The parsed objects of an export. */
export async function exportOf(
  reader: StoreReader,
  {
    exchange,
    ...options
  }: Partial<ExportOptions> & Pick<ExportOptions, 'shape'> & { readonly exchange: Exchange },
): Promise<Record<string, unknown>[]> {
  let text = '';
  for await (const chunk of reader.exportText({
    format: 'ndjson',
    exchanges: [exchange],
    ...options,
  }))
    text += chunk;
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** The n-th book of sixty levels: fills a database quickly. */
export function big(n: number) {
  const { bids } = small(n);
  return { asks: Array.from({ length: 60 }, (_, i) => [`${1e6 + i}`, `${n + 1}`] as const), bids };
}

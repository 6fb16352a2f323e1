/**
 * Books a second through the whole store (main-thread half, writer thread, Prisma, SQLite), a mix of
 * changes and whole books over 2,000 markets, and what they cost on disk; beside better-sqlite3
 * alone, which inserts the same rows with a prepared statement on one thread of the same run.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { diffSide } from '../dist/market/order-book.js';
import { openStore } from '../dist/store/store.js';

const MARKETS = 2000;
const BOOKS = 200_000;
const LEVELS = 20;
/** Books of simulated time a second, which decides how many are stored whole (one a minute each). */
const RATE = 2100;

const require = createRequire(import.meta.url);
const Database = require('better-sqlite3');

let seed = 1;
const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
const side = (base, step) =>
  Array.from({ length: LEVELS }, (_, k) => [
    String(base + step * (k + 1) * 5),
    random().toFixed(8),
  ]);

/** Events as the recorder publishes them: 2 to 3 levels change from book to book. */
function makeEvents(next) {
  const markets = Array.from({ length: MARKETS }, (_, i) => {
    const base = 1000 + Math.floor(random() * 1e7);
    const market = { exchange: 'UPBIT', symbol: `S${i}`, currency: 'KRW' };
    return { market, asks: side(base, 1), bids: side(base, -1), previous: null };
  });
  const started = Date.now();
  const change = (levels) =>
    levels.map((l) => (random() < 0.06 ? [l[0], random().toFixed(8).replace(/0+$/, '')] : l));
  return Array.from({ length: BOOKS }, (_, i) => {
    const m = markets[Math.floor(random() * MARKETS)];
    const asks = change(m.asks);
    const bids = change(m.bids);
    const changes = {
      asks: diffSide('ask', m.previous === null ? [] : m.asks, asks),
      bids: diffSide('bid', m.previous === null ? [] : m.bids, bids),
    };
    const timestamp = started + Math.floor((i / RATE) * 1000);
    const book = {
      market: m.market,
      timestamp,
      exchangeTimestamp: timestamp - 20,
      sequence: next(),
      asks,
      bids,
    };
    const event = { book, changes, previous: m.previous, afterGap: m.previous === null };
    Object.assign(m, { asks, bids, previous: book.sequence });
    return event;
  });
}

const folder = mkdtempSync(join(tmpdir(), 'bench-'));
const path = join(folder, 'store.db');
const store = await openStore({ path, snapshotEveryMs: 60_000 });
const events = makeEvents(() => store.sequences.next());
let t = performance.now();
for (let i = 0; i < events.length; i++) {
  store.putBook(events[i]);
  if (i % 200 === 199) {
    await new Promise((resolve) => setImmediate(resolve));
    while (store.stats().queuedBooks > 5000) await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
while (store.stats().queuedBooks > 0) await new Promise((resolve) => setTimeout(resolve, 1));
const ours = BOOKS / ((performance.now() - t) / 1000);
const { droppedBooks } = store.stats();
await store.close(30_000);

const source = new Database(path, { readonly: true });
const rows = source
  .prepare(
    'SELECT sequence, market_id, timestamp, exchange_timestamp, base, asks, bids FROM book ORDER BY sequence',
  )
  .raw()
  .all();
const table = source.prepare("SELECT sql FROM sqlite_master WHERE name = 'book'").pluck().get();
const indexes = source
  .prepare(
    "SELECT sql FROM sqlite_master WHERE tbl_name = 'book' AND type = 'index' AND sql IS NOT NULL",
  )
  .pluck()
  .all();
source.close();
const raw = new Database(join(folder, 'raw.db'));
raw.pragma('journal_mode = WAL');
raw.pragma('synchronous = NORMAL');
raw.pragma('foreign_keys = OFF');
for (const sql of [table, ...indexes]) raw.exec(sql);
const insert = raw.prepare(
  'INSERT INTO book (sequence, market_id, timestamp, exchange_timestamp, base, asks, bids) VALUES (?,?,?,?,?,?,?)',
);
t = performance.now();
for (let i = 0; i < rows.length; i += 500) {
  raw.transaction((batch) => {
    for (const row of batch) insert.run(row);
  })(rows.slice(i, i + 500));
}
const limit = rows.length / ((performance.now() - t) / 1000);
raw.close();
const bytes = statSync(path).size / BOOKS;
rmSync(folder, { recursive: true, force: true });
console.log(
  `store: ${Math.round(ours)} books/s; better-sqlite3 prepared ${Math.round(limit)} rows/s; ratio ${(ours / limit).toFixed(2)}; dropped ${droppedBooks}`,
);
console.log(
  `disk: ${bytes.toFixed(0)} bytes a book of ${2 * LEVELS} levels, ${(bytes / (2 * LEVELS)).toFixed(1)} a received level`,
);

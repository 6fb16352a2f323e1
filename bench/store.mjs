/**
 * Books a second through the whole store (main-thread half, writer thread, Prisma, SQLite), a mix of
 * changes and whole books over 2,000 markets, and what they cost on disk.
 *
 * The limit: the SQLite driver alone inserts the same rows, already in the form of the database, with a
 * prepared statement, on one thread, into the same table with the same index and file settings (WAL,
 * NORMAL, incremental vacuum, no foreign keys), in transactions of the store's batch size, its log
 * checkpointed at SQLite's default. Ours: from the call of putBook until everything is reported as
 * stored; each book is encoded, queued, posted and written; this thread waits whenever two batches are
 * waiting. The first book of each market, which triggers the lookup of the market, is put before the
 * clock starts. Rounds of both alternate; the ratio is the median of the rounds.
 *
 * Then the same at the rate of the whole market, in the batches that gives: CPU of both threads.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '../dist/store/store.js';
import {
  BATCH,
  BOOKS,
  eventOf,
  first,
  LEVELS,
  MARKETS,
  markets,
  median,
  pause,
  putAll,
  random,
  RATE,
  stored,
} from './books.mjs';
import { sized } from './sizes.mjs';
import { cpuSince, threadCpu } from './thread-cpu.mjs';
import { DRIVER, inTransaction, openSqlite, rowsOf } from './sqlite.mjs';

const ROUNDS = sized(5, 1);
const PACED_SECONDS = sized(8, 0.5);
/** Books a second, and the file that they made. */
async function ours(path) {
  const store = await openStore({ path, snapshotEveryMs: 60_000 });
  for (const event of first) store.putBook(event);
  await stored(store);
  const cpu = threadCpu();
  const rate = await putAll(store);
  const used = cpuSince(cpu);
  const { droppedBooks } = store.stats();
  await store.close(30_000);
  return { rate, used, droppedBooks };
}

/** What the store wrote after the first books: what the limit writes, and into what. */
function readBack(path) {
  const source = openSqlite(path, { readonly: true });
  const rows = rowsOf(
    source,
    'SELECT sequence, market_id, timestamp, exchange_timestamp, base, asks, bids FROM book WHERE sequence > ? ORDER BY sequence',
    MARKETS,
  );
  const tables = rowsOf(
    source,
    "SELECT sql FROM sqlite_master WHERE tbl_name = 'book' AND type IN ('table', 'index') AND sql IS NOT NULL ORDER BY type DESC",
  ).map(([sql]) => sql);
  source.close();
  return { rows, tables };
}

/** Rows a second of the driver alone. */
function limit(path, { rows, tables }) {
  const raw = openSqlite(path);
  for (const pragma of [
    'auto_vacuum = INCREMENTAL',
    'journal_mode = WAL',
    'synchronous = NORMAL',
    'foreign_keys = OFF',
    'cache_size = -16000',
  ])
    raw.exec(`PRAGMA ${pragma}`);
  for (const sql of tables) raw.exec(sql);
  const insert = raw.prepare(
    'INSERT INTO book (sequence, market_id, timestamp, exchange_timestamp, base, asks, bids) VALUES (?,?,?,?,?,?,?)',
  );
  const write = (batch) =>
    inTransaction(raw, () => {
      for (const row of batch) insert.run(...row);
    });
  const cpu = threadCpu();
  const t = performance.now();
  for (let i = 0; i < rows.length; i += BATCH) write(rows.slice(i, i + BATCH));
  const rate = rows.length / ((performance.now() - t) / 1000);
  const used = cpuSince(cpu);
  raw.close();
  return { rate, used };
}

/**
 * CPU at the rate of the whole market, in the batches of FLUSH_MS; without a store, what this
 * thread uses to make the events.
 */
async function paced(path) {
  const store = path === null ? null : await openStore({ path, snapshotEveryMs: 60_000 });
  if (store !== null) {
    for (const event of first) store.putBook(event);
    await stored(store);
  }
  const cpu = threadCpu();
  const t = performance.now();
  let put = 0;
  while (put < PACED_SECONDS * RATE) {
    await pause(5);
    const due = Math.min(PACED_SECONDS * RATE, Math.floor(((performance.now() - t) / 1000) * RATE));
    for (; put < due; put++) {
      const event = eventOf(markets[Math.floor(random() * MARKETS)]);
      store?.putBook(event);
    }
  }
  if (store !== null) await stored(store);
  const used = cpuSince(cpu);
  await store?.close(30_000);
  return used;
}

const folder = mkdtempSync(join(tmpdir(), 'bench-'));
const us = (cpu, books) => (cpu / books).toFixed(1);
try {
  const rounds = [];
  let written;
  let bytes;
  for (let i = 0; i < ROUNDS; i++) {
    const path = join(folder, `ours-${i}.db`);
    const a = await ours(path);
    written ??= readBack(path);
    bytes ??= statSync(path).size / (BOOKS + MARKETS);
    const b = limit(join(folder, `limit-${i}.db`), written);
    rounds.push({ a, b });
    for (const name of [`ours-${i}.db`, `limit-${i}.db`]) rmSync(join(folder, name));
  }
  const ratios = rounds.map(({ a, b }) => a.rate / b.rate);
  const dropped = rounds.reduce((sum, { a }) => sum + a.droppedBooks, 0);
  console.log(
    `store: ${Math.round(median(rounds.map(({ a }) => a.rate)))} books/s; ${DRIVER} prepared ${Math.round(median(rounds.map(({ b }) => b.rate)))} rows/s; ratio ${median(ratios).toFixed(2)} (${ratios.map((r) => r.toFixed(2)).join(' ')}); dropped ${dropped}`,
  );
  const used = await paced(join(folder, 'paced.db'));
  const alone = await paced(null);
  if (used !== null && alone !== null) {
    const part = (which, key, n) => us(median(rounds.map((r) => r[which].used[key])), n);
    console.log(
      `store CPU a book at full speed: main thread ${part('a', 'main', BOOKS)} µs, writer ${part('a', 'other', BOOKS)} µs; ${DRIVER} alone ${part('b', 'main', BOOKS)} µs`,
    );
    const put = PACED_SECONDS * RATE;
    console.log(
      `store CPU a book at ${RATE} books/s: main thread ${us(used.main - alone.main, put)} µs, writer ${us(used.other, put)} µs`,
    );
  }
  console.log(
    `disk: ${bytes.toFixed(0)} bytes a book of ${2 * LEVELS} levels, ${(bytes / (2 * LEVELS)).toFixed(1)} a received level`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/**
 * Books a second through the whole store into PostgreSQL (main-thread half, writer thread, Prisma), the mix of
 * changes and whole books of bench/store.mjs, on its own server.
 *
 * The limit: `pg` alone inserts the same rows, already as the JSON text that the server takes, with `INSERT …
 * SELECT FROM json_to_recordset($1)`, a transaction for each of the store's batches, into the same table,
 * emptied, with the same indexes and partitions. Rounds of both alternate; the ratio is the median of the
 * rounds. The server's fsync is on, as in production. Without PostgreSQL it is skipped, with one line.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { findPostgresql } from '../dist/cluster/programs.js';
import { PostgresServer } from '../dist/cluster/servers.js';
import { openStore } from '../dist/store/store.js';
import { BATCH, BOOKS, first, LEVELS, MARKETS, median, putAll, stored } from './books.mjs';
import { sized } from './sizes.mjs';
import { cpuSince, threadCpu } from './thread-cpu.mjs';

const ROUNDS = sized(5, 1);

const postgresql = findPostgresql();
if (postgresql === null) {
  console.log('postgresql: skipped, it is not installed (Debian: apt-get install postgresql)');
  process.exit(0);
}

/** Books a second of the store, and what its threads used. */
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

/** What the store wrote after the first books, in batches: what the limit writes. */
async function readBack(client) {
  const { rows } = await client.query({
    text: `SELECT sequence AS s, market_id AS m, timestamp AS t, exchange_timestamp AS e, base AS b,
                  asks AS a, bids AS i FROM book WHERE sequence > $1 ORDER BY sequence`,
    values: [MARKETS],
    types: {
      getTypeParser: (oid, format) => (oid === 20 ? Number : pg.types.getTypeParser(oid, format)),
    },
  });
  const batches = [];
  for (let i = 0; i < rows.length; i += BATCH)
    batches.push(JSON.stringify(rows.slice(i, i + BATCH)));
  return batches;
}

/** Rows a second of the driver alone. */
async function limit(client, batches) {
  await client.query('TRUNCATE book');
  const cpu = threadCpu();
  const t = performance.now();
  for (const batch of batches) {
    await client.query('BEGIN');
    await client.query(
      `INSERT INTO book (sequence, market_id, timestamp, exchange_timestamp, base, asks, bids)
       SELECT s, m, t, e, b, a, i FROM json_to_recordset($1::json)
           AS r(s bigint, m integer, t bigint, e bigint, b bigint, a text, i text)`,
      [batch],
    );
    await client.query('COMMIT');
  }
  return { rate: BOOKS / ((performance.now() - t) / 1000), used: cpuSince(cpu) };
}

const folder = mkdtempSync(join(tmpdir(), 'bench-'));
const server = await PostgresServer.start({ postgresql }, folder);
try {
  const admin = new pg.Client({ connectionString: server.url });
  await admin.connect();
  const rounds = [];
  let bytes = 0;
  for (let i = 0; i < ROUNDS; i++) {
    await admin.query(`CREATE DATABASE bench_${i}`);
    const path = server.url.replace(/postgres$/, `bench_${i}`);
    const a = await ours(path);
    const client = new pg.Client({ connectionString: path });
    await client.connect();
    const { rows } = await client.query(
      `SELECT sum(pg_total_relation_size(inhrelid)) AS bytes FROM pg_inherits WHERE inhparent = 'book'::regclass`,
    );
    bytes = Number(rows[0].bytes) / (BOOKS + MARKETS);
    const b = await limit(client, await readBack(client));
    await client.end();
    await admin.query(`DROP DATABASE bench_${i}`);
    rounds.push({ a, b });
  }
  await admin.end();
  const ratios = rounds.map(({ a, b }) => a.rate / b.rate);
  const dropped = rounds.reduce((sum, { a }) => sum + a.droppedBooks, 0);
  const of = (which) => Math.round(median(rounds.map((round) => round[which].rate)));
  console.log(
    `postgresql: ${of('a')} books/s through Prisma; pg alone with json_to_recordset ${of('b')} rows/s; ratio ${median(ratios).toFixed(2)} (${ratios.map((r) => r.toFixed(2)).join(' ')}), at least 0.5; dropped ${dropped}`,
  );
  const cpu = (which, thread) =>
    (median(rounds.map((round) => round[which].used?.[thread] ?? 0)) / BOOKS).toFixed(1);
  console.log(
    `postgresql CPU a book, the server's own not counted: main thread ${cpu('a', 'main')} µs, writer ${cpu('a', 'other')} µs; pg alone ${cpu('b', 'main')} µs`,
  );
  console.log(`disk: ${bytes.toFixed(0)} bytes a book of ${2 * LEVELS} levels`);
} finally {
  await server.end('SIGINT');
  rmSync(folder, { recursive: true, force: true });
}

/**
 * The archive, on two days: minutes of the whole simulated market (2,026 markets), and a day of the
 * busiest market (600,000 changes) among others. What a stored book takes and costs; then, with an
 * empty database beside the folder, the past read from it: a book at a time, best prices as Parquet,
 * changes as compressed CSV, a series. Beside each, in the same run, the limit: DuckDB alone on the
 * same files, or `gzip` alone on the same text. Last, the event loop delay of a recorder of the whole
 * simulated market, alternately without and with an archiver beside it.
 *
 * `npm run bench -- archive [--books N] [--recording-seconds N]` (400,000 and 20; 0: not)
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openDuck, rowsOf } from '../dist/parquet/duckdb.js';
import { storedColumns, TABLES } from '../dist/parquet/tables.js';
import { Reader } from '../dist/store/reader.js';
import { openStore } from '../dist/store/store.js';
import { busyDay, CHANGED_RATE, DAY, fillDatabase, wholeMarket } from './day-rows.mjs';
import { inTransaction, openSqlite, rowsOf as sqliteRows } from './sqlite.mjs';
import { startMarket } from './recorded-market.mjs';
import { sized, TINY_OPTION } from './sizes.mjs';

const { values: flags } = parseArgs({
  options: {
    books: { type: 'string', default: sized('400000', '20000') },
    'recording-seconds': { type: 'string', default: sized('20', '0') },
    ...TINY_OPTION,
  },
});
const BOOKS = Number(flags.books);
const CHANGES = sized(600_000, 2_000);
const TRADES = sized(100_000, 500);
const ROUNDS = sized(3, 1);
const QUESTIONS = sized(40, 2);
const START = Date.UTC(2026, 10, 23);
const NOON = START + DAY / 2;
const BUSY = START + DAY;

const child = fileURLToPath(new URL('archive-child.mjs', import.meta.url));
const command = fileURLToPath(new URL('../dist/store/export/command.js', import.meta.url));
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const iso = (ms) => new Date(ms).toISOString();

/** What it took, s: wall time, and CPU of this process. */
async function measured(work) {
  const cpu = process.cpuUsage();
  const t = performance.now();
  await work();
  const { user, system } = process.cpuUsage(cpu);
  return { seconds: (performance.now() - t) / 1000, cpu: (user + system) / 1e6 };
}

/** Seconds that a program takes. */
function timed(program, args, env = {}) {
  const t = performance.now();
  const { status, stderr } = spawnSync(program, args, { env: { ...process.env, ...env } });
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${String(stderr)}`);
  return (performance.now() - t) / 1000;
}

/** Archives all days of a database. */
function archive(folder, dbPath) {
  const task = { folder, dbPath, afterDays: 1, now: START + 10 * DAY };
  // As the recorder starts it (src/archive/keeper.ts).
  const args = ['--max-old-space-size=160', child, JSON.stringify(task)];
  const env = { ...process.env, MALLOC_ARENA_MAX: '2' };
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { env });
  if (status !== 0) throw new Error(String(stderr));
  return String(stdout)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter(({ books }) => books > 0);
}

const folder = mkdtempSync(join(tmpdir(), 'bench-archive-'));
const archivePath = join(folder, 'archive');
const full = join(folder, 'full.db');
const empty = join(folder, 'empty.db');

async function sizes() {
  const days = archive(archivePath, full);
  const duck = await openDuck({ memoryMb: 512, temporary: folder });
  for (const day of days) {
    const paths = day.files.map((path) => `'${join(archivePath, path)}'`).join(', ');
    const source = `read_parquet([${paths}], hive_partitioning = false)`;
    await duck.connection.run(`CREATE OR REPLACE TABLE day AS SELECT * FROM ${source}`);
    const out = join(folder, 'limit.parquet');
    const alone = await measured(() =>
      duck.connection.run(
        `COPY day TO '${out}' (FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd, COMPRESSION_LEVEL 9)`,
      ),
    );
    const ofADay = (day.cpuSeconds / day.books) * CHANGED_RATE * 100;
    console.log(
      `archive ${day.date}: ${day.books} books, ${(day.bytes / day.books).toFixed(1)} bytes a stored book; ${((day.cpuSeconds / day.books) * 1e6).toFixed(1)} µs CPU a book, so a day of the whole market (${CHANGED_RATE} books/s) takes ${ofADay.toFixed(1)} % of a day of one core; ${day.rssMb} MB at most; DuckDB alone, of rows that it has, ${((alone.cpu / day.books) * 1e6).toFixed(1)} µs; ratio ${(alone.cpu / day.cpuSeconds).toFixed(2)}`,
    );
  }
  duck.close();
}

/** Books of random markets of the whole market at random times. */
async function bookAt() {
  const reader = new Reader({ path: empty, archivePath });
  const markets = await reader.markets('UPBIT');
  const duck = await openDuck({ memoryMb: 192, temporary: null });
  const file = join(archivePath, 'books/exchange=UPBIT/date=2026-11-23/part-0.parquet');
  const [times, alone] = [[], []];
  let before = 0;
  for (let i = -3; i < QUESTIONS; i++) {
    const { exchange, symbol, currency } = markets[(i + 3) * 17];
    const market = { exchange, symbol, currency };
    const at = NOON + 90_000 + i * 1_000;
    const t = performance.now();
    const book = await reader.bookAt(market, at);
    if (i >= 0) times.push(performance.now() - t);
    if (book === null) {
      const [first] = (await reader.bookPage({ market, limit: 1, last: false })).items;
      if (first?.book.timestamp <= at) throw new Error(`no book of ${symbol}-${currency} at ${at}`);
      if (i >= 0) before++;
    }
    const u = performance.now();
    await rowsOf(
      duck.connection,
      `SELECT ${storedColumns(TABLES.books)} FROM (SELECT * FROM read_parquet('${file}', hive_partitioning = false)
        WHERE symbol = '${symbol}' AND currency = '${currency}'
          AND timestamp BETWEEN make_timestamp(${(at - 60_000) * 1000})::TIMESTAMPTZ AND make_timestamp(${at * 1000})::TIMESTAMPTZ)`,
    );
    if (i >= 0) alone.push(performance.now() - u);
  }
  await reader.close();
  duck.close();
  console.log(
    `archive: a book at a time out of an archived day: median ${median(times).toFixed(1)} ms, most ${Math.max(...times).toFixed(1)} ms (${before} of ${QUESTIONS} before the first book of their market); DuckDB alone, the rows of a minute ${median(alone).toFixed(1)} ms; ratio ${(median(alone) / median(times)).toFixed(2)}`,
  );
}

/** `top` and `incremental_book_L2` of the busy day, from the database and from the archive. */
async function shapes() {
  const market = ['UPBIT', '--symbol', 'BTC', '--currency', 'KRW'];
  const window = ['--from', iso(BUSY), '--to', iso(BUSY + DAY)];
  for (const [where, path, archived] of [
    ['the database', full, ''],
    ['the archive', empty, archivePath],
  ]) {
    const exported = (name, ...more) =>
      timed(
        process.execPath,
        [command, ...market, ...window, ...more, '--out', join(folder, name)],
        { DB_PATH: path, ARCHIVE_PATH: archived, LOG_PATH: folder },
      );
    exported('l2.csv', '--shape', 'incremental_book_L2');
    exported('top.csv', '--shape', 'top');
    const levels = readFileSync(join(folder, 'l2.csv'), 'latin1').split('\n').length - 2;
    const duck = await openDuck({ memoryMb: 512, temporary: folder });
    const rounds = [];
    for (let i = 0; i < ROUNDS; i++) {
      const top = exported('top.parquet', '--shape', 'top');
      const zipped = exported('l2.csv.gz', '--shape', 'incremental_book_L2');
      const gzip = timed('gzip', ['-4', '-k', '-f', join(folder, 'l2.csv')]);
      const copy = await measured(() =>
        duck.connection.run(
          `COPY (FROM read_csv('${join(folder, 'top.csv')}')) TO '${join(folder, 'limit.parquet')}' (FORMAT parquet, COMPRESSION zstd)`,
        ),
      );
      rounds.push({ top, zipped, gzip, copy: copy.seconds });
    }
    duck.close();
    const of = (key) => median(rounds.map((round) => round[key]));
    console.log(
      `archive: out of ${where}: top of a market and day with ${CHANGES} changes as Parquet ${of('top').toFixed(2)} s, DuckDB alone of CSV ${of('copy').toFixed(2)} s, ratio ${(of('copy') / of('top')).toFixed(2)}; incremental_book_L2 as CSV.gz ${(levels / of('zipped') / 1e6).toFixed(2)} M levels/s, gzip -4 alone ${(levels / of('gzip') / 1e6).toFixed(2)}, ratio ${(of('gzip') / of('zipped')).toFixed(2)}`,
    );
  }
}

/** Trades of the busy day, unpacked. */
function trade(path) {
  const db = openSqlite(path);
  const one = (sql) => Number(sqliteRows(db, sql)[0][0]);
  const market = one("SELECT id FROM market WHERE symbol = 'BTC' AND exchange = 'UPBIT'");
  const last = one('SELECT max(sequence) FROM book');
  const insert = db.prepare('INSERT INTO trade_recent VALUES (?,?,?,?,?,?,?,?,?)');
  inTransaction(db, () => {
    for (let i = 0; i < TRADES; i++) {
      const time = BUSY + Math.floor((i * DAY) / TRADES);
      const price = String(100_000_000 + (i % 500) * 1000);
      const volume = `0.${String(10_000_000 + i)}`.replace(/0+$/, '');
      const times = [time, time + 60, time + 40];
      insert.run(last + 1 + i, market, ...times, i % 2, `${time}0000`, price, volume);
    }
  });
  db.close();
}

/** 86,400 points with every field of books; with those of trades too. */
async function series(trades) {
  const keys = [
    ...(trades ? ['volume', 'vwap', 'trades'] : []),
    ...['time', 'open', 'high', 'low', 'close', 'bestBid', 'bestBidVolume', 'bestAsk'],
    ...['bestAskVolume', 'spread', 'spreadBp', 'imbalance', 'books', 'covered'],
  ].map((name) => [name, name]);
  const market = { exchange: 'UPBIT', symbol: 'BTC', currency: 'KRW' };
  const file = join(archivePath, 'books/exchange=UPBIT/date=2026-11-24/part-0.parquet');
  for (const [where, options] of [
    ['the database', { path: full }],
    ['the archive', { path: empty, archivePath }],
  ]) {
    const reader = new Reader(options);
    const rounds = [];
    for (let i = 0; i < ROUNDS; i++) {
      const grid = { from: BUSY, to: BUSY + DAY, step: 1000 };
      rounds.push(
        await measured(async () => {
          const id = await reader.seriesBegin({ market, ...grid, keys });
          while ((await reader.exportNext(id)) !== null);
        }),
      );
    }
    await reader.close();
    console.log(
      `archive: series of a day at 1 s${trades ? ', with its trades,' : ''} out of ${where}: 86,400 points ${median(rounds.map((r) => r.seconds)).toFixed(2)} s, ${median(rounds.map((r) => r.cpu)).toFixed(2)} s CPU`,
    );
  }
  if (trades) return;
  const duck = await openDuck({ memoryMb: 192, temporary: null });
  const alone = await measured(() =>
    rowsOf(
      duck.connection,
      `SELECT ${storedColumns(TABLES.books)} FROM (SELECT * FROM read_parquet('${file}', hive_partitioning = false) WHERE symbol = 'BTC' AND currency = 'KRW' ORDER BY sequence)`,
    ),
  );
  duck.close();
  console.log(
    `archive: its rows alone, by DuckDB out of the archive: ${alone.seconds.toFixed(2)} s, ${alone.cpu.toFixed(2)} s CPU`,
  );
}

/** Event loop delay p99 of a recorder, ms: alternately without and with archivers beside it. */
async function recording(seconds) {
  const market = await startMarket({ dbPath: join(folder, 'live.db') });
  await new Promise((resolve) => setTimeout(resolve, 15_000));
  const [without, beside] = [[], []];
  for (let i = 0; i < ROUNDS; i++) {
    await market.report();
    await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
    without.push((await market.report()).delayMs.p99);
    let archiving = true;
    const archiver = async () => {
      while (archiving) {
        const other = mkdtempSync(join(folder, 'again-'));
        const task = { folder: other, dbPath: full, afterDays: 1, now: START + 10 * DAY };
        const process_ = spawn(process.execPath, [child, JSON.stringify(task)], {
          stdio: 'ignore',
        });
        running = process_;
        await once(process_, 'exit');
        rmSync(other, { recursive: true, force: true });
      }
    };
    let running = null;
    const done = archiver();
    await market.report();
    await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
    beside.push((await market.report()).delayMs.p99);
    archiving = false;
    running?.kill('SIGKILL');
    await done;
  }
  await market.close();
  const list = (values) => values.map((value) => value.toFixed(1)).join(' ');
  console.log(
    `archive: event loop delay p99 of a recorder of the whole market: ${median(without).toFixed(1)} ms (${list(without)}), while a day is archived ${median(beside).toFixed(1)} ms (${list(beside)})`,
  );
}

try {
  await fillDatabase(full, (db) => {
    wholeMarket(db, NOON, BOOKS);
    busyDay(db, BUSY, CHANGES, 1);
  });
  trade(full);
  await (await openStore({ path: empty })).close(30_000);
  await sizes();
  const parts = readdirSync(archivePath, { recursive: true, withFileTypes: true });
  const bytes = parts
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
  console.log(
    `archive: ${(bytes / 1e6).toFixed(1)} MB, the database ${(statSync(full).size / 1e6).toFixed(1)} MB`,
  );
  await bookAt();
  await shapes();
  await series(false);
  await series(true);
  if (Number(flags['recording-seconds']) > 0) await recording(Number(flags['recording-seconds']));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

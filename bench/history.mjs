/**
 * The book of a market at a past moment, from a file of 50 million stored levels: two hours of the
 * whole market, changes and a whole book a minute, half of the books on fifty busy markets. Queried
 * as the API does, through the reader's thread; half of the queries are about busy markets. The file
 * is built by plain inserts and is then in the system's cache.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ReaderClient } from '../dist/store/reader-client.js';
import { openStore } from '../dist/store/store.js';
import { sized } from './sizes.mjs';
import { openSqlite } from './sqlite.mjs';

const STORED_LEVELS = sized(50_000_000, 400_000);
const MARKETS = sized(2000, 50);
const BUSY = sized(50, 5);
/** Books a second of the whole market. */
const RATE = 2100;
const WHOLE_MS = 60_000;
/** Levels a side of a whole book. */
const DEPTH = 30;
const QUESTIONS = sized(2000, 20);

let seed = 1;
const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
const pick = (n) => Math.floor(random() * n);
const volume = () =>
  String(pick(1e9) + 1)
    .replace(/^(\d+?)(\d{1,8})$/, '$1.$2')
    .replace(/\.?0+$/, '');
const price = (side, k) => String(side === 'ask' ? 1_000_000 + k * 500 : 999_500 - k * 500);

/** Texts of some levels of a side, best first, with their number; reused over and over. */
function texts(side, count, levelsOf) {
  return Array.from({ length: count }, () => {
    const places = levelsOf();
    const levels = places.map((k) => [price(side, k), random() < 0.1 ? '0' : volume()]);
    return { text: JSON.stringify(levels), levels: levels.length };
  });
}
const some = () => {
  const places = new Set(Array.from({ length: pick(4) }, () => pick(DEPTH)));
  return [...places].sort((a, b) => a - b);
};
const all = () => Array.from({ length: DEPTH }, (_, k) => k);
const changes = { asks: texts('ask', 5000, some), bids: texts('bid', 5000, some) };
const wholes = { asks: texts('ask', 500, all), bids: texts('bid', 500, all) };

/** Fills an empty database of the store. @returns the times it covers and what it holds */
function fill(path) {
  const db = openSqlite(path);
  db.exec('PRAGMA journal_mode = OFF');
  db.exec('PRAGMA synchronous = OFF');
  // Created after the rows, in one go.
  db.exec('DROP INDEX book_market_id_idx');
  const market = db.prepare(
    "INSERT INTO market (exchange, symbol, currency) VALUES ('UPBIT', ?, 'KRW')",
  );
  const insert = db.prepare('INSERT INTO book VALUES (?,?,?,?,?,?,?)');
  const begin = 1_790_000_000_000;
  const newest = new Array(MARKETS + 1).fill(null);
  let levels = 0;
  let sequence = 0;
  let time = begin;
  db.exec('BEGIN');
  for (let i = 0; i < MARKETS; i++) market.run(`S${i}`);
  while (levels < STORED_LEVELS) {
    sequence++;
    time = begin + Math.floor((sequence / RATE) * 1000);
    const id = 1 + (random() < 0.5 ? pick(BUSY) : pick(MARKETS));
    let last = newest[id];
    const whole = last === null || time - last.time >= WHOLE_MS;
    // Not all at once: a minute after the beginning and every minute from then on.
    if (whole) newest[id] = last = { sequence, time: last === null ? time - pick(WHOLE_MS) : time };
    const from = whole ? wholes : changes;
    const asks = from.asks[pick(from.asks.length)];
    const bids = from.bids[pick(from.bids.length)];
    insert.run(sequence, id, time, time - 20, last.sequence, asks.text, bids.text);
    levels += asks.levels + bids.levels;
  }
  db.exec('COMMIT');
  db.exec('CREATE INDEX book_market_id_idx ON book(market_id)');
  db.exec('PRAGMA journal_mode = WAL');
  db.close();
  return { begin, end: time, books: sequence, levels };
}

const folder = mkdtempSync(join(tmpdir(), 'bench-'));
try {
  const path = join(folder, 'history.db');
  await (await openStore({ path })).close(30_000);
  const started = performance.now();
  const { begin, end, books, levels } = fill(path);
  const built = (performance.now() - started) / 1000;
  const reader = new ReaderClient({ path });
  const times = [];
  for (let i = -50; i < QUESTIONS; i++) {
    const symbol = `S${i % 2 === 0 ? pick(BUSY) : pick(MARKETS)}`;
    const at = begin + WHOLE_MS + pick(end - begin - WHOLE_MS);
    const t = performance.now();
    const book = await reader.bookAt({ exchange: 'UPBIT', symbol, currency: 'KRW' }, at);
    if (i >= 0) times.push(performance.now() - t);
    if (book === null || book.timestamp > at) throw new Error(`no book of ${symbol} at ${at}`);
  }
  await reader.close(1000);
  times.sort((a, b) => a - b);
  const quantile = (share) => times[Math.floor((times.length - 1) * share)].toFixed(1);
  console.log(
    `history: the book at a moment out of ${levels} stored levels (${books} books, ${(statSync(path).size / 1e9).toFixed(1)} GB, built in ${built.toFixed(0)} s): median ${quantile(0.5)} ms, p99 ${quantile(0.99)} ms, most ${quantile(1)} ms`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/**
 * Rows of the past for benchmarks, inserted plainly into an empty database of the store: a day of one
 * busy market among others, and minutes of the whole simulated market.
 */
import { EXCHANGES } from '../dist/market/exchange.js';
import { bookSpecOf, profileOf } from '../dist/simulator/book/market-profile.js';
import { activityOf } from '../dist/simulator/full/activity.js';
import { fullMarketPairs } from '../dist/simulator/full/listed-pairs.js';
import { RingBook } from '../dist/simulator/full/ring-book.js';
import { openStore } from '../dist/store/store.js';
import { inTransaction, openSqlite } from './sqlite.mjs';

/** A day, ms. */
export const DAY = 86_400_000;
/** Books a second of the whole market that differ from the one before, as `bench market` counts them. */
export const CHANGED_RATE = 1_600;
const WHOLE_MS = 60_000;
/** States that a simulated book walks through. */
const RING = 16;

let seed = 1;
const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;

/**
 * Creates a database and fills it.
 * @param work gets functions for the number of a market by its name, and for inserting a book
 */
export async function fillDatabase(path, work) {
  await (await openStore({ path })).close(30_000);
  const db = openSqlite(path);
  db.exec('PRAGMA synchronous = OFF');
  const market = db.prepare(
    'INSERT INTO market (exchange, symbol, currency) VALUES (?, ?, ?) RETURNING id',
  );
  const span = db.prepare('INSERT INTO recording_span VALUES (?, ?, NULL)');
  const book = db.prepare('INSERT INTO book VALUES (?,?,?,?,?,?,?)');
  const ids = new Map();
  const bases = new Map();
  let sequence = 0;
  /** Number of a market; the first call starts its recording. */
  const marketId = (exchange, symbol, currency, from) => {
    const key = `${exchange}:${symbol}-${currency}`;
    if (!ids.has(key)) {
      ids.set(key, Number(market.all(exchange, symbol, currency)[0].id));
      span.run(ids.get(key), from);
    }
    return ids.get(key);
  };
  /** Inserts a book; `levels` gives its texts, whole or changed. */
  const put = (id, time, isDue, levels) => {
    sequence++;
    const whole = !bases.has(id) || isDue(bases.get(id).time);
    if (whole) bases.set(id, { sequence, time });
    book.run(sequence, id, time, time - 20, bases.get(id).sequence, ...levels(whole));
  };
  inTransaction(db, () => work({ marketId, put }));
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  db.close();
}

const someLevels = (base, step, count) =>
  JSON.stringify(
    Array.from({ length: count }, (_, k) => [
      String(base + step * (k + 1) * 1000),
      (random() * 9).toFixed(8).replace(/\.?0+$/, ''),
    ]),
  );

/**
 * A day of UPBIT:BTC-KRW: this many changes, 30 levels a side, and between two of them `others` books
 * of 200 other markets.
 */
export function busyDay({ marketId, put }, start, changes, others) {
  const busy = marketId('UPBIT', 'BTC', 'KRW', start);
  const rest = Array.from({ length: 200 }, (_, i) => marketId('UPBIT', `S${i}`, 'KRW', start));
  let price = 100_000_000;
  const levels = (whole) => [
    someLevels(price, 1, whole ? 30 : 2),
    someLevels(price, -1, whole ? 30 : 1),
  ];
  for (let i = 0; i < changes; i++) {
    const time = start + Math.floor((i * DAY) / changes);
    if (random() < 0.2) price += random() < 0.5 ? -1000 : 1000;
    put(busy, time, (last) => time - last >= WHOLE_MS, levels);
    for (let k = 0; k < others; k++) {
      put(rest[Math.floor(random() * rest.length)], time, () => random() < 1 / 60, levels);
    }
  }
}

/** This many books of the whole simulated market, each market as often as measured. */
export function wholeMarket({ marketId, put }, start, books) {
  const markets = EXCHANGES.flatMap((exchange) => {
    const pairs = fullMarketPairs(exchange);
    const rates = activityOf(exchange, pairs, 1);
    return pairs.map((pair, i) => {
      const [symbol, currency] = pair.split('-');
      const book = new RingBook(bookSpecOf(profileOf(symbol, currency), 30, 1n), i + 1, RING);
      return { id: marketId(exchange, symbol, currency, start), book, rate: rates.get(pair) ?? 1 };
    });
  });
  const sums = [];
  markets.reduce((sum, { rate }, i) => (sums[i] = sum + rate), 0);
  const pick = () => {
    const at = random() * sums.at(-1);
    let [low, high] = [0, sums.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle] <= at) low = middle + 1;
      else high = middle;
    }
    return markets[low];
  };
  const texts = new WeakMap();
  const text = (levels) => {
    if (!texts.has(levels)) texts.set(levels, JSON.stringify(levels.map((level) => level.text)));
    return texts.get(levels);
  };
  for (let i = 0; i < books; i++) {
    const { id, book } = pick();
    const time = start + Math.floor((i / CHANGED_RATE) * 1000);
    const changes = book.step();
    // Not all whole books in the same second.
    const due = (last) => time - last >= WHOLE_MS - (id % 97) * 100;
    put(id, time, due, (whole) => {
      const { asks, bids } = whole ? book.still() : changes;
      return [text(asks), text(bids)];
    });
  }
}

/**
 * The load of the benchmarks of the store: books of 2,000 markets, the mix of changes and whole ones that
 * the whole market has.
 */
import { diffSide } from '../dist/market/order-book.js';
import { sized } from './sizes.mjs';

export const MARKETS = sized(2000, 20);
export const BOOKS = sized(100_000, 1_000);
export const LEVELS = 20;
/** Books a second of the whole market, which decides how many are stored whole (one a minute each). */
export const RATE = 2100;
/** The store's largest batch, which it reaches at full speed. */
export const BATCH = 4000;

let seed = 1;
export const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
const side = (base, step) =>
  Array.from({ length: LEVELS }, (_, k) => [
    String(base + step * (k + 1) * 5),
    random().toFixed(8),
  ]);
const change = (levels) =>
  levels.map((l) => (random() < 0.06 ? [l[0], random().toFixed(8).replace(/0+$/, '')] : l));
export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
export const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

export const markets = Array.from({ length: MARKETS }, (_, i) => {
  const base = 1000 + Math.floor(random() * 1e7);
  const market = { exchange: 'UPBIT', symbol: `S${i}`, currency: 'KRW' };
  return { market, asks: side(base, 1), bids: side(base, -1), previous: null };
});
const started = Date.now();
let count = 0;

/** An event as the recorder publishes it: 2 to 3 levels change from book to book. */
export function eventOf(m) {
  const asks = m.previous === null ? m.asks : change(m.asks);
  const bids = m.previous === null ? m.bids : change(m.bids);
  const changes = {
    asks: diffSide('ask', m.previous === null ? [] : m.asks, asks),
    bids: diffSide('bid', m.previous === null ? [] : m.bids, bids),
  };
  // The first books are spread over the minute before, so that from the beginning some market is
  // always due for a whole one.
  const timestamp =
    m.previous === null
      ? started - 60_000 + Math.floor((count / MARKETS) * 60_000)
      : started + Math.floor(((count - MARKETS) / RATE) * 1000);
  const sequence = ++count;
  const exchangeTimestamp = timestamp - 20;
  const book = { market: m.market, timestamp, exchangeTimestamp, sequence, asks, bids };
  const event = { book, changes, previous: m.previous, afterGap: m.previous === null };
  Object.assign(m, { asks, bids, previous: sequence });
  return event;
}
/** The first book of each market, which triggers the lookup of the market. */
export const first = markets.map(eventOf);
/** The measured books. */
export const events = Array.from({ length: BOOKS }, () =>
  eventOf(markets[Math.floor(random() * MARKETS)]),
);

/** Waits until everything is reported as stored. */
export async function stored(store) {
  while (store.stats().queuedBooks > 0) await pause(1);
}

/** Puts the measured books; waits whenever two batches are waiting. @returns books a second until all are stored */
export async function putAll(store) {
  const t = performance.now();
  for (let i = 0; i < events.length; i++) {
    store.putBook(events[i]);
    if (i % 200 === 199) {
      await new Promise((resolve) => setImmediate(resolve));
      while (store.stats().queuedBooks > 2 * BATCH) await pause(1);
    }
  }
  await stored(store);
  return BOOKS / ((performance.now() - t) / 1000);
}

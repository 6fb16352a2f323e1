/** What the simulated markets of GOPAX are like: their pairs, sizes, steps and first levels. */
import type { BookLevel, BookMaker } from '../book/book.js';
import { makeEntry, type Entry, type Side } from './frames.js';
import { BIG_PAIRS, bookSpecOf, parsePair, profileOf, withTick } from '../book/market-profile.js';
import { unitsFromText } from '../book/number-text.js';
import { Random, seedFrom } from '../random.js';
import type { SimulatedMarket } from '../simulator.js';

/** A market with the entries of its resting levels. */
export interface GopaxMarket extends SimulatedMarket {
  /** Its number in the market list. */
  readonly id: number;
  /** Resting levels as they were last sent, by price. */
  readonly entries: Record<Side, Map<bigint, Entry>>;
}

/** Pairs listed unless the options name others. */
export const PAIRS = [...BIG_PAIRS, 'BERA-KRW', 'BTC-USDC', 'ETH-USDC', 'XRP-USDC'];

/**
 * Volumes are multiples of this many 1e-8, so that the ones below it (dust) are written with an
 * exponent, `1e-8` to `9.6e-7`; 97 lets every last digit occur in ordinary volumes.
 */
const VOLUME_UNIT = 97n;
/** Where the exchange-wide counter starts (that of the captures). */
export const FIRST_COUNTER = 84_563_415;
/** About twelve changes a second exchange-wide, so that a level's age fits its id. */
const MS_PER_ENTRY = 83;

/** Changes a second of the busiest books; each makes two or three deltas. */
const CHANGES_PER_SECOND: Readonly<Record<string, number>> = {
  'BTC-KRW': 0.4,
  'ETH-KRW': 0.3,
  'XRP-KRW': 0.4,
  'SOL-KRW': 0.15,
  'USDT-KRW': 0.01,
};

/**
 * Levels a side of the captured snapshots (XRP and USDT from their sizes in bytes); ETH stands for
 * the deepest side seen, whose pair is unknown.
 */
const DEPTHS: Readonly<Record<string, readonly [asks: number, bids: number]>> = {
  'BTC-KRW': [566, 422],
  'ETH-KRW': [1009, 860],
  'XRP-KRW': [760, 640],
  'USDT-KRW': [230, 190],
};

/** Changes of a market a second at rate 1; each makes two or three deltas. */
export function gopaxPace(market: GopaxMarket): number {
  // 0.04 of the common pace gives about the 11 to 14 entries a second measured exchange-wide.
  return CHANGES_PER_SECOND[market.pair] ?? market.profile.changesPerSecond * 0.04;
}

/**
 * A market with its first book: hundreds of levels a side, sparse and wide, with ids below
 * {@link FIRST_COUNTER} and times before `startedAt` (Unix ms). `id` is its number in the list.
 */
export function createGopaxMarket(
  pair: string,
  simulatorSeed: number,
  id: number,
  startedAt: number,
  makeBook: BookMaker,
): GopaxMarket {
  const { symbol, currency } = parsePair(pair);
  const seed = seedFrom(simulatorSeed, 'GOPAX', pair);
  const random = new Random(seedFrom(seed, 'levels'));
  const usual = profileOf(symbol, currency);
  const tick = currency === 'KRW' ? krwTick(usual.price, usual.tick) : usual.tick;
  const profile = withTick(usual, tick);
  const [depth, bidDepth] = DEPTHS[pair] ?? [random.int(40, 300), random.int(40, 300)];
  const spec = bookSpecOf(profile, depth, VOLUME_UNIT);
  // BTC-KRW was measured 1.7 % apart.
  const spread = Number((profile.price * 17n) / (1000n * tick)) || 1;
  const wide = profile.thin ? spec : { ...spec, bidDepth, maxGap: 4, spread };
  const book = makeBook(pair, { ...wide, dust: 0.02 }, seed);
  const distances = new Set<number>();
  const entriesOf = (levels: readonly BookLevel[]): Map<bigint, Entry> => {
    const entries = new Map<bigint, Entry>();
    for (const level of levels) {
      const distance = newDistance(distances, id, random);
      const updatedAt = startedAt - distance * MS_PER_ENTRY;
      entries.set(level.price, makeEntry(FIRST_COUNTER - distance, updatedAt, level));
    }
    return entries;
  };
  const entries = { asks: entriesOf(book.asks), bids: entriesOf(book.bids) };
  return { pair, symbol, currency, profile, book, listed: true, id, entries };
}

/** How many entries ago a level was set: mostly few; `id` keeps different markets apart. */
function newDistance(taken: Set<number>, id: number, random: Random): number {
  let distance: number;
  do distance = Math.ceil(80_000 * random.next() ** 4) * 1000 + id;
  while (taken.has(distance));
  taken.add(distance);
  return distance;
}

/** Steps seen in captures: 10,000 KRW for BTC, 1 for XRP; a tenth of the common step below 1,000. */
function krwTick(price: bigint, usual: bigint): bigint {
  if (price >= unitsFromText('10000000')) return unitsFromText('10000');
  return price < unitsFromText('1000') && usual >= 10n ? usual / 10n : usual;
}

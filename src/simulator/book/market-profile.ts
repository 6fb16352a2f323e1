import { UNITS, unitsFromText } from './number-text.js';
import { Random, seedFrom } from '../random.js';
import type { BookSpec } from './book.js';

/** Splits `BTC-KRW`. @throws {Error} when the text is not a pair. */
export function parsePair(pair: string): { symbol: string; currency: string } {
  const match = /^([A-Z0-9]+)-([A-Z0-9]+)$/.exec(pair);
  if (match === null) {
    throw new Error(
      `not a pair: ${JSON.stringify(pair)}; expected SYMBOL-CURRENCY such as BTC-KRW`,
    );
  }
  return { symbol: match[1]!, currency: match[2]! };
}

/** Markets that every exchange lists, the big ones. */
export const BIG_PAIRS = ['BTC-KRW', 'ETH-KRW', 'XRP-KRW', 'USDT-KRW', 'SOL-KRW', 'DOGE-KRW'];

/** What a simulated market is like, before an exchange's own rules are applied. */
export interface MarketProfile {
  /** Price around which the book wanders, units of 1e-8. */
  readonly price: bigint;
  /** Smallest price step, units of 1e-8. */
  readonly tick: bigint;
  /** Volume of an ordinary level, units of 1e-8. */
  readonly typicalVolume: bigint;
  /** Changes of the book a second, on average, at rate 1. */
  readonly changesPerSecond: number;
  /** A market with few orders: fewer levels than any exchange's wire depth, at least on the bid side. */
  readonly thin: boolean;
}

/** KRW prices near those of the captures of September 2026. */
const KRW_PRICES: Readonly<Record<string, string>> = {
  BTC: '116539000',
  ETH: '3715000',
  XRP: '2217',
  USDT: '1397',
  USDC: '1396',
  USDS: '1395',
  SOL: '164300',
  DOGE: '187.5',
  EGG: '0.4321',
  BERA: '1153',
};

/** Changes a second measured on (or near) the busiest books; the publication grids merge some. */
const CHANGES_PER_SECOND: Readonly<Record<string, number>> = {
  'BTC-KRW': 8.4,
  'XRP-KRW': 25,
  'ETH-KRW': 6.5,
  'USDT-KRW': 2.5,
  'SOL-KRW': 3,
  'DOGE-KRW': 3,
  'ETH-BTC': 10,
  'BTC-USDT': 4,
};

/** Bases that are thin wherever they are listed. */
const THIN = new Set(['USDS', 'EGG', 'BERA']);

/** A table of price steps: the step (plain KRW) from each price on, the highest first. */
export type Ticks = readonly (readonly [from: string, tick: string])[];

/** Upbit's KRW price steps of 2025; the other exchanges' differ in some bands. */
const KRW_TICKS: Ticks = [
  ['1000000', '1000'],
  ['500000', '500'],
  ['100000', '100'],
  ['50000', '50'],
  ['10000', '10'],
  ['5000', '5'],
  ['100', '1'],
  ['10', '0.1'],
  ['1', '0.01'],
  ['0.1', '0.001'],
  ['0.01', '0.0001'],
  ['0.001', '0.00001'],
];

/** The step at a price (both units of 1e-8); the smallest unit below the table. */
function tickAt(price: bigint, ticks: Ticks): bigint {
  const band = ticks.find(([from]) => price >= unitsFromText(from));
  return band === undefined ? 1n : unitsFromText(band[1]);
}

/** The profile with the price steps of an exchange. */
export function withTicks(profile: MarketProfile, ticks: Ticks): MarketProfile {
  return withTick(profile, tickAt(profile.price, ticks));
}

/** The profile with another price step. */
export function withTick(profile: MarketProfile, tick: bigint): MarketProfile {
  return { ...profile, tick, price: profile.price - (profile.price % tick) };
}

function krwPrice(symbol: string): bigint {
  const known = KRW_PRICES[symbol];
  if (known !== undefined) return unitsFromText(known);
  // Any other coin: one to four digits before the point, the same on all exchanges and seeds.
  const random = new Random(seedFrom('price', symbol));
  return BigInt(random.int(100, 9999)) * 10n ** BigInt(random.int(6, 9));
}

/** Price of one unit of a quote currency in KRW, units of 1e-8. */
function quotePrice(currency: string): bigint {
  return currency === 'KRW' ? UNITS : krwPrice(currency);
}

/** Profile of a pair such as `BTC-KRW`; depends on nothing but the pair. */
export function profileOf(symbol: string, currency: string): MarketProfile {
  const inKrw = krwPrice(symbol);
  let price = (inKrw * UNITS) / quotePrice(currency);
  if (price < 20n) price = 20n;
  let tick: bigint;
  if (currency === 'KRW') tick = tickAt(price, KRW_TICKS);
  else if (currency === 'BTC') tick = 1n;
  else tick = price >= 10n * UNITS ? UNITS / 100n : UNITS / 10_000n;
  if (price < tick * 20n) tick = 1n;
  price -= price % tick;
  // About 3,000,000 KRW rest at an ordinary level.
  let typicalVolume = (3_000_000n * UNITS * UNITS) / inKrw;
  if (typicalVolume < 100n) typicalVolume = 100n;
  const random = new Random(seedFrom('pace', symbol, currency));
  const thin = THIN.has(symbol);
  const usual = random.chance(0.22) ? 0.01 : Math.min(6, random.exponential(1.1));
  const changesPerSecond = thin ? 1 / 60 : (CHANGES_PER_SECOND[`${symbol}-${currency}`] ?? usual);
  return { price, tick, typicalVolume, changesPerSecond, thin };
}

/**
 * Ordinary {@link BookSpec} of a profile: `depth` levels a side, or a handful when it is thin (a
 * few asks and still fewer bids, so that exchanges which pad have something to pad).
 */
export function bookSpecOf(profile: MarketProfile, depth: number, volumeUnit: bigint): BookSpec {
  const { price, tick, typicalVolume, thin } = profile;
  return thin
    ? { price, tick, volumeUnit, typicalVolume, depth: 11, bidDepth: 6, maxGap: 4, spread: 3 }
    : { price, tick, volumeUnit, typicalVolume, depth };
}

/** Korean and English names of a coin for the market lists; the symbol where none is listed here. */
export function coinNames(symbol: string): { korean: string; english: string } {
  const [korean, english] = COIN_NAMES[symbol] ?? [symbol, symbol];
  return { korean, english };
}

const COIN_NAMES: Readonly<Record<string, readonly [korean: string, english: string]>> = {
  BTC: ['비트코인', 'Bitcoin'],
  ETH: ['이더리움', 'Ethereum'],
  XRP: ['엑스알피(리플)', 'XRP'],
  USDT: ['테더', 'Tether'],
  SOL: ['솔라나', 'Solana'],
  DOGE: ['도지코인', 'Dogecoin'],
};

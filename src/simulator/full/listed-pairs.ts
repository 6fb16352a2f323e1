import type { Exchange } from '../../market/exchange.js';
import { Random, seedFrom } from '../random.js';
import { sizeOf } from '../registry.js';

/** Coins by their real symbols, the busiest first; all five exchanges list most of these. */
const KNOWN = (
  'BTC XRP ETH USDT SOL DOGE USDC ADA TRX XLM LINK SUI AVAX BCH HBAR DOT NEAR SHIB PEPE ETC APT ' +
  'ARB ONDO SAND MANA ATOM SEI ALGO AAVE UNI STX FIL ICP VET IMX INJ GRT CHZ AXS FLOW XTZ NEO ' +
  'QTUM EOS IOTA ZIL BAT ZRX ENJ ANKR STORJ KNC ONT ICX WAXP GAS BLUR MASK CELO GLM ONE JST'
).split(' ');

/** Coins with few orders, whose sides were seen padded (`upbit.book.zero-padding`). */
const THIN = ['USDS', 'EGG', 'BERA'];

/** Coins that the five exchanges list in total. */
const COINS = 560;

let symbols: readonly string[] | undefined;

/** The coins: real symbols, then made-up ones of four or five characters; always the same. */
function coins(): readonly string[] {
  if (symbols !== undefined) return symbols;
  const random = new Random(seedFrom('coins'));
  const one = (letters: string): string => letters[random.int(0, letters.length - 1)]!;
  const taken = new Set([...KNOWN, ...THIN, 'KRW', 'KLAY', 'KDA']);
  const all = [...KNOWN];
  while (all.length < COINS) {
    let symbol = '';
    const length = random.int(4, 5);
    while (symbol.length < length) {
      symbol += one(symbol.length % 2 === 0 ? 'BCDFGHJKLMNPRSTVWXYZ' : 'AEO');
    }
    if (random.chance(0.05)) symbol = `${symbol.slice(0, -1)}${random.int(1, 9)}`;
    if (taken.has(symbol)) continue;
    taken.add(symbol);
    all.push(symbol);
  }
  return (symbols = all);
}

/** All pairs that an exchange lists in the whole market, the busiest coins of each currency first. */
export function fullMarketPairs(exchange: Exchange): string[] {
  const { counts, thinCoins } = sizeOf(exchange);
  return Object.entries(counts).flatMap(([currency, count]) => {
    const others = coins().filter((symbol) => symbol !== currency);
    const thin = thinCoins === true ? THIN : [];
    // A currency with few markets has the major coins; one with many also has thin ones.
    const few = count <= KNOWN.length;
    const names = few ? others.slice(0, count) : [...others.slice(0, count - thin.length), ...thin];
    return names.map((symbol) => `${symbol}-${currency}`);
  });
}

/** Pairs on an exchange's market list with status `stopped`, besides those of the whole market. */
export function stoppedPairs(exchange: Exchange): string[] {
  const { stopped = 0 } = sizeOf(exchange);
  const former = ['KDA', 'KLAY', ...coins().toReversed()].slice(0, stopped);
  return former.map((symbol) => `${symbol}-KRW`);
}

import type { Exchange } from '../../market/exchange.js';
import { Random, seedFrom } from '../random.js';

/**
 * How busy an exchange is, frames over all its markets. From the `size` facts in docs/exchanges,
 * 2026-09-23.
 */
interface Figures {
  /** Frames a second of all markets together. */
  readonly total: number;
  /** Greatest number of frames a second of one market. */
  readonly most: number;
  /** Share of markets made to send a frame a minute or fewer. */
  readonly quiet: number;
  /** Frames a second of markets that were measured. */
  readonly measured: Readonly<Record<string, number>>;
}

const FIGURES: Readonly<Record<Exchange, Figures>> = {
  UPBIT: {
    total: 790,
    most: 9.5,
    // With the slow ones of the rest: 181 to 191 of 855 codes sent nothing in 30 to 40 s.
    quiet: 0.19,
    measured: { 'BTC-KRW': 5.7, 'ETH-KRW': 4.8, 'XRP-KRW': 9.2, 'ETH-BTC': 9, 'BTC-USDT': 4 },
  },
  BITHUMB: {
    total: 950,
    most: 12,
    // 31 to 37 of 493.
    quiet: 0.03,
    measured: { 'BTC-KRW': 10, 'ETH-KRW': 9.2, 'ETH-BTC': 12, 'USDT-KRW': 2.4 },
  },
  COINONE: {
    total: 220,
    most: 4.2,
    // 92 to 106 of 363 sent only their first frame in 60 s.
    quiet: 0.25,
    measured: { 'BTC-KRW': 4.2, 'XRP-KRW': 2.5 },
  },
  KORBIT: {
    total: 150,
    most: 3,
    quiet: 0.1,
    measured: { 'BTC-KRW': 2.7, 'USDT-KRW': 1.5 },
  },
  GOPAX: {
    // Deltas; the fifty busiest pairs were measured at 5.6 to 10 a second.
    total: 12,
    most: 2,
    quiet: 0.5,
    measured: { 'USDT-KRW': 0.01 },
  },
};

/** Chosen, with the quiet shares, so that as many markets are silent as were measured. */
const SKEW = 1.4;

/**
 * Frames a second of every market of an exchange: a few busy ones, many quiet ones, and the sum that
 * was measured. The same seed gives the same rates.
 */
export function activityOf(
  exchange: Exchange,
  pairs: readonly string[],
  seed: number,
): Map<string, number> {
  const { total, most, quiet, measured } = FIGURES[exchange];
  const rates = new Map<string, number>();
  const weights = new Map<string, number>();
  let left = total;
  for (const pair of pairs) {
    const random = new Random(seedFrom('activity', seed, exchange, pair));
    const known = measured[pair];
    if (known === undefined && !random.chance(quiet)) {
      // The power makes the busiest tenth of them send about two fifths of the frames.
      weights.set(pair, random.exponential(1) ** SKEW);
      continue;
    }
    const rate = known ?? 1 / random.int(60, 600);
    rates.set(pair, rate);
    left -= rate;
  }
  const scale = scaleFor([...weights.values()], left, most);
  for (const [pair, weight] of weights) rates.set(pair, Math.min(most, weight * scale));
  return rates;
}

/** What to multiply the weights by so that they, none of them above `most`, add up to `sum`. */
function scaleFor(weights: readonly number[], sum: number, most: number): number {
  let low = 0;
  let high = 1e6;
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    const reached = weights.reduce((all, weight) => all + Math.min(most, weight * middle), 0);
    if (reached < sum) low = middle;
    else high = middle;
  }
  return high;
}

import type { Exchange } from '../../market/exchange.js';
import { Random, seedFrom } from '../random.js';
import { sizeOf } from '../registry.js';

/** Chosen, together with the quiet shares, so that as many markets are silent as measured. */
const SKEW = 1.4;

/** Frames a second of each market: few busy, many quiet, in total as measured; determined by the seed. */
export function activityOf(
  exchange: Exchange,
  pairs: readonly string[],
  seed: number,
): Map<string, number> {
  const { total, most, quiet, measured } = sizeOf(exchange);
  const rates = new Map<string, number>();
  const weights = new Map<string, number>();
  let left = total;
  for (const pair of pairs) {
    const random = new Random(seedFrom('activity', seed, exchange, pair));
    const known = measured[pair];
    if (known === undefined && !random.chance(quiet)) {
      // With this power the busiest tenth sends about two fifths of the frames.
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

/** The factor on the weights that makes them, each capped at `most`, add up to `sum`. */
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

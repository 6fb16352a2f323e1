import { addDecimal } from '../../market/decimal.js';

/** Exact volumes in the coin, by taker side. */
interface Traded {
  readonly buy: string;
  readonly sell: string;
}

/** What was traded from `at` to `until`, Unix ms. */
export interface TradeBar extends Traded {
  readonly at: number;
  readonly until: number;
}

/** What was traded, by the start of each of several intervals of equal length, Unix ms. */
export type TradedAt = ReadonlyMap<number, Traded>;

/** A step of a series: its volumes are null where no trades were recorded. */
interface TradedStep {
  readonly time: string;
  readonly buyVolume?: string | null;
  readonly sellVolume?: string | null;
}

const NOTHING: Traded = { buy: '0', sell: '0' };

/** Adds one trade to its interval. */
export function addTraded(
  to: Map<number, Traded>,
  part: number,
  side: keyof Traded,
  volume: string,
): void {
  const old = to.get(part) ?? NOTHING;
  to.set(part, { ...old, [side]: addDecimal(old[side], volume) });
}

/** The volumes of some series, in intervals of `length` ms (a multiple of their steps) from `from`. */
export function tradedIn(
  series: readonly (readonly TradedStep[])[],
  from: number,
  length: number,
): Map<number, Traded> {
  const traded = new Map<number, Traded>();
  for (const { time, buyVolume, sellVolume } of series.flat()) {
    if (buyVolume == null || sellVolume == null) continue;
    const part = from + Math.floor((Date.parse(time) - from) / length) * length;
    addTraded(traded, part, 'buy', buyVolume);
    addTraded(traded, part, 'sell', sellVolume);
  }
  return traded;
}

/** The intervals with any trade as bars, oldest first. */
export function barsOf(traded: TradedAt, length: number): TradeBar[] {
  return [...traded]
    .filter(([, { buy, sell }]) => buy !== '0' || sell !== '0')
    .sort(([a], [b]) => a - b)
    .map(([at, volumes]) => ({ at, until: at + length, ...volumes }));
}

/** The bar that contains a moment. @param at Unix ms */
export function barAt(bars: readonly TradeBar[], at: number): TradeBar | undefined {
  return bars.find((bar) => bar.at <= at && at < bar.until);
}

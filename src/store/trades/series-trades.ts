import { addDecimal, divideDecimal, multiplyDecimal } from '../../market/decimal.js';
import type { Span } from '../../market/trade-span.js';
import type { Trade } from '../../market/trade.js';
import type { SeriesPoint, TradeSums } from '../store-types.js';
import type { TradePieces } from './trade-streams.js';

/** Decimals of a mean price at most; beyond them it is rounded. */
const VWAP_DECIMALS = 18;

/** The fields of a point that are about trades. */
export const TRADE_FIELDS = ['trades', 'volume', 'buyVolume', 'sellVolume', 'vwap'] as const;

const UNKNOWN: TradeSums = {
  trades: null,
  volume: null,
  buyVolume: null,
  sellVolume: null,
  vwap: null,
};

/** What the trades of a step add up to. */
function sumsOf(trades: readonly Trade[]): TradeSums {
  const volumes = { buy: '0', sell: '0' };
  let amount = '0';
  for (const { side, price, volume } of trades) {
    volumes[side] = addDecimal(volumes[side], volume);
    amount = addDecimal(amount, multiplyDecimal(price, volume));
  }
  const volume = addDecimal(volumes.buy, volumes.sell);
  return {
    trades: trades.length,
    volume,
    buyVolume: volumes.buy,
    sellVolume: volumes.sell,
    vwap: trades.length === 0 ? null : divideDecimal(amount, volume, VWAP_DECIMALS).value,
  };
}

/** Whether any of some spans, which ascend, touches windows, which ascend, too. */
class Touch {
  readonly #spans: readonly Span[];
  #at = 0;

  constructor(spans: readonly Span[]) {
    this.#spans = spans;
  }

  of(start: number, end: number): boolean {
    while (this.#at < this.#spans.length && this.#spans[this.#at]!.end <= start) this.#at++;
    const span = this.#spans[this.#at];
    return span !== undefined && span.start < end;
  }
}

/**
 * Points with what the trades of their steps add up to; null where no trades were recorded.
 * @param pieces the market's trades of the window, by the exchange's time
 * @param recorded when its trades were recorded, ascending
 */
export async function* withTrades(
  points: AsyncIterable<readonly SeriesPoint[]>,
  pieces: TradePieces,
  recorded: readonly Span[],
  { to, step }: { readonly to: number; readonly step: number },
): AsyncGenerator<SeriesPoint[]> {
  const touch = new Touch(recorded);
  const source = pieces[Symbol.asyncIterator]();
  let waiting: readonly Trade[] = [];
  let at = 0;
  try {
    for await (const some of points) {
      const made: SeriesPoint[] = [];
      for (const point of some) {
        const end = Math.min(point.time + step, to);
        const own: Trade[] = [];
        for (;;) {
          if (at === waiting.length) {
            const next = await source.next();
            if (next.done === true) break;
            [waiting, at] = [next.value, 0];
          } else if (waiting[at]!.exchangeTimestamp < end) own.push(waiting[at++]!);
          else break;
        }
        const known = touch.of(point.time, end) || own.length > 0;
        made.push({ ...point, ...(known ? sumsOf(own) : UNKNOWN) });
      }
      yield made;
    }
  } finally {
    await source.return?.();
  }
}

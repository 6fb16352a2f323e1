import { addDecimal, divideDecimal, multiplyDecimal } from '../../market/decimal.js';
import type { Span } from '../../market/trade-span.js';
import type { Trade } from '../../market/trade.js';
import type { SeriesPoint, TradeSums } from '../reader-types.js';
import type { TradePieces } from './trade-streams.js';

/** Maximum decimals of an average price; beyond that it is rounded. */
const VWAP_DECIMALS = 18;

/** The fields of a point that concern trades. */
export const TRADE_FIELDS = ['trades', 'volume', 'buyVolume', 'sellVolume', 'vwap'] as const;

const UNKNOWN: TradeSums = {
  trades: null,
  volume: null,
  buyVolume: null,
  sellVolume: null,
  vwap: null,
};

/** For a step whose trades were recorded, but without any. */
const NONE: TradeSums = { trades: 0, volume: '0', buyVolume: '0', sellVolume: '0', vwap: null };

/** Aggregates of the trades of a step, however many there are. */
class StepSums {
  #trades = 0;
  readonly #volumes = { buy: '0', sell: '0' };
  #amount = '0';

  add({ side, price, volume }: Trade): void {
    this.#trades++;
    this.#volumes[side] = addDecimal(this.#volumes[side], volume);
    this.#amount = addDecimal(this.#amount, multiplyDecimal(price, volume));
  }

  get sums(): TradeSums {
    const { buy, sell } = this.#volumes;
    const volume = addDecimal(buy, sell);
    return {
      trades: this.#trades,
      volume,
      buyVolume: buy,
      sellVolume: sell,
      vwap: divideDecimal(this.#amount, volume, VWAP_DECIMALS).value,
    };
  }
}

/** Whether any of some ascending spans overlaps ascending windows. */
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
 * Points with the aggregates of their steps' trades; null where no trades were recorded.
 * @param pieces the market's trades in the window, by exchange time
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
  let ended = false;
  try {
    for await (const some of points) {
      const made: SeriesPoint[] = [];
      for (const point of some) {
        const end = Math.min(point.time + step, to);
        let own: StepSums | null = null;
        while (!ended) {
          if (at === waiting.length) {
            const next = await source.next();
            if (next.done === true) ended = true;
            else [waiting, at] = [next.value, 0];
          } else if (waiting[at]!.exchangeTimestamp < end)
            (own ??= new StepSums()).add(waiting[at++]!);
          else break;
        }
        const sums = own?.sums ?? (touch.of(point.time, end) ? NONE : UNKNOWN);
        // Modifies the point itself, which is ours by now: there are many of them.
        made.push(Object.assign(point, sums));
      }
      yield made;
    }
  } finally {
    await source.return?.();
  }
}

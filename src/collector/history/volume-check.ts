import type { CollectorMemory } from '../../market/collector-memory.js';
import { type Span, without } from '../../market/trade-span.js';
import type { RestClient } from '../rest/rest-client.js';
import type { MarketTrades } from './market-trades.js';
import type { TradeHistory } from './trade-history.js';

const MINUTE_MS = 60_000;
/** Time after the end of a minute until the exchange has closed it too, ms. */
const OVER_MS = 60_000;

/** What a comparison works with. */
interface VolumeParts {
  readonly history: TradeHistory;
  readonly rest: RestClient;
  readonly memory: Pick<CollectorMemory, 'tradeVolumes'>;
  readonly clock: () => number;
  readonly slot: () => Promise<boolean>;
}

/** Receives the result of each minute. */
interface VolumeHost {
  agreed(): void;
  differs(minute: number, exchange: string, stored: string): void;
}

/**
 * Compares the volume of each whole checked minute with that of the exchange's candle; equal ones are
 * marked. A minute without a trade has no candle.
 * @throws {ExchangeError} when the candles cannot be fetched
 */
export async function compareVolumes(
  { history, rest, memory, clock, slot }: VolumeParts,
  market: MarketTrades,
  host: VolumeHost,
): Promise<void> {
  const most = (history.maxMinutes ?? 1) * MINUTE_MS;
  const over = Math.floor((clock() - OVER_MS) / MINUTE_MS) * MINUTE_MS;
  const spans = market.volumes.map(({ start, end }) => {
    const last = Math.min(over, Math.floor(end / MINUTE_MS) * MINUTE_MS);
    return { start: Math.ceil(start / MINUTE_MS) * MINUTE_MS, end: last };
  });
  for (const span of spans) {
    for (let end = span.end; end > span.start; end -= most) {
      const start = Math.max(span.start, end - most);
      if (!(await slot()) || !market.running) return;
      const count = (end - start) / MINUTE_MS;
      const candles = await history.minutes!(rest, market.pair, end, count);
      const stored = await memory.tradeVolumes(market.market, { start, end });
      const first = [...candles.keys()].reduce(
        (least, minute) => Math.min(least, minute),
        Infinity,
      );
      for (let minute = start; minute < end; minute += MINUTE_MS) {
        const [theirs, ours] = [candles.get(minute) ?? '0', stored.get(minute) ?? '0'];
        // Candles that begin later, or none at all, do not show that there was no trade.
        if (theirs === '0' && ours === '0' && minute < first) continue;
        if (theirs === ours) {
          host.agreed();
          market.volumeEquals({ start: minute, end: minute + MINUTE_MS });
        } else host.differs(minute, theirs, ours);
      }
      // What a failed call leaves is compared next time.
      market.volumes = without(market.volumes, { start, end });
    }
  }
  // Parts of minutes are left, of use while the rest of their minute may still be checked.
  market.volumes = market.volumes.flatMap(({ start, end }) =>
    minutesOf({ start, end })
      .filter((minute) => minute.end > over || market.openIn(minute).length > 0)
      .map((minute) => ({
        start: Math.max(start, minute.start),
        end: Math.min(end, minute.end),
      })),
  );
}

/** The minutes in which a span begins and ends. */
function minutesOf({ start, end }: Span): Span[] {
  const first = Math.floor(start / MINUTE_MS) * MINUTE_MS;
  const last = Math.floor((end - 1) / MINUTE_MS) * MINUTE_MS;
  const minutes = last > first ? [first, last] : [first];
  return minutes.map((minute) => ({ start: minute, end: minute + MINUTE_MS }));
}

import type { Trade } from '../../src/market/trade.js';
import { seeded, UPBIT_BTC } from './support.js';

/** When the first trade happens. */
export const T0 = 1_790_000_000_000;

/** A trade with everything but what `part` says. */
export function trade(part: Partial<Trade> & { sequence: number }): Trade {
  const time = part.exchangeTimestamp ?? T0 + part.sequence;
  return {
    market: UPBIT_BTC,
    timestamp: time + 60,
    exchangeTimestamp: time,
    messageTimestamp: time + 40,
    resolutionMs: 1,
    tradeId: `${time}0000`,
    idKind: 'EXCHANGE',
    side: 'buy',
    price: '116539000',
    volume: '0.00012345',
    origin: 'LIVE',
    ...part,
  };
}

/** Trades like those of a busy market. */
export function many(count: number, next: () => number, random = seeded(1)): Trade[] {
  let time = T0;
  let counter = 0;
  return Array.from({ length: count }, () => {
    const step = Math.floor(random() * 4) === 0 ? Math.floor(random() * 3000) : 0;
    counter = step === 0 ? counter + 1 : 0;
    time += step;
    return trade({
      sequence: next(),
      exchangeTimestamp: time,
      tradeId: `${time}${String(counter).padStart(4, '0')}`,
      side: random() < 0.5 ? 'buy' : 'sell',
      price: String(116_000_000 + Math.floor(random() * 500) * 1000),
      volume: `0.${
        String(Math.floor(random() * 1e8))
          .padStart(8, '0')
          .replace(/0+$/, '') || '1'
      }`,
      timestamp: time + 20 + Math.floor(random() * 80),
      messageTimestamp: time + 35 + Math.floor(random() * 20),
    });
  });
}

/** What an export gives of a trade, its times as numbers. */
export function exportedTrade({ market, idKind, ...own }: Trade) {
  const { exchange, symbol, currency } = market;
  const backfilled = own.origin === 'BACKFILL';
  return {
    exchange,
    symbol,
    currency,
    ...own,
    tradeIdKind: idKind,
    backfilled,
    completeness: 'UNPROVEN',
  };
}

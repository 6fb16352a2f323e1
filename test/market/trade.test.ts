import { expect, it } from '@jest/globals';
import { nearInTime, type ReadTrade } from '../../src/market/trade.js';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 10, 27);

const trade = (exchangeTimestamp: number): ReadTrade => ({
  tradeId: '1',
  idKind: 'EXCHANGE',
  side: 'buy',
  price: '100',
  volume: '1',
  exchangeTimestamp,
  resolutionMs: 1,
  messageTimestamp: null,
});

it('a wild time stands apart from trades of days that follow each other', () => {
  const times = [NOW, NOW - DAY, NOW - 300 * DAY, NOW - 2 * DAY];
  expect(
    nearInTime(times.map(trade)).map((group) => group.map((t) => t.exchangeTimestamp)),
  ).toEqual([[NOW - 300 * DAY], [NOW - 2 * DAY, NOW - DAY, NOW]]);
  expect(nearInTime([])).toEqual([]);
});

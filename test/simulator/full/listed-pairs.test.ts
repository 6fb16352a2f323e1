import { describe, expect, it } from '@jest/globals';
import { EXCHANGES } from '../../../src/market/exchange.js';
import { activityOf } from '../../../src/simulator/full/activity.js';
import { fullMarketPairs, stoppedPairs } from '../../../src/simulator/full/listed-pairs.js';
import { sizeOf } from '../../../src/simulator/registry.js';
import { parsePair } from '../../../src/simulator/book/market-profile.js';

describe('the list of the whole market', () => {
  it.each([
    ['UPBIT', 855, { KRW: 289, BTC: 328, USDT: 238 }],
    ['BITHUMB', 493, { KRW: 480, BTC: 13 }],
    ['COINONE', 363, { KRW: 363 }],
    ['KORBIT', 193, { KRW: 193 }],
    ['GOPAX', 122, { KRW: 111, USDC: 11 }],
  ] as const)('%s has %i pairs, each once, in its currencies', (exchange, count, currencies) => {
    const pairs = fullMarketPairs(exchange);
    expect(new Set(pairs).size).toBe(count);
    expect(pairs).toHaveLength(count);
    const counts: Record<string, number> = {};
    for (const pair of pairs) {
      const { symbol, currency } = parsePair(pair);
      counts[currency] = (counts[currency] ?? 0) + 1;
      expect(symbol).not.toBe(currency);
    }
    expect(counts).toEqual(currencies);
    expect(pairs).toEqual(expect.arrayContaining(['BTC-KRW', 'ETH-KRW', 'XRP-KRW', 'DOGE-KRW']));
  });

  it('has stopped pairs of Korbit beside the launched ones', () => {
    const stopped = stoppedPairs('KORBIT');
    expect(new Set([...stopped, ...fullMarketPairs('KORBIT')]).size).toBe(34 + 193);
  });
});

describe('the activity of the whole market', () => {
  it.each(EXCHANGES)('%s: adds up to what was measured, most of it by few markets', (exchange) => {
    const pairs = fullMarketPairs(exchange);
    const rates = activityOf(exchange, pairs, 1);
    expect([...rates.keys()].sort()).toEqual([...pairs].sort());
    const sorted = [...rates.values()].sort((a, b) => b - a);
    const sum = sorted.reduce((all, rate) => all + rate, 0);
    expect(sum).toBeCloseTo(sizeOf(exchange).total, 3);
    expect(sorted.at(-1)).toBeGreaterThan(0);
    const half = sorted.slice(0, sorted.length / 2).reduce((all, rate) => all + rate, 0);
    expect(half / sum).toBeGreaterThan(0.8);
  });

  it('depends on the seed alone', () => {
    const pairs = fullMarketPairs('COINONE');
    expect(activityOf('COINONE', pairs, 3)).toEqual(activityOf('COINONE', pairs, 3));
    expect(activityOf('COINONE', pairs, 3)).not.toEqual(activityOf('COINONE', pairs, 4));
  });
});

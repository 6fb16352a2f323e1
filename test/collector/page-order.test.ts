import { describe, expect, it } from '@jest/globals';
import { cursorOf, inOrder, provenTime } from '../../src/collector/history/page-order.js';
import type { ReadTrade } from '../../src/market/trade.js';

const NOW = Date.UTC(2026, 10, 27);
const YEAR = 365 * 86_400_000;

const trade = (exchangeTimestamp: number, tradeId = String(exchangeTimestamp)): ReadTrade => ({
  tradeId,
  idKind: 'EXCHANGE',
  side: 'buy',
  price: '100',
  volume: '1',
  exchangeTimestamp,
  resolutionMs: 1,
  messageTimestamp: null,
});
/** A page of trades that are so many ms old. */
const page = (...ages: number[]): ReadTrade[] => ages.map((age) => trade(NOW - age));
const agesOf = (trades: readonly ReadTrade[]): number[] =>
  trades.map(({ exchangeTimestamp }) => NOW - exchangeTimestamp);

describe('rows of a page', () => {
  it.each([
    ['far too old, the newest of the page', [YEAR, 1_000, 2_000, 3_000], [YEAR]],
    ['far too old, within it', [1_000, 2_000, YEAR, 3_000, 4_000], [YEAR]],
    ['too old by an hour', [1_000, 3_602_000, 3_000, 4_000], [3_602_000]],
    ['of the future, the newest of the page', [-120_000, 1_000, 2_000], [-120_000]],
    ['of the future, within it', [1_000, -YEAR, 2_000, 3_000], [-YEAR]],
    ['too new, the oldest of the page', [600_000, 700_000, 800_000, 1_000], [1_000]],
    ['out of order twice', [1_000, YEAR, 2_000, 700_000, 4_000, 5_000], [YEAR, 700_000]],
  ])('%s are left out', (_name, ages, strays) => {
    const parted = inOrder(page(...ages), NOW);
    expect(agesOf(parted.strays)).toEqual(strays);
    expect(agesOf(parted.trades)).toEqual(ages.filter((age) => !strays.includes(age)));
  });

  it.each([
    ['as far apart as those of a market that hardly trades', [1_000, YEAR, 3 * YEAR]],
    ['of one moment', [1_000, 1_000, 1_000]],
    ['overtaken by a little', [1_000, 3_000, 2_500, 40_000, 4_000, 50_000]],
    ['of a clock a little ahead of that of the answer', [-30_000, 1_000]],
  ])('%s are kept', (_name, ages) => {
    expect(inOrder(page(...ages), NOW)).toEqual({ trades: page(...ages), strays: [] });
  });

  it('of the future are those of a moment where the exchange does not say when it answered', () => {
    expect(inOrder(page(-YEAR, 1_000), null).strays).toEqual([]);
  });

  it('are no page where most are in no order', () => {
    const oldestFirst = page(YEAR, 700_000, 500_000, 300_000, 100_000);
    expect(() => inOrder(oldestFirst, NOW)).toThrow('4 of 5 trades are out of order');
    expect(inOrder([], NOW)).toEqual({ trades: [], strays: [] });
  });
});

describe('a full page', () => {
  it('has all trades after its second oldest, for its oldest may be wild', () => {
    expect(NOW - provenTime(page(1_000, 2_000, YEAR))).toBe(2_000);
    expect(NOW - provenTime(page(1_000, 2_000, 2_000))).toBe(2_000);
    expect(NOW - provenTime(page(1_000))).toBe(1_000);
    expect(provenTime([])).toBe(Infinity);
  });

  it('whose rows overtake each other may lack one as much later', () => {
    expect(NOW - provenTime(page(1_000, 9_000, 7_000, 20_000, 30_000))).toBe(18_000);
  });

  it('goes on by the second least id, however wild the least is', () => {
    const ids = (...texts: string[]): ReadTrade[] => texts.map((id) => trade(NOW, id));
    expect(cursorOf(ids('105', '104', '1', '103'))).toBe('103');
    expect(cursorOf(ids('105', '99', '99'))).toBe('105');
    expect(cursorOf(ids('105', '105'))).toBeNull();
  });
});

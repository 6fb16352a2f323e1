import { describe, expect, it } from '@jest/globals';
import { matchTrades } from '../../src/market/trade-match.js';
import type { ReadTrade } from '../../src/market/trade.js';

const trade = (part: Partial<ReadTrade>): ReadTrade => ({
  tradeId: '1',
  idKind: 'EXCHANGE',
  side: 'buy',
  price: '100',
  volume: '1',
  exchangeTimestamp: 1_790_000_000_123,
  resolutionMs: 1,
  messageTimestamp: null,
  ...part,
});

describe('the history compared with the store', () => {
  it('finds what one of them lacks, and equal trades in a millisecond one by one', () => {
    const stored = [trade({ tradeId: '1' }), trade({ tradeId: '2' }), trade({ tradeId: '9' })];
    const history = ['1', '2', '3', '4'].map((tradeId) => trade({ tradeId }));
    // Equal contents stand for each other only once: 9 is taken for 3, whose id would be another.
    expect(matchTrades(history, stored)).toMatchObject({
      agreed: 3,
      otherIds: 1,
      missing: [{ tradeId: '4' }],
      absent: [],
    });
  });

  it('takes an id with other contents for one trade, told of differently, and records it once', () => {
    const stored = [trade({ tradeId: '7', side: 'sell' })];
    const match = matchTrades([trade({ tradeId: '7' })], stored);
    expect(match).toMatchObject({ agreed: 0, missing: [], absent: [] });
    expect(match.differing).toHaveLength(1);
  });

  it('believes an id before equal contents: a missed trade does not stand for one told of differently', () => {
    const missed = trade({ tradeId: '6' });
    const history = [missed, trade({ tradeId: '7', volume: '2' })];
    expect(matchTrades(history, [trade({ tradeId: '7' })])).toMatchObject({
      agreed: 0,
      missing: [{ tradeId: '6' }],
      differing: [{ history: { volume: '2' }, stored: { volume: '1' } }],
    });
  });

  it('takes an id that two trades have for both', () => {
    const reused = trade({ tradeId: '7', volume: '2' });
    const match = matchTrades([trade({ tradeId: '7' }), reused], [trade({ tradeId: '7' })]);
    expect(match).toMatchObject({ agreed: 1, differing: [], missing: [{ volume: '2' }] });
  });

  it('compares feeds without a common id as a multiset', () => {
    const rest = (part: Partial<ReadTrade> = {}): ReadTrade =>
      trade({ idKind: 'REST', tradeId: '17900000001230000', ...part });
    const stream = (tradeId: string, part: Partial<ReadTrade> = {}): ReadTrade =>
      trade({ idKind: 'STREAM', tradeId, ...part });
    expect(matchTrades([rest(), rest(), rest()], [stream('a'), stream('b')])).toMatchObject({
      agreed: 2,
      otherIds: 0,
      missing: [{ idKind: 'REST' }],
      absent: [],
    });
    // Of one time and price, the other side: told of differently, not one more and one less.
    expect(matchTrades([rest()], [stream('a', { side: 'sell' })])).toMatchObject({
      missing: [],
      absent: [],
      differing: [{ history: { side: 'buy' }, stored: { side: 'sell' } }],
    });
  });

  it('compares a time of seconds with one of milliseconds', () => {
    const seconds = trade({ exchangeTimestamp: 1_790_000_000_000, resolutionMs: 1000 });
    expect(matchTrades([seconds], [trade({})])).toMatchObject({ agreed: 1, missing: [] });
  });
});

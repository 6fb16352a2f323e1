import { describe, expect, it } from '@jest/globals';
import {
  accountForTrades,
  type HappenedTrade,
  type SpanMark,
  type StoredTrade,
} from '../../src/soak/trade-accounts.js';

const T0 = 1_790_000_000_000;

/** A trade a second, of ids that both feeds share. */
const happened = (count: number): HappenedTrade[] =>
  Array.from({ length: count }, (_, i) => ({
    id: `${i}`,
    restId: `${i}`,
    ms: T0 + i * 10_000,
    side: 'buy',
    price: '100',
    volume: '0.5',
    live: 1,
  }));

const span = (start: number, end: number, part: Partial<SpanMark> = {}): SpanMark => ({
  ...{ start, end, completeness: 'UNPROVEN', cause: null },
  ...part,
});

const received = ({ id, ms, side, price, volume }: HappenedTrade): StoredTrade => ({
  tradeId: id,
  tradeIdKind: 'EXCHANGE',
  exchangeTimestamp: ms,
  origin: 'LIVE',
  side,
  price,
  volume,
});

describe('the account of the trades of a market', () => {
  it('adds up when all are stored, older ones and those that no client heard', () => {
    const all = happened(4).map((trade, i) => (i === 1 ? { ...trade, live: 0 } : trade));
    expect(accountForTrades(all, all.map(received), [])).toEqual({
      sent: 3,
      stored: 3,
      inGap: {},
      older: 1,
      backfilled: 0,
      unheard: 0,
      early: 0,
      unaccounted: [],
      invented: [],
      twice: [],
    });
    expect(accountForTrades(all, [all[0]!, ...all.slice(2)].map(received), []).unaccounted).toEqual(
      [],
    );
  });

  it('names a lost trade that lies in no gap, and puts the others into theirs', () => {
    const all = happened(4);
    const without = [all[0]!, all[3]!].map(received);
    const gap = span(T0 + 9_000, T0 + 12_000, { completeness: 'GAP', cause: 'DISCONNECTED' });
    const account = accountForTrades(all, without, [gap]);
    expect(account).toMatchObject({ sent: 4, stored: 2, inGap: { DISCONNECTED: 1 } });
    expect(account.unaccounted).toEqual([all[2]]);
  });

  it('names any trade that is missing where all are said to be stored', () => {
    const all = happened(4).map((trade, i) => (i < 2 ? { ...trade, live: 0 } : trade));
    const verified = span(T0 + 5_000, T0 + 25_000, { completeness: 'VERIFIED_BY_REST' });
    const account = accountForTrades(all, [received(all[3]!)], [verified]);
    expect([account.unheard, account.unaccounted]).toEqual([1, [all[1], all[2]]]);
  });

  it('names what is stored twice, and what never happened', () => {
    const all = happened(2);
    const [first, second] = all.map(received);
    const other = { ...second!, volume: '0.6' };
    const account = accountForTrades(all, [first!, first!, second!, other], []);
    expect([account.twice, account.invented]).toEqual([[first], [other]]);
  });

  it('takes equal trades of one REST id for as many as there were', () => {
    const all = happened(3).map((trade, i) => ({ ...trade, id: `s${i}`, restId: 'r' }));
    const rest = {
      ...received(all[0]!),
      tradeId: 'r',
      tradeIdKind: 'REST',
      origin: 'BACKFILL',
    } as const;
    const live = { ...received(all[2]!), tradeIdKind: 'STREAM' } as const;
    const account = accountForTrades(all, [live, rest, rest], []);
    expect(account).toMatchObject({ stored: 3, backfilled: 2, twice: [], invented: [] });
    expect(accountForTrades(all, [live, rest, rest, rest], []).twice).toHaveLength(1);
  });
});

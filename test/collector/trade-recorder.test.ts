import { beforeEach, describe, expect, it } from '@jest/globals';
import { Bus } from '../../src/bus.js';
import { TradeRecorder } from '../../src/collector/market/trade-recorder.js';
import type { Market } from '../../src/market/market.js';
import type { ReadTrade, Trade } from '../../src/market/trade.js';
import { matchTrades } from '../../src/market/trade-match.js';

const MARKET: Market = { exchange: 'BITHUMB', symbol: 'BTC', currency: 'KRW' };
const NOW = Date.UTC(2026, 10, 25);
const AT = NOW - 10_000;

/** One of several equal trades of one ms, as a feed of Bithumb gives it: the ids of the two differ. */
const trade = (tradeId: string, idKind: ReadTrade['idKind']): ReadTrade => ({
  tradeId,
  idKind,
  side: 'buy',
  price: '100000000',
  volume: '0.0173',
  exchangeTimestamp: AT,
  resolutionMs: 1,
  messageTimestamp: null,
});
const ofStream = (id: number): ReadTrade => trade(`18000000000000000${id}`, 'STREAM');
/** What the history has of the ms: `count` equal rows. */
const ofHistory = (count: number): ReadTrade[] =>
  Array.from({ length: count }, () => trade(String(AT * 10_000), 'REST'));

let stored: Trade[];
/** Ends the look-up of a snapshot with those of its trades that are not stored. */
let lookedUp: ((unknown: readonly ReadTrade[]) => void) | null;
/** Ends it without an answer. */
let notLookedUp: ((error: Error) => void) | null;
let unchecked: string[];
let recorder: TradeRecorder;
let idsBack: string[];

beforeEach(() => {
  stored = [];
  lookedUp = null;
  notLookedUp = null;
  unchecked = [];
  idsBack = [];
  let sequence = 0;
  const bus = new Bus();
  bus.trades.on((found) => stored.push(found));
  recorder = new TradeRecorder({
    bus,
    memory: {
      sequences: { next: () => ++sequence },
      unknownTrades: () =>
        new Promise((resolve, reject) => {
          lookedUp = (unknown) => resolve([...unknown]);
          notLookedUp = reject;
        }),
    },
    current: () => undefined,
    connected: () => true,
    onReusedId: () => undefined,
    onIdBack: (_market, { tradeId }, before) => idsBack.push(`${tradeId} after ${before}`),
    onAbsurdTime: () => undefined,
    onUnchecked: (_market, reason) => unchecked.push(reason),
  });
});

/** Compares the history with what is stored; the returned function fills in what was missing then. */
const compare = (history: readonly ReadTrade[]): (() => number) => {
  const comparedAt = recorder.recordedOf(MARKET);
  const { missing } = matchTrades(history, stored);
  return () => recorder.fill(MARKET, missing, NOW, comparedAt);
};

describe('equal trades of one moment, whose ids in the stream and the history differ', () => {
  it('are stored once each when a snapshot comes between the comparison and the filling', async () => {
    const fill = compare(ofHistory(3));
    const snapshot = recorder.snapshot(MARKET, [ofStream(3)], NOW);
    lookedUp!([ofStream(3)]);
    expect(await snapshot).toBe(1);
    expect(fill()).toBe(2);
    expect(stored).toHaveLength(3);
    expect(recorder.tally.repeats).toBe(1);
  });

  it('are stored once each when the history fills them in while a snapshot is looked up', async () => {
    const snapshot = recorder.snapshot(MARKET, [ofStream(3)], NOW);
    expect(compare(ofHistory(3))()).toBe(3);
    lookedUp!([ofStream(3)]);
    expect(await snapshot).toBe(0);
    expect(stored).toHaveLength(3);
    // The stream brings the other two late; a fourth is one more.
    recorder.live(MARKET, [ofStream(1), ofStream(2)], NOW);
    expect(stored).toHaveLength(3);
    recorder.live(MARKET, [ofStream(4)], NOW);
    expect(stored).toHaveLength(4);
  });

  it('are stored once each when the stream brings one between the comparison and the filling', () => {
    recorder.live(MARKET, [ofStream(1)], NOW);
    const fill = compare(ofHistory(3));
    recorder.live(MARKET, [ofStream(2)], NOW);
    expect(fill()).toBe(1);
    expect(stored.map(({ origin }) => origin)).toEqual(['LIVE', 'LIVE', 'BACKFILL']);
  });
});

it('a trade that was recorded and is not stored when the history is compared is recorded again', () => {
  const lost = { ...ofStream(1), idKind: 'EXCHANGE' } as const;
  const kept = { ...ofStream(2), idKind: 'EXCHANGE' } as const;
  recorder.live(MARKET, [lost], NOW);
  stored = [];
  const fill = compare([lost, kept]);
  recorder.live(MARKET, [kept], NOW);
  expect(fill()).toBe(1);
  expect(stored.map(({ tradeId, origin }) => [tradeId, origin])).toEqual([
    [kept.tradeId, 'LIVE'],
    [lost.tradeId, 'BACKFILL'],
  ]);
});

it('the last trades on record are left to the history where nobody knows whether they are stored', async () => {
  const snapshot = recorder.snapshot(MARKET, [ofStream(3)], NOW);
  notLookedUp!(new Error('no node answers'));
  expect(await snapshot).toBe(0);
  expect(stored).toEqual([]);
  expect(unchecked).toEqual(['no node answers']);
  expect(compare(ofHistory(1))()).toBe(1);
});

it.each([
  ['EXCHANGE', 'EXCHANGE'],
  ['REST', 'STREAM'],
] as const)(
  'trades that the history brought first, with older ones behind them, are recorded once each (%s)',
  (history, stream) => {
    const of = (count: number, from: number, kind: ReadTrade['idKind'] = history): ReadTrade[] =>
      Array.from({ length: count }, (_unused, i) => ({
        ...trade(String(20_000_000 + from + i), kind),
        exchangeTimestamp: AT + from + i,
      }));
    const late = of(1_000, 0, stream);
    recorder.fill(MARKET, of(1_000, 0), NOW, 0);
    recorder.fill(MARKET, of(20_000, -10_000_000), NOW, 0);
    recorder.live(MARKET, late, NOW);
    expect(recorder.tally).toMatchObject({ recorded: 21_000, backfilled: 21_000, repeats: 1_000 });
    expect(stored.filter(({ origin }) => origin === 'LIVE')).toEqual([]);
  },
);

it('an id that goes back while the time goes on is told, and its trade recorded; a late trade is late', () => {
  const at = (ms: number, tradeId: string): ReadTrade => ({
    ...trade(tradeId, 'EXCHANGE'),
    exchangeTimestamp: AT + ms,
  });
  recorder.live(MARKET, [at(0, '100'), at(1, '101'), at(2, '99'), at(3, '102')], NOW);
  recorder.live(MARKET, [at(2, '98'), at(3, '97'), at(4, '1000'), at(5, '103')], NOW);
  expect(idsBack).toEqual(['99 after 101', '103 after 1000']);
  expect(recorder.tally).toMatchObject({ recorded: 8, late: 2 });
});

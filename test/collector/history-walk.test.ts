import { beforeEach, describe, expect, it } from '@jest/globals';
import { walk, type WalkParts, type WalkTally } from '../../src/collector/history/history-walk.js';
import { MarketTrades } from '../../src/collector/history/market-trades.js';
import { newestOnly } from '../../src/collector/history/newest-only.js';
import type { HistoryPage, TradeHistory } from '../../src/collector/history/trade-history.js';
import { matchTrades } from '../../src/market/trade-match.js';
import { laid, type TradePiece } from '../../src/market/trade-span.js';
import { type ReadTrade, tradeContents } from '../../src/market/trade.js';
import { NO_CHECKS } from '../../src/market/trade-tally.js';

const T0 = 1_790_000_000_000;
const NOW = T0 + 100_000;
const MARKET = { exchange: 'UPBIT', symbol: 'BTC', currency: 'KRW' } as const;
const ROWS = 5;

const trade = (id: number, part: Partial<ReadTrade> = {}): ReadTrade => ({
  tradeId: String(id),
  idKind: 'EXCHANGE',
  side: 'buy',
  price: '100',
  volume: String(id),
  exchangeTimestamp: T0 + id * 1000,
  resolutionMs: 1,
  messageTimestamp: null,
  ...part,
});

/** What the exchange has, and what is stored. */
let exchange: ReadTrade[];
let stored: ReadTrade[];
let pieces: TradePiece[];
let odd: string[];
let unreached: string[];
let tally: WalkTally;
let market: MarketTrades;
/** The exchange's time of the newest that the stream brought. */
let streamedUntil: number;

const rowsOf = (trades: readonly ReadTrade[]) => {
  const read = { unreadable: 0, reason: null, otherZone: 0, answeredAt: null };
  return { trades, ...read };
};

/** Pages of five that go back by time and begin with the last millisecond of the one before. */
const paged: TradeHistory = {
  rows: ROWS,
  everyMs: 0,
  older: true,
  page: async (_rest, _pair, place): Promise<HistoryPage> => {
    const older = exchange.filter((t) => t.exchangeTimestamp < (place?.before ?? Infinity));
    const page = older.slice(-ROWS).reverse();
    if (page.length < ROWS) return { ...rowsOf(page), from: -Infinity, next: null };
    const from = page.at(-1)!.exchangeTimestamp + 1;
    return { ...rowsOf(page), from, next: { before: from, id: null, overlaps: true } };
  },
};

const newest: TradeHistory = {
  ...paged,
  older: false,
  page: async () => newestOnly(rowsOf(exchange.slice(-ROWS).reverse()), ROWS),
};

async function check(history: TradeHistory, part: Partial<WalkParts> = {}) {
  return walk(
    {
      history,
      rest: null as never,
      memory: {
        matchTrades: async (_market, history, { start, end }) =>
          matchTrades(
            history,
            stored.filter((t) => t.exchangeTimestamp >= start && t.exchangeTimestamp < end),
          ),
        unknownTrades: async (_market, history, byId) => {
          if (byId === true) return matchTrades(history, stored).missing as ReadTrade[];
          const known = new Set(stored.map((t) => `${t.tradeId} ${tradeContents(t)}`));
          return history.filter((t) => !known.has(`${t.tradeId} ${tradeContents(t)}`));
        },
        hasTradeBefore: async (_market, time) => stored.some((t) => t.exchangeTimestamp < time),
      },
      tape: {
        recordedOf: () => 0,
        fill: (_market, missing) => {
          stored.push(...missing);
          return missing.length;
        },
      },
      clock: () => NOW,
      few: false,
      settleMs: 1000,
      lossy: false,
      slot: async () => true,
      tally,
      onOdd: (_market, what) => odd.push(what),
      onUnreached: (_market, _span, why) => unreached.push(why),
      ...part,
    },
    market,
  );
}

/** The spans, in seconds after T0. */
const shown = (): string[] =>
  pieces.map(
    (p) =>
      `${(p.start - T0) / 1000}-${(p.end - T0) / 1000} ${p.completeness}${p.checked ? '' : '?'}`,
  );
const ids = (): number[] => stored.map((t) => Number(t.tradeId)).sort((a, b) => a - b);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

const newMarket = (): MarketTrades =>
  new MarketTrades(
    MARKET,
    MARKET,
    ({ market: _market, ...piece }) => {
      pieces = laid(pieces, piece);
    },
    () => streamedUntil,
  );

beforeEach(() => {
  streamedUntil = NOW;
  exchange = upTo(40).map((id) => trade(id));
  stored = [];
  pieces = [];
  odd = [];
  unreached = [];
  tally = { ...NO_CHECKS };
  market = newMarket();
  market.begin({ open: [], until: null }, T0 + 500, 0);
});

describe('a trade that cannot be read before it is known what the last run had', () => {
  it.each([
    [40_000, '49-52.001 GAP?'],
    [51_000, '51-52.001 GAP?'],
  ])('is in a gap from the newest one received on, or from the start of recording', (from, gap) => {
    streamedUntil = T0 + 50_000;
    market = newMarket();
    market.unreadable({ cause: 'PARSE_FAILED', detail: null }, T0 + 52_000);
    market.begin({ open: [], until: null }, T0 + from, 0);
    market.report(T0 + 60_000);
    expect(shown().filter((text) => text.includes('GAP'))).toEqual([gap]);
  });
});

describe('the gap of a stream that went down', () => {
  const trouble = { cause: 'DISCONNECTED', detail: null } as const;
  const gap = (): string[] => shown().filter((text) => text.includes('GAP'));

  it('begins with its newest trade, however long its messages had been under way', () => {
    streamedUntil = T0 + 10_000;
    market.down(trouble, T0 + 18_000);
    market.up(T0 + 20_000);
    // Trades that follow each other closely may come in another order.
    expect(gap()).toEqual(['9-20 GAP?']);
  });

  it('does not begin by a trade of the future, whose time is wild', () => {
    streamedUntil = T0 + 36_000_000;
    market.down(trouble, T0 + 90_000);
    market.up(NOW);
    expect(gap()).toEqual(['30-100 GAP?']);
  });

  it('begins a minute before its last proof where no newer trade is known, but not before its start', () => {
    streamedUntil = 0;
    market.down(trouble, T0 + 90_000);
    market.up(NOW);
    expect(gap()).toEqual(['30-100 GAP?']);
    pieces = [];
    market = newMarket();
    market.begin({ open: [], until: null }, T0 + 500, 0);
    market.down(trouble, T0 + 20_000);
    market.up(NOW);
    expect(gap()).toEqual(['0.5-100 GAP?']);
  });

  it('goes on from the previous run with the newest trade that it stored', () => {
    const before = { start: T0, end: T0 + 50_000, completeness: 'UNPROVEN', cause: null } as const;
    market = newMarket();
    // Trades of this run say nothing about the one before.
    market.down({ cause: 'PROCESS_DOWN', detail: null }, T0 + 60_000);
    market.begin(
      {
        open: [{ ...before, detail: null, checked: false }],
        until: T0 + 50_000,
      },
      T0 + 70_000,
      T0 + 55_500,
    );
    market.up(T0 + 72_000);
    expect(gap()).toEqual(['54.5-72 GAP?']);
  });

  it('goes on from the previous run, too, where the stream stands before it is known what that left', () => {
    market = newMarket();
    market.down({ cause: 'PROCESS_DOWN', detail: null }, T0 + 60_000);
    market.up(T0 + 72_000);
    market.begin({ open: [], until: T0 + 50_000 }, T0 + 70_000, T0 + 55_500);
    market.report(T0 + 80_000);
    expect(gap()).toEqual(['54.5-72 GAP?']);
  });

  it('of a message that cannot be read begins with the newest trade before it', () => {
    streamedUntil = T0 + 40_000;
    market.unreadable({ cause: 'PARSE_FAILED', detail: 'half a message' }, T0 + 47_000);
    market.report(T0 + 48_000);
    expect(gap()).toEqual(['39-47.001 GAP?']);
  });
});

describe('a walk through the history', () => {
  it('fills every hole once, page by page, back to what was checked before', async () => {
    stored = [1, 2, 7, 8, 30, 40].map((id) => trade(id));
    await check(paged);
    expect(ids()).toEqual(upTo(40));
    expect(shown()).toEqual(['0.5-99 VERIFIED_BY_REST', '99-100 UNPROVEN?']);
    expect(tally).toMatchObject({ historyAgreed: 6, historyFaults: 0 });
    const pages = tally.historyPages;
    market.report(NOW + 1);
    await check(paged, { clock: () => NOW + 10_000 });
    expect(tally.historyPages).toBe(pages + 1);
    expect(ids()).toEqual(upTo(40));
  });

  it('leaves alone what happened before the recording began', async () => {
    market = newMarket();
    market.begin({ open: [], until: null }, T0 + 20_500, 0);
    await check(paged);
    expect(ids()).toEqual(upTo(40).slice(20));
  });

  it('where only the newest trades can be had leaves a gap where the stream was down', async () => {
    stored = [1, 2, 3].map((id) => trade(id));
    streamedUntil = T0 + 3_000;
    market.down({ cause: 'DISCONNECTED', detail: 'close code 1006' }, T0 + 3_500);
    market.up(T0 + 38_000);
    await check(newest);
    expect(ids()).toEqual([1, 2, 3, 36, 37, 38, 39, 40]);
    expect(shown()).toEqual([
      '0.5-2 UNPROVEN',
      // What was under way when the stream ended is lost, too.
      // The oldest row of a page proves nothing alone: its time may be wild.
      '2-37.001 GAP',
      '37.001-99 VERIFIED_BY_REST',
      '99-100 UNPROVEN?',
    ]);
    expect(pieces[1]).toMatchObject({
      cause: 'DISCONNECTED',
      detail: expect.stringContaining('reaches back to 2026-09-21T14:13:57.000Z only'),
    });
    expect(unreached).toHaveLength(1);
  });

  it('does not believe it of a time before its oldest trade, of which it had lacked a part', async () => {
    stored = [1, 2, 3].map((id) => trade(id));
    const forgetful: TradeHistory = {
      ...paged,
      page: async () => ({
        ...newestOnly(rowsOf(exchange.slice(30).reverse()), ROWS * 10),
        from: T0,
      }),
    };
    // What is not old enough yet is left for the next time.
    await check(forgetful, { clock: () => T0 + 31_500 });
    market.report(NOW);
    await check(forgetful);
    expect(shown()).toEqual(['0.5-32 UNPROVEN', '32-99 VERIFIED_BY_REST', '99-100 UNPROVEN?']);
  });

  it('asks for a small page where few trades are expected, and for a whole one if it shows too few', async () => {
    const asked: (number | undefined)[] = [];
    const small: TradeHistory = {
      ...newest,
      fewRows: 2,
      page: async (_rest, _pair, _place, _now, rows = ROWS) => {
        asked.push(rows);
        return newestOnly(rowsOf(exchange.slice(-rows).reverse()), rows);
      },
    };
    stored = upTo(35).map((id) => trade(id));
    market.begin({ open: [], until: null }, T0 + 40_500, 0);
    await check(small, { few: true });
    expect(asked).toEqual([2]);
    expect(shown()[0]).toBe('40.5-99 VERIFIED_BY_REST');
    market = newMarket();
    market.begin({ open: [], until: null }, T0 + 37_500, 0);
    await check(small, { few: true });
    expect(asked).toEqual([2, 2, ROWS]);
    expect(shown().at(-2)).toBe('37.5-99 VERIFIED_BY_REST');
    expect(ids().slice(-4)).toEqual([35, 38, 39, 40]);
    expect(unreached).toEqual([]);
  });

  it('of a stream that may leave trades out counts what is out of reach as a gap', async () => {
    await check(newest, { lossy: true });
    expect(shown()[0]).toBe('0.5-37.001 GAP');
    expect(pieces[0]).toMatchObject({ cause: 'UNREACHED', checked: true });
  });

  it('believes a history that is shorter than a page to be whole, unless older trades are stored', async () => {
    exchange = [38, 39, 40].map((id) => trade(id));
    await check(newest);
    expect(shown()[0]).toBe('0.5-99 VERIFIED_BY_REST');
    pieces = [];
    stored.push(trade(1));
    market = newMarket();
    market.begin({ open: [], until: null }, T0 + 500, 0);
    await check(newest);
    expect(shown()[0]).toBe('0.5-38.001 UNPROVEN');
  });

  it('keeps what the stream said where the history differs, or lacks it', async () => {
    stored = upTo(40).map((id) => trade(id));
    exchange[9] = trade(10, { volume: '0.5' });
    exchange.splice(19, 1);
    await check(paged);
    expect(ids()).toEqual(upTo(40));
    expect(stored.find(({ tradeId }) => tradeId === '10')!.volume).toBe('10');
    expect(tally).toMatchObject({ historyDiffered: 1, historyLacked: 1 });
    expect(odd).toHaveLength(2);
    expect(shown()).toEqual([
      '0.5-10 VERIFIED_BY_REST',
      '10-10.001 UNPROVEN',
      '10.001-20 VERIFIED_BY_REST',
      '20-20.001 UNPROVEN',
      '20.001-99 VERIFIED_BY_REST',
      '99-100 UNPROVEN?',
    ]);
  });

  it.each([
    [
      'a page without the trade that it goes on from',
      async (page: HistoryPage) => ({ ...page, trades: page.trades.slice(1) }),
      /lacks the trade 36 /,
    ],
    [
      'a page that goes no further back',
      async (page: HistoryPage) => ({ ...page, next: { ...page.next!, before: Infinity } }),
      /does not go further back/,
    ],
  ])('ends at %s, and says so', async (_name, spoil, words) => {
    const history: TradeHistory = {
      ...paged,
      page: async (rest, pair, place, now) => {
        const page = await paged.page(rest, pair, place, now);
        return place === null ? page : spoil(page);
      },
    };
    for (let i = 0; i < 3; i++) {
      await check(history);
      expect(odd.at(-1)).toMatch(words);
    }
    expect(tally.historyFaults).toBe(3);
    expect(tally.historyPages).toBeLessThan(10);
    // After three times it is final.
    expect(pieces[0]).toMatchObject({ completeness: 'UNPROVEN', checked: true });
    expect(unreached).toHaveLength(1);
    expect(shown().at(-2)).toMatch(/-99 VERIFIED_BY_REST$/);
  });

  it('ends at a page that comes again and again, however often it is asked', async () => {
    const history: TradeHistory = {
      ...paged,
      page: () => paged.page(null as never, MARKET, null, 0),
    };
    await check(history);
    expect(tally.historyFaults).toBe(1);
    expect(tally.historyPages).toBeLessThan(4);
  });

  it('believes no empty history where trades are stored', async () => {
    stored = [trade(1)];
    exchange = [];
    await check(newest);
    expect(odd).toEqual(['the history is empty, though trades are stored']);
    expect(shown()).toEqual(['0.5-100 UNPROVEN?']);
  });

  it('calls no time verified of which a page lacks all that is stored, though it says that it has it', async () => {
    stored = upTo(40).map((id) => trade(id));
    const ofDay: TradeHistory = {
      ...paged,
      page: async () => ({ ...rowsOf(exchange), from: T0, next: null }),
    };
    exchange = exchange.slice(29);
    await check(ofDay);
    expect(shown()).toEqual(['0.5-30 UNPROVEN', '30-99 VERIFIED_BY_REST', '99-100 UNPROVEN?']);
    expect(unreached[0]).toMatch(/does not reach back so far/);
    market = newMarket();
    market.begin({ open: [], until: null }, T0 + 500, 0);
    exchange = [];
    await check(ofDay);
    expect(odd).toEqual(['the history is empty, though trades are stored']);
    expect(tally.historyFaults).toBe(1);
  });

  it('believes no page of a time that lacks what is stored from before the hole', async () => {
    stored = upTo(10).map((id) => trade(id));
    const reset = (): void => {
      pieces = [];
      market = newMarket();
      market.begin({ open: [], until: null }, T0 + 20_500, 0);
    };
    const ofDay: TradeHistory = {
      ...paged,
      page: async () => ({ ...rowsOf(exchange), from: T0, next: null }),
    };
    reset();
    exchange = [];
    await check(ofDay);
    expect(odd).toEqual(['the history is empty, though trades are stored']);
    expect(shown()).toEqual(['20.5-100 UNPROVEN?']);
    reset();
    exchange = [31, 30].map((id) => trade(id));
    await check(ofDay);
    expect(shown()).toEqual(['20.5-31 UNPROVEN', '31-99 VERIFIED_BY_REST', '99-100 UNPROVEN?']);
  });

  it.each([
    ['goes on by id where a page has one millisecond only', '1'],
    [
      'records nothing twice that the history has differently, though pages part a millisecond',
      '5',
    ],
  ])('%s', async (_name, volume) => {
    const at = T0 + 50_000;
    const burst = Array.from({ length: 12 }, (_, i) => trade(100 + i, { exchangeTimestamp: at }));
    const differs = volume === '5';
    if (differs) stored.push(...burst);
    exchange.push(...burst.map((t) => (differs ? { ...t, volume } : t)));
    const history: TradeHistory = {
      ...paged,
      page: async (_rest, _pair, place) => {
        const older = exchange.filter(
          (t) =>
            t.exchangeTimestamp < (place?.before ?? Infinity) &&
            (place === null || place.id === null || Number(t.tradeId) < Number(place.id)),
        );
        const page = older.slice(-ROWS).reverse();
        if (page.length < ROWS) return { ...rowsOf(page), from: -Infinity, next: null };
        const oldest = page.at(-1)!;
        const before = oldest.exchangeTimestamp + 1;
        const stuck = page[0]!.exchangeTimestamp === oldest.exchangeTimestamp;
        const id = stuck ? oldest.tradeId : null;
        return { ...rowsOf(page), from: before, next: { before, id, overlaps: !stuck } };
      },
    };
    await check(history);
    expect(ids()).toEqual([...upTo(40), ...burst.map(({ tradeId }) => Number(tradeId))]);
    const differed = differs ? 12 : 0;
    expect(tally).toMatchObject({ historyFaults: 0, historyLacked: 0, historyDiffered: differed });
    expect(shown()[0]).toBe(differs ? '0.5-50 VERIFIED_BY_REST' : '0.5-99 VERIFIED_BY_REST');
  });

  it('says so once where a moment has more trades than a page, and goes on before it', async () => {
    const at = T0 + 35_500;
    for (let i = 0; i < 8; i++) exchange.push(trade(100 + i, { exchangeTimestamp: at }));
    exchange.sort((a, b) => a.exchangeTimestamp - b.exchangeTimestamp);
    const history: TradeHistory = {
      ...paged,
      page: async (rest, pair, place, now) => {
        const page = await paged.page(rest, pair, place, now);
        const oldest = page.trades.at(-1)?.exchangeTimestamp;
        if (oldest !== at || page.trades[0]!.exchangeTimestamp !== at) return page;
        return { ...page, next: { before: at, id: null, overlaps: false } };
      },
    };
    await check(history);
    // Those that were seen are recorded.
    expect(ids().filter((id) => id >= 100)).toHaveLength(ROWS);
    expect(ids().filter((id) => id < 100)).toEqual(upTo(40));
    expect(unreached).toEqual(['more trades in one moment than a page of the history holds']);
    expect(shown()).toEqual([
      '0.5-35.5 VERIFIED_BY_REST',
      '35.5-35.501 UNPROVEN',
      '35.501-99 VERIFIED_BY_REST',
      '99-100 UNPROVEN?',
    ]);
    const pages = tally.historyPages;
    await check(history);
    expect(tally.historyPages).toBe(pages + 1);
  });

  it('does not call verified what could not be kept again', async () => {
    stored = [40].map((id) => trade(id));
    let full = true;
    const tape: WalkParts['tape'] = {
      recordedOf: () => 0,
      fill: (_market, missing) => {
        for (const t of missing) {
          if (!full) stored.push(t);
          else {
            const span = { start: t.exchangeTimestamp, end: t.exchangeTimestamp + 1 };
            market.lost({ cause: 'QUEUE_OVERFLOW', detail: 'full' }, span);
          }
        }
        return missing.length;
      },
    };
    await check(paged, { tape });
    expect(shown().some((text) => text.includes('VERIFIED'))).toBe(false);
    full = false;
    market.report(NOW);
    expect(shown().some((text) => text.includes('GAP?'))).toBe(true);
    await check(paged, { tape });
    expect(ids()).toEqual(upTo(40));
    expect(shown()[0]).toBe('0.5-99 VERIFIED_BY_REST');
  });
});

import { afterEach, describe, expect, it } from '@jest/globals';
import { type CheckerParts, HistoryChecker } from '../../src/collector/history/history-checker.js';
import type { TradeHistory } from '../../src/collector/history/trade-history.js';
import { ExchangeError } from '../../src/collector/exchange-error.js';
import { LimitBoard } from '../../src/collector/limits/limit-board.js';
import { matchTrades } from '../../src/market/trade-match.js';
import { laid, type TradePiece, type TradeSpan } from '../../src/market/trade-span.js';
import type { ReadTrade } from '../../src/market/trade.js';
import { until } from '../helpers/wait.js';

const BTC = { exchange: 'KORBIT', symbol: 'BTC', currency: 'KRW' } as const;
const ETH = { ...BTC, symbol: 'ETH' } as const;
const MINUTE = 60_000;

let checker: HistoryChecker;
afterEach(() => checker.close());

const trade = (id: number, exchangeTimestamp: number): ReadTrade => ({
  tradeId: String(id),
  idKind: 'EXCHANGE',
  side: 'buy',
  price: '100',
  volume: '0.1',
  exchangeTimestamp,
  resolutionMs: 1,
  messageTimestamp: null,
});

/** A checker over a history of newest pages, with an account of what it does. */
function open(page: TradeHistory['page'], part: Partial<CheckerParts> = {}) {
  const seen = {
    stored: [] as ReadTrade[],
    pieces: new Map<string, TradePiece[]>(),
    logs: [] as string[],
    forgotten: 0,
  };
  const limits = new LimitBoard();
  checker = new HistoryChecker({
    history: { rows: 500, everyMs: 1, older: false, page },
    rest: null as never,
    limits,
    memory: {
      writes: true,
      matchTrades: async (_market, history) => matchTrades(history, seen.stored),
      unknownTrades: async () => [],
      hasTradeBefore: async () => false,
      tradeVolumes: async () => new Map(),
      tradesKnown: async () => ({ open: [], until: null, newestTrade: null, newestBook: null }),
    },
    tape: {
      fill: (_market, missing) => {
        seen.stored.push(...missing);
        return missing.length;
      },
      forget: () => void seen.forgotten++,
      recordedOf: () => 0,
    },
    streamedUntil: () => 0,
    booksBeside: true,
    clock: Date.now,
    random: () => 0,
    lossy: true,
    times: { settleMs: 0, everyMs: 20, reportEveryMs: 10, volumesAfterMs: Infinity },
    publish: ({ market, ...piece }) => {
      const known = seen.pieces.get(market.symbol) ?? [];
      seen.pieces.set(market.symbol, laid(known, piece));
    },
    booksWait: () => false,
    log: {
      filled: (_market, count) => seen.logs.push(`filled ${count}`),
      odd: (_market, what) => seen.logs.push(`odd ${what}`),
      unreached: (_market, _from, _to, reason) => seen.logs.push(`unreached ${reason}`),
      failed: (_market, reason) => seen.logs.push(`failed ${reason}`),
      lost: (_market, reason) => seen.logs.push(`lost ${reason}`),
      volumeDiffers: (_market, _minute, theirs, ours) => seen.logs.push(`volume ${theirs} ${ours}`),
    },
    ...part,
  });
  return { seen, limits };
}

const whole = (trades: readonly ReadTrade[]) => ({
  trades,
  from: -Infinity,
  next: null,
  unreadable: 0,
  reason: null,
  otherZone: 0,
  answeredAt: null,
});

describe('the check of the trades', () => {
  it('takes lost trades out of the history, and calls their time a gap until then', async () => {
    const lost = trade(1, Date.now() + 50);
    let asked = false;
    let pages = 0;
    const { seen } = open(async () => {
      // The check that follows the first one has to wait until the gap was seen.
      if (pages++ > 0) await until(() => asked, 'the look at the gap');
      return whole(asked ? [lost] : []);
    });
    checker.start(BTC, BTC);
    await until(() => checker.tally.historyPages > 0, 'the first page');
    const time = lost.exchangeTimestamp;
    checker.lost(BTC, { cause: 'QUEUE_OVERFLOW', detail: 'full' }, { start: time, end: time + 1 });
    const at = (): TradePiece | undefined =>
      seen.pieces.get('BTC')?.find((piece) => piece.start <= time && piece.end > time);
    await until(() => at()?.completeness === 'GAP', 'the gap');
    expect(at()).toMatchObject({ cause: 'QUEUE_OVERFLOW', detail: 'full' });
    expect(checker.tally.lost).toBe(1);
    // Its id must not be taken for that of a trade that is stored.
    expect(seen.forgotten).toBe(1);
    asked = true;
    await until(() => at()?.completeness === 'VERIFIED_BY_REST' && seen.stored.length === 1, 'it');
    expect(seen.logs).toEqual(expect.arrayContaining(['lost full', 'filled 1']));
  });

  it('asks the store again what the last run left, until it answers', async () => {
    const now = Date.now();
    let asked = 0;
    const { seen } = open(async () => whole([]), {
      memory: {
        writes: true,
        matchTrades: async () => matchTrades([], []),
        unknownTrades: async () => [],
        hasTradeBefore: async () => true,
        tradeVolumes: async () => new Map(),
        tradesKnown: async () => {
          if (asked++ === 0) throw new Error('the database is locked');
          return { open: [], until: now - 60_000, newestTrade: now - 60_000, newestBook: null };
        },
      },
    });
    checker.start(BTC, BTC);
    checker.down(BTC, { cause: 'PROCESS_DOWN', detail: null }, now - 60_000);
    const outage = (): TradePiece | undefined =>
      seen.pieces
        .get('BTC')
        ?.find((piece) => piece.start <= now - 30_000 && piece.end > now - 30_000);
    await until(() => outage() !== undefined, 'the outage');
    expect(outage()).toMatchObject({ completeness: 'GAP', cause: 'PROCESS_DOWN' });
    expect(seen.logs).toContain('failed the database is locked');
  });

  it('checks again what the store has as a gap, where it may have missed what was said of it', async () => {
    const old = Date.now() - 5_000;
    const lost = trade(1, old + 10);
    const gap = { start: old, end: old + 20, completeness: 'GAP', checked: false } as const;
    let calls = 0;
    const { seen } = open(async () => whole([lost]), {
      memory: {
        writes: true,
        matchTrades: async (_market, told) => matchTrades(told, seen.stored),
        unknownTrades: async () => [],
        hasTradeBefore: async () => false,
        tradeVolumes: async () => new Map(),
        tradesKnown: async (_market, _at, all) => {
          const known = { open: [], until: null, newestTrade: null, newestBook: null };
          if (all !== true) return known;
          // A recorder that is away for a moment is asked again.
          if (calls++ === 0) throw new Error('no node answers');
          return { ...known, open: [{ ...gap, cause: 'BUS_FAILED', detail: null }] };
        },
      },
    });
    checker.start(BTC, BTC);
    await until(() => checker.tally.historyPages > 1, 'two checks');
    // For this run there is no such gap: another one left it, or filled it and the log was lost.
    checker.doubt({ since: Date.now(), own: false });
    await until(() => calls === 1 && seen.logs.length > 0, 'the recorder that is away');
    checker.lost(
      BTC,
      { cause: 'QUEUE_OVERFLOW', detail: 'full' },
      { start: old + 500, end: old + 501 },
    );
    const at = (): TradePiece | undefined =>
      seen.pieces.get('BTC')?.find(({ start, end }) => start <= old + 10 && end > old + 10);
    await until(() => at()?.completeness === 'VERIFIED_BY_REST', 'the gap that is filled again');
    expect(seen.stored.map(({ tradeId }) => tradeId)).toEqual(['1']);
    expect(seen.logs).toContain('failed no node answers');
    expect(calls).toBe(2);
  });

  it('says once more what nobody may have heard, where nothing is known', async () => {
    const said: TradeSpan[] = [];
    let ahead = 0;
    const { seen } = open(async () => whole([]), {
      publish: (span) => said.push(span),
      clock: () => Date.now() + ahead,
    });
    checker.start(BTC, BTC);
    await until(() => said.some(({ checked }) => checked), 'a span that is checked');
    checker.down(BTC, { cause: 'DISCONNECTED', detail: null }, Date.now());
    const { length } = said;
    // What was down for less than a millisecond would have no gap.
    ahead = 5;
    checker.doubt({ since: Date.now(), own: false });
    const again = said.slice(length).filter(({ ifUnknown }) => ifUnknown === true);
    const pieces = again.reduce<TradePiece[]>((all, span) => laid(all, span, true), []);
    // The gap of the last moments also where the primary before has stated something else.
    const gaps = said.slice(length).filter(({ ifUnknown }) => ifUnknown !== true);
    expect(gaps.at(-1)).toMatchObject({ completeness: 'GAP', cause: 'DISCONNECTED' });
    // All since the start; what was checked as well, but not as such.
    expect(pieces[0]!.start).toBe(said[0]!.start);
    expect(
      pieces.every(
        ({ checked }, i) => !checked && (pieces[i + 1]?.start ?? pieces[i]!.end) === pieces[i]!.end,
      ),
    ).toBe(true);
    expect(seen.logs).toEqual([]);
  });

  it('asks nothing while another node writes, and then says again which trades were lost', async () => {
    let writes = false;
    const said: TradeSpan[] = [];
    open(async () => whole([]), {
      memory: {
        get writes() {
          return writes;
        },
        matchTrades: async () => matchTrades([], []),
        unknownTrades: async () => [],
        hasTradeBefore: async () => false,
        tradeVolumes: async () => new Map(),
        tradesKnown: async () => ({ open: [], until: null, newestTrade: null, newestBook: null }),
      },
      publish: (span) => said.push(span),
    });
    checker.start(BTC, BTC);
    const now = Date.now();
    const lost = { start: now + 5, end: now + 10 };
    checker.lost(BTC, { cause: 'BUS_FAILED', detail: 'away' }, lost);
    const isLoss = ({ completeness, cause }: TradeSpan): boolean =>
      completeness === 'GAP' && cause === 'BUS_FAILED';
    await until(() => said.filter(isLoss).length === 1, 'the lost trades');
    await until(() => said.length > 5, 'some reports');
    expect(checker.tally.historyPages).toBe(0);
    writes = true;
    const { length } = said;
    checker.doubt({ since: now + 30_000, own: false });
    expect(said.slice(length).filter((span) => isLoss(span) && span.ifUnknown !== true)).toEqual([
      expect.objectContaining(lost),
    ]);
    await until(() => checker.tally.historyPages > 0, 'the history');
  });

  it('dates again what a clock that was ahead has dated, and goes on from the present', async () => {
    const HOUR = 3_600_000;
    let ahead = HOUR;
    const { seen } = open(async () => whole([]), {
      clock: () => Date.now() + ahead,
      times: { settleMs: Infinity, everyMs: 20, reportEveryMs: 10, volumesAfterMs: Infinity },
    });
    checker.start(BTC, BTC);
    const ends = (): number[] => (seen.pieces.get('BTC') ?? []).map(({ end }) => end);
    await until(() => ends().length > 0, 'the first span');
    ahead = 0;
    const at = Date.now();
    checker.clockSet(at, -HOUR);
    await until(() => ends().some((end) => end > at && end < at + HOUR / 2), 'what follows');
    checker.down(BTC, { cause: 'DISCONNECTED', detail: null }, Date.now());
    await until(
      () =>
        seen.pieces.get('BTC')!.some((p) => p.completeness === 'GAP' && p.start < at + HOUR / 2),
      'a gap of now',
    );
  });

  it('checks markets with a gap first, and spreads the others over time', async () => {
    const asked: string[] = [];
    open(
      async (_rest, { symbol }) => {
        asked.push(symbol);
        return whole([]);
      },
      { times: { settleMs: 0, everyMs: 600_000, reportEveryMs: 10, volumesAfterMs: Infinity } },
    );
    const markets = Array.from({ length: 50 }, (_, i) => ({ ...BTC, symbol: `S${i}` }));
    for (const market of markets) checker.start(market, market);
    await until(() => asked.length > 0, 'the first check');
    checker.down(markets[40]!, { cause: 'DISCONNECTED', detail: null }, Date.now());
    checker.up(markets[40]!, Date.now() + 1);
    await until(() => asked.includes('S40'), 'the check of the gap');
    // One a second at most of the others.
    expect(asked.length).toBeLessThan(10);
  });

  it('asks ever more slowly where it is refused, and goes on with other markets where one fails', async () => {
    let refusals = 2;
    const { seen, limits } = open(async (_rest, pair) => {
      if (pair.symbol === 'ETH') throw new ExchangeError('MEMBER', 'no such market');
      if (refusals-- > 0) throw new ExchangeError('RATE', 'HTTP 429', { retryAfterMs: 5 });
      return whole([]);
    });
    checker.start(ETH, ETH);
    await until(() => seen.logs.includes('failed no such market'), 'the refusal of the market');
    checker.start(BTC, BTC);
    await until(() => checker.tally.historyFailures >= 2, 'the refusal of the rate');
    const rate = limits.states.find(({ name }) => name === 'HISTORY_RATE')!;
    expect(rate.value).toBeLessThan(rate.atStart);
    expect(rate.reason).toBe('HTTP 429');
    expect(seen.pieces.get('ETH')!.every(({ completeness }) => completeness === 'UNPROVEN')).toBe(
      true,
    );
  });

  it('waits while books need the calls', async () => {
    let wait = true;
    open(async () => whole([]), { booksWait: () => wait });
    checker.start(BTC, BTC);
    const begun = Date.now();
    await until(() => Date.now() - begun > 700, 'a while');
    expect(checker.tally.historyPages).toBe(0);
    wait = false;
    await until(() => checker.tally.historyPages > 0, 'the page');
  });

  it('compares the volumes of whole minutes, and marks those that are equal', async () => {
    const start = Math.floor(Date.now() / MINUTE) * MINUTE - 10 * MINUTE;
    const known = { start, end: start + 5 * MINUTE, cause: null, detail: null, checked: false };
    const volumes = new Map([
      [start, '0.3'],
      [start + 2 * MINUTE, '1.00000001'],
    ]);
    const { seen } = open(async () => whole([]), {
      times: { settleMs: 0, everyMs: 20, reportEveryMs: 10, volumesAfterMs: 0 },
      history: {
        ...{ rows: 500, everyMs: 1, older: true, maxMinutes: 2 },
        page: async () => whole([]),
        minutes: async (_rest, _pair, to, count) =>
          new Map([...volumes].filter(([at]) => at < to).slice(-count)),
      },
      memory: {
        writes: true,
        matchTrades: async () => matchTrades([], []),
        unknownTrades: async () => [],
        hasTradeBefore: async () => false,
        tradeVolumes: async (_market, span) =>
          new Map(
            [
              [start, '0.3'],
              [start + 2 * MINUTE, '1'],
            ].filter(([at]) => Number(at) >= span.start && Number(at) < span.end) as [
              number,
              string,
            ][],
          ),
        tradesKnown: async () => ({
          open: [{ ...known, completeness: 'UNPROVEN' }],
          until: start + 5 * MINUTE,
          newestTrade: null,
          newestBook: null,
        }),
      },
    });
    checker.start(BTC, BTC);
    await until(() => checker.tally.volumesDiffered > 0, 'the comparison');
    await until(() => checker.tally.volumesAgreed >= 4, 'the others');
    expect(seen.logs).toContain('volume 1.00000001 1');
    const of = (minute: number): string =>
      seen.pieces
        .get('BTC')!
        .find((p) => p.start <= start + minute * MINUTE && p.end > start + minute * MINUTE)!
        .completeness;
    expect([0, 1, 2, 3, 4].map(of)).toEqual([
      'VERIFIED_BY_VOLUME',
      'VERIFIED_BY_VOLUME',
      'VERIFIED_BY_REST',
      'VERIFIED_BY_VOLUME',
      'VERIFIED_BY_VOLUME',
    ]);
  });
});

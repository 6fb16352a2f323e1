import { describe, expect, it } from '@jest/globals';
import { type Facts, judge } from '../../src/api/verdict/judge.js';
import type { CollectorState, CollectorStatus } from '../../src/market/collector-status.js';
import { EXCHANGES, type Exchange } from '../../src/market/exchange.js';
import { market } from './helpers/books.js';
import { statusOf } from './helpers/memory-control.js';
import { serve } from './helpers/server.js';

const NOW = 1_700_000_000_000;
const ALL: readonly Exchange[] = EXCHANGES;

/** A market of an exchange that last had a book so long ago, ms. */
function status(
  exchange: Exchange,
  state: CollectorState,
  ageMs = 100,
  more: Partial<CollectorStatus> = {},
): CollectorStatus {
  const at = { startedAt: NOW - 3_600_000, lastBookAt: NOW - ageMs };
  return statusOf(market(exchange), { state, ...at, ...more });
}

const DISK: Facts['store']['disk'] = {
  databaseBytes: 4096,
  maxDatabaseBytes: null,
  freeBytes: 1e12,
  growthBytesPerDay: null,
  daysUntilFull: null,
  warning: null,
};

/** Facts of a recorder that is well, but for `more`. */
function facts(more: Partial<Facts> = {}, store: Partial<Facts['store']> = {}): Facts {
  return {
    now: NOW,
    closing: false,
    unreadable: null,
    store: {
      queuedBooks: 0,
      queuedBytes: 0,
      storedBooks: 0,
      storedTrades: 0,
      droppedTrades: 0,
      droppedBooks: 0,
      droppedRecords: 0,
      lastFlushMs: null,
      flushMs: 100,
      failure: null,
      retentionHeld: null,
      disk: DISK,
      ...store,
    },
    collectors: ALL.map((exchange) => status(exchange, 'LIVE')),
    listTroubles: [],
    stopped: {},
    aheadMs: 12,
    droppedBooks: 0,
    droppedRecords: 0,
    consoleLines: 0,
    clockSteps: 0,
    gaps: Object.fromEntries(EXCHANGES.map((each) => [each, 0])) as Facts['gaps'],
    ...more,
  };
}

/** State, and code with severity of each reason. */
function verdict(of: Facts): [state: string, ...reasons: string[]] {
  const { state, reasons } = judge(of);
  return [state, ...reasons.map(({ code, severity }) => `${code} ${severity}`)];
}

const down = (exchanges: readonly Exchange[], ageMs: number): Facts =>
  facts({
    collectors: ALL.map((exchange) =>
      exchanges.includes(exchange)
        ? status(exchange, 'RECONNECTING', ageMs, { error: 'connection refused' })
        : status(exchange, 'LIVE'),
    ),
  });

describe('the verdict', () => {
  it('is OK without a reason when all is well', () => {
    expect(verdict(facts())).toEqual(['OK']);
  });

  it('fails while the database cannot be read or written, or the server ends', () => {
    const of = facts({ closing: true, unreadable: 'locked' }, { failure: 'disk full' });
    expect(verdict(of)).toEqual([
      'FAILING',
      'SHUTTING_DOWN FAILING',
      'DATABASE_UNREADABLE FAILING',
      'DATABASE_UNWRITABLE FAILING',
    ]);
  });

  it('calls an exchange that sends nothing a failure after a minute', () => {
    expect(verdict(down(['KORBIT'], 20_000))).toEqual(['ATTENTION', 'EXCHANGE_DOWN ATTENTION']);
    expect(verdict(down(['KORBIT'], 60_000))).toEqual(['FAILING', 'EXCHANGE_DOWN FAILING']);
    const [reason] = judge(down(['KORBIT'], 60_000)).reasons;
    expect(reason).toMatchObject({ exchange: 'KORBIT', about: 'EXCHANGE' });
    expect(reason!.ko).toBe('코빗: 60초 동안 마켓 1개 모두 수신 없음: connection refused');
  });

  it('fails at once when half of the exchanges are down, the worst first', () => {
    expect(verdict(down(['BITHUMB', 'COINONE', 'UPBIT'], 5_000))).toEqual([
      'FAILING',
      'EXCHANGES_DOWN FAILING',
      'EXCHANGE_DOWN ATTENTION',
      'EXCHANGE_DOWN ATTENTION',
      'EXCHANGE_DOWN ATTENTION',
    ]);
  });

  it('fails when a market list cannot be had and a pattern matches nothing for it', () => {
    const listTroubles = ALL.map((exchange) => ({ exchange, patterns: '*-*', reason: 'no route' }));
    const of = facts({ collectors: [], listTroubles });
    expect(verdict(of)).toEqual([
      'FAILING',
      'EXCHANGES_DOWN FAILING',
      ...ALL.map(() => 'LIST_UNAVAILABLE FAILING'),
    ]);
  });

  it('says in both languages when the disk is filling, and fails when it is nearly full', () => {
    const disk = { ...DISK, warning: 'soon', daysUntilFull: 2.5, freeBytes: 5e9 };
    expect(verdict(facts({}, { disk }))).toEqual(['ATTENTION', 'DISK_FILLING ATTENTION']);
    const [reason] = judge(facts({}, { disk })).reasons;
    expect(reason!.en).toMatch(/will be full in 2\.5 days \(5\.0 GB free\)/);
    expect(reason!.ko).toMatch(/약 2\.5일 후 디스크 소진 예상 \(여유 5\.0GB\)/);
    expect(verdict(facts({}, { disk: { ...DISK, freeBytes: 9e8 } }))[0]).toBe('ATTENTION');
    expect(verdict(facts({}, { disk: { ...DISK, freeBytes: 1e8 } }))[0]).toBe('FAILING');
    const soon = { ...disk, daysUntilFull: 0.4 };
    expect(verdict(facts({}, { disk: soon }))[0]).toBe('FAILING');
  });

  it('is not well when nothing is recorded because all was stopped', () => {
    const collectors = ALL.map((exchange) => status(exchange, 'STOPPED'));
    const of = facts({ collectors, stopped: { UPBIT: 3, KORBIT: 2 } });
    expect(verdict(of)).toEqual([
      'ATTENTION',
      'NOTHING_RECORDED ATTENTION',
      'STOPPED_BY_USER NOTE',
      'STOPPED_BY_USER NOTE',
    ]);
    expect(judge(of).reasons[0]!.en).toMatch(/5 markets stopped by a user/);
  });

  it('is well, with a note, when some markets were stopped', () => {
    expect(verdict(facts({ stopped: { UPBIT: 3 } }))).toEqual(['OK', 'STOPPED_BY_USER NOTE']);
  });

  it('notes what is starting, and minds what has had no book for a minute', () => {
    const started = (ago: number) =>
      facts({
        collectors: ALL.map((e) =>
          status(e, e === 'UPBIT' ? 'STARTING' : 'LIVE', 0, {
            startedAt: NOW - ago,
            ...(e === 'UPBIT' ? { lastBookAt: null } : {}),
          }),
        ),
      });
    expect(verdict(started(5_000))).toEqual(['OK', 'STARTING NOTE']);
    expect(verdict(started(61_000))).toEqual(['FAILING', 'EXCHANGE_DOWN FAILING']);
  });

  it('minds a wrong clock, lost books, lost records and a console that takes nothing', () => {
    const of = facts({ aheadMs: -90_000, droppedBooks: 7, droppedRecords: 1, consoleLines: 4 });
    expect(verdict(of)).toEqual([
      'ATTENTION',
      'BOOKS_DROPPED ATTENTION',
      'RECORDS_DROPPED ATTENTION',
      'CLOCK_WRONG ATTENTION',
      'CONSOLE_BLOCKED ATTENTION',
    ]);
    expect(judge(of).reasons[2]!.en).toBe(
      "the system clock is 90 s behind the exchanges' times; correct it",
    );
  });

  it('notes that the clock was set, which by itself is no trouble', () => {
    expect(verdict(facts({ clockSteps: 1 }))).toEqual(['OK', 'CLOCK_STEPPED NOTE']);
    expect(judge(facts({ clockSteps: 2 })).reasons[0]!.en).toMatch(/was set 2 times/);
  });

  it('minds gaps again and again, not the one of a single lost connection', () => {
    const gaps = (KORBIT: number) => facts({ gaps: { ...facts().gaps, KORBIT } });
    expect(verdict(gaps(9))).toEqual(['OK']);
    expect(verdict(gaps(10))).toEqual(['ATTENTION', 'GAPS_MANY ATTENTION']);
  });

  it('names the market that needs a look, and only the first of many', () => {
    const one = facts({ collectors: [...facts().collectors, status('UPBIT', 'STALE')] });
    expect(judge(one).reasons[0]).toMatchObject({
      code: 'MARKETS_INTERRUPTED',
      market: { symbol: 'BTC' },
    });
    const failed = Array.from({ length: 9 }, (_, i) =>
      statusOf(market('UPBIT', `X${i}`), { state: 'FAILED' }),
    );
    const [reason] = judge(facts({ collectors: [...facts().collectors, ...failed] })).reasons;
    expect(reason).toMatchObject({ code: 'MARKETS_FAILED', market: null });
    expect(reason!.ko).toBe(
      '업비트: 마켓 9개 수집 불가 (X0-KRW, X1-KRW, X2-KRW, X3-KRW, X4-KRW, …)',
    );
  });
});

describe('/health and recorder', () => {
  it('say the same, health in its old form too', async () => {
    const server = await serve();
    try {
      server.control.put(statusOf(market('UPBIT'), { lastBookAt: Date.now() }));
      Object.assign(server.stats, {
        failure: 'disk full',
        disk: { ...DISK, warning: 'soon', daysUntilFull: 2, freeBytes: 5e9 },
      });
      const response = await fetch(`${server.url}/health`);
      const health = (await response.json()) as Record<string, unknown>;
      expect(response.status).toBe(503);
      expect(health).toMatchObject({
        status: 'unavailable',
        state: 'FAILING',
        reasons: ['the database cannot be written: disk full'],
        warnings: [expect.stringContaining('full in 2.0 days')],
        verdict: [{ code: 'DATABASE_UNWRITABLE' }, { code: 'DISK_FILLING' }],
      });
      const { data } = await server.post(
        '{ recorder { state reasons { code severity about exchange text ko: text(lang: KO) en: text(lang: EN) } } }',
      );
      expect(data?.['recorder']).toMatchObject({
        state: 'FAILING',
        reasons: [
          {
            code: 'DATABASE_UNWRITABLE',
            severity: 'FAILING',
            about: 'STORE',
            exchange: null,
            ko: '데이터베이스에 저장할 수 없음: disk full',
            en: 'the database cannot be written: disk full',
          },
          { code: 'DISK_FILLING', severity: 'ATTENTION', about: 'DISK' },
        ],
      });
    } finally {
      await server.api.close();
    }
  });
});

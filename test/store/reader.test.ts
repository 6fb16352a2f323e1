import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { collectPatternText, parseCollect } from '../../src/market/collect-pattern.js';
import type { CoverageMinute } from '../../src/market/coverage.js';
import type { Gap } from '../../src/market/gap.js';
import type { Market } from '../../src/market/market.js';
import type { OrderBook } from '../../src/market/order-book.js';
import { BookBatch } from '../../src/store/book-batch.js';
import { BookIntake } from '../../src/store/book-intake.js';
import { BookPages } from '../../src/store/book-pages.js';
import type { WriterSession } from '../../src/store/engine/engine.js';
import { Reader } from '../../src/store/reader.js';
import type {
  BookRow,
  BookSelection,
  CoverageTotals,
  RowPlace,
} from '../../src/store/reader-types.js';
import { bookEncoder } from '../../src/store/engine/open.js';
import { Timeline } from '../../src/store/timeline.js';
import { Writer } from '../../src/store/writer.js';
import { newDatabase, type TestDatabase } from './engines.js';
import { GOPAX_BTC, seeded, NOTHING, small, UPBIT_BTC, UPBIT_ETH } from './support.js';

// Writer and reader in this thread: the same code as in theirs, without starting any.
let database: TestDatabase;
let writer: Writer;
let reader: Reader;
let session: WriterSession;
let intake: BookIntake;

beforeEach(async () => {
  database = await newDatabase();
  const { path } = database;
  writer = new Writer({ path });
  await writer.open(1_000);
  reader = new Reader({ path });
  session = await database.session();
  intake = new BookIntake(60_000, null);
});
afterEach(async () => {
  await reader.close();
  await session.close();
  await writer.close(0);
  await database.remove();
});

/** Writes books with the given timestamps; the n-th has the n-th of `sequences`. */
async function write(
  places: readonly { market: Market; timestamp: number; sequence: number }[],
): Promise<OrderBook[]> {
  const books = places.map((place, i) => ({ ...place, ...small(i), exchangeTimestamp: null }));
  const batch = new BookBatch(bookEncoder(database.path)());
  for (const book of books) {
    const event = { book, changes: { asks: book.asks, bids: book.bids }, previous: null };
    batch.add(intake.keep({ ...event, afterGap: false }).row);
  }
  const { steps } = batch;
  const ids = await writer.write({
    ...NOTHING,
    span: batch.span,
    rows: batch.rows(),
    books: batch.books,
    steps,
  });
  batch.books.forEach(({ number }, i) => (number.id = ids[i]!));
  return books;
}

/** All rows of a selection, page by page. */
async function allRows(
  selection: BookSelection & { side?: 'ask' | 'bid' },
  limit: number,
): Promise<BookRow[]> {
  const items: BookRow[] = [];
  let after: RowPlace | undefined;
  for (;;) {
    const page = await reader.rows({ ...selection, after, limit });
    items.push(...page.items);
    if (!page.more) return items;
    expect(page.items).toHaveLength(limit);
    after = page.items.at(-1);
  }
}

describe('time', () => {
  it('finds books by time and by window, also where the clock was set back', async () => {
    const random = seeded(11);
    const markets = [UPBIT_BTC, UPBIT_ETH, GOPAX_BTC];
    const places = [];
    let clock = 1_000;
    let sequence = 5_000_000_000;
    for (let i = 0; i < 400; i++) {
      // Mostly forward or in the same ms, now and then back, by a little or by a lot.
      if (i % 67 === 66) clock -= 700;
      else if (i % 29 === 28) clock -= 3;
      else clock += Math.floor(random() * 8);
      sequence += random() < 0.02 ? 1_000_000 : 1 + Math.floor(random() * 3);
      const market = markets[Math.floor(random() * random() * 3)]!;
      places.push({ market, timestamp: clock, sequence });
    }
    const books = await write(places);
    const timeline = new Timeline(session);
    const times = books.map((book) => book.timestamp);
    const [first, last] = [Math.min(...times), Math.max(...times)];
    for (let at = first - 2; at <= last + 2; at += 3) {
      const until = books.filter((book) => book.timestamp <= at);
      const greatest = Math.max(0, ...until.map((book) => book.sequence));
      expect(await timeline.boundAt(at)).toBeGreaterThanOrEqual(greatest);
      const market = markets[at % 3]!;
      const expected = until.filter((book) => book.market === market).at(-1) ?? null;
      expect(await reader.bookAt(market, at)).toEqual(expected);
    }
    for (const [market, step] of [
      [UPBIT_BTC, 1],
      [UPBIT_ETH, 7],
      [GOPAX_BTC, 300],
    ] as const) {
      const moments = [];
      for (let at = first - 2; at <= last + step; at += step) moments.push(at);
      const expected = moments.map((at) => {
        const until = books.filter((b) => b.market === market && b.timestamp <= at);
        const book = until.at(-1);
        if (book === undefined) return null;
        const { timestamp, asks, bids } = book;
        return { timestamp, ask: asks[0]?.[0] ?? null, bid: bids[0]?.[0] ?? null };
      });
      expect(await reader.bestPrices(market, moments)).toEqual(expected);
    }
    for (let i = 0; i < 60; i++) {
      const from = first - 5 + Math.floor(random() * (last - first));
      const to = from + Math.floor(random() * 900);
      const ranges = await timeline.ranges({ from, to });
      const found = books.filter((b) =>
        ranges.some(({ low, high }) => low <= b.sequence && b.sequence <= high),
      );
      expect(found).toEqual(books.filter((b) => b.timestamp >= from && b.timestamp < to));
    }
    const steps = await session.client.clockStep.count();
    expect(steps).toBeGreaterThan(10);
  });

  it('has no answer in an empty database', async () => {
    const timeline = new Timeline(session);
    expect(await timeline.boundAt(1)).toBeNull();
    expect(await timeline.ranges({})).toEqual([]);
    expect(await allRows({ exchange: 'UPBIT' }, 10)).toEqual([]);
  });
});

describe('a market whose first book is stored while a page is read', () => {
  // Between any two statements of a reader the writer may commit.
  const next = async (): Promise<void> => {
    await write([{ market: UPBIT_ETH, timestamp: 2_000, sequence: 11 }]);
    await write([{ market: UPBIT_BTC, timestamp: 2_001, sequence: 12 }]);
  };

  it('is in the page of books, if that reaches it', async () => {
    await write([{ market: UPBIT_BTC, timestamp: 1_000, sequence: 10 }]);
    const timeline = new Timeline(session);
    const ranges = timeline.ranges.bind(timeline);
    timeline.ranges = async (window) => {
      await next();
      return ranges(window);
    };
    const patterns = [{ exchange: null, symbol: null, currency: null }];
    const page = await new BookPages(session, timeline).page({
      patterns,
      after: 0,
      limit: 10,
    });
    expect(page.items.map(({ book }) => book.sequence)).toEqual([10, 11, 12]);
  });
});

describe('rows', () => {
  const expectedRows = (books: OrderBook[]): unknown[] =>
    books.flatMap(({ market, timestamp, sequence, asks, bids }) => [
      ...asks.map(([price, volume], index) => {
        return { market, timestamp, side: 'ask', price, volume, sequence, index };
      }),
      ...bids.map(([price, volume], i) => {
        const index = asks.length + i;
        return { market, timestamp, side: 'bid', price, volume, sequence, index };
      }),
    ]);

  it.each([1, 2, 3, 12])('come page by page, in order, each once, of %i markets', async (count) => {
    const random = seeded(count);
    const markets = Array.from({ length: count }, (_, i) => ({ ...UPBIT_BTC, symbol: `S${i}` }));
    const places = Array.from({ length: 90 }, (_, i) => ({
      market: i % 10 === 9 ? GOPAX_BTC : markets[Math.floor(random() * count)]!,
      timestamp: 1_000 + Math.floor(i / 4),
      sequence: 2 ** 40 + i * 3,
    }));
    await write(places);
    const all = await allRows({ exchange: 'UPBIT' }, 1_000);
    expect(new Set(all.map((row) => `${row.sequence}/${row.index}`)).size).toBe(all.length);
    expect(all.every((row) => row.market.exchange === 'UPBIT')).toBe(true);
    const sorted = [...all].sort((a, b) => a.sequence - b.sequence || a.index - b.index);
    expect(all).toEqual(sorted);
    expect(new Set(all.map((row) => row.sequence)).size).toBe(81);
    for (const limit of [1, 7, 50])
      expect(await allRows({ exchange: 'UPBIT' }, limit)).toEqual(all);
    const window = { from: 1_005, to: 1_011 };
    expect(await allRows({ exchange: 'UPBIT', ...window }, 5)).toEqual(
      all.filter((row) => row.timestamp >= 1_005 && row.timestamp < 1_011),
    );
    expect(await allRows({ exchange: 'UPBIT', side: 'bid' }, 5)).toEqual(
      all.filter((row) => row.side === 'bid'),
    );
    expect(await allRows({ exchange: 'UPBIT', symbol: 'S0' }, 5)).toEqual(
      all.filter((row) => row.market.symbol === 'S0'),
    );
  });

  it('are the levels of the books, best first', async () => {
    const books = await write([
      { market: UPBIT_BTC, timestamp: 1, sequence: 2 ** 31 },
      { market: UPBIT_ETH, timestamp: 1, sequence: 2 ** 31 + 1 },
    ]);
    expect(await allRows({ exchange: 'UPBIT' }, 10)).toEqual(expectedRows(books));
  });
});

describe('gaps and logs', () => {
  it('page and filter gaps, oldest first; a newer word replaces the older', async () => {
    const gap = { market: UPBIT_BTC, cause: 'STALE', detail: null, attempts: 0 } as const;
    const gaps = [1, 2, 3, 4, 5].map((n) => ({ ...gap, start: n * 100, end: n * 100 + 50 }));
    await writer.write({ ...NOTHING, gaps: [{ ...gap, start: 300, end: null }, ...gaps] });
    const other = { ...gap, market: GOPAX_BTC, start: 100, end: null, attempts: 3 };
    await writer.write({ ...NOTHING, gaps: [other] });
    const page = await reader.gaps({ exchange: 'UPBIT', limit: 3 });
    expect(page.more).toBe(true);
    const rest = await reader.gaps({ exchange: 'UPBIT', limit: 9, after: page.items.at(-1)!.id });
    expect(rest.more).toBe(false);
    const values = [...page.items, ...rest.items].map((item) => item.value);
    expect(values.sort((a, b) => a.start - b.start)).toEqual(gaps);
    const touching = await reader.gaps({ from: 250, to: 401, limit: 9 });
    const starts = touching.items.map((item) => item.value.start);
    expect(starts.sort()).toEqual([100, 200, 300, 400]);
    const gopax = await reader.gaps({ symbol: 'BTC', exchange: 'GOPAX', limit: 9 });
    expect(gopax.items.map((item) => item.value)).toEqual([other]);
  });

  it('come in pages as large as the API allows', async () => {
    const gaps = Array.from({ length: 1_001 }, (_, i) => ({
      market: UPBIT_BTC,
      start: 10 * i,
      end: 10 * i + 5,
      cause: 'STALE' as const,
      detail: null,
      attempts: 0,
    }));
    const log = {
      timestamp: 1,
      level: 'info',
      event: 'STALE',
      exchange: null,
      pair: null,
      params: null,
    } as const;
    const logs = gaps.map((_, i) => ({ ...log, message: String(i) }));
    await writer.write({ ...NOTHING, gaps, logs });
    const gapPage = await reader.gaps({ limit: 1_000 });
    expect(gapPage).toMatchObject({ more: true });
    expect(gapPage.items.map(({ value }) => value)).toEqual(gaps.slice(0, 1_000));
    const logPage = await reader.logs({ limit: 1_000 });
    expect(logPage).toMatchObject({ more: true });
    expect(logPage.items.map(({ value }) => value)).toEqual(logs.slice(1).reverse());
  });

  it('page and filter logs, newest first', async () => {
    const levels = ['debug', 'info', 'warn', 'error'] as const;
    const logs = Array.from({ length: 8 }, (_, i) => ({
      timestamp: 1_789_000_000_000 + i,
      level: levels[i % 4]!,
      event: i < 4 ? 'WS_CONNECTED' : 'WS_CLOSED',
      exchange: i % 2 === 0 ? ('UPBIT' as const) : null,
      pair: i % 4 === 0 ? { symbol: 'BTC', currency: 'KRW' } : null,
      message: `연결 "${i}"\n`,
      params: i % 2 === 0 ? null : `{"i":${i}}`,
    }));
    await writer.write({ ...NOTHING, logs });
    const newest = [...logs].reverse();
    const page = await reader.logs({ limit: 3 });
    expect([page.items.map((item) => item.value), page.more]).toEqual([newest.slice(0, 3), true]);
    const rest = await reader.logs({ limit: 9, after: page.items[2]!.id });
    expect(rest.items.map((item) => item.value)).toEqual(newest.slice(3));
    const some = async (query: object): Promise<unknown[]> =>
      (await reader.logs({ limit: 9, ...query })).items.map((item) => item.value);
    expect(await some({ level: 'warn' })).toEqual(
      newest.filter(({ level }) => level === 'warn' || level === 'error'),
    );
    expect(await some({ event: 'WS_CLOSED' })).toEqual(newest.slice(0, 4));
    expect(await some({ exchange: 'UPBIT', symbol: 'BTC' })).toEqual([logs[4], logs[0]]);
  });
});

describe('coverage', () => {
  const MINUTE = 60_000;
  const T = 1_789_000_020_000 - (1_789_000_020_000 % MINUTE);
  const record = (n: number, frames: number, longestSilenceMs = 10): CoverageMinute => {
    return {
      market: UPBIT_BTC,
      minute: T + n * MINUTE,
      frames,
      changed: frames - 1,
      repeats: 1,
      longestSilenceMs,
    };
  };
  const recording = (at: number, on: boolean): Promise<unknown> =>
    writer.write({ ...NOTHING, recording: [{ market: UPBIT_BTC, recording: on, at: T + at }] });
  const gap = (start: number, end: number | null): Gap => {
    return {
      market: UPBIT_BTC,
      start: T + start,
      end: end === null ? null : T + end,
      cause: 'STALE',
      detail: null,
      attempts: 0,
    };
  };
  const totals = (from?: number, to?: number): Promise<CoverageTotals> => {
    const window = {
      from: from === undefined ? from : T + from,
      to: to === undefined ? to : T + to,
    };
    return reader.coverage({ market: UPBIT_BTC, ...window });
  };

  it('adds up records of the same minute, and pages the minutes', async () => {
    const eth = { ...record(0, 99), market: UPBIT_ETH };
    await writer.write({ ...NOTHING, coverage: [record(0, 5, 900), eth] });
    await writer.write({
      ...NOTHING,
      coverage: [record(0, 3, 70), record(1, 4, 30), record(4, 2)],
    });
    const minutes = async (query: object): Promise<unknown[]> => {
      const page = await reader.coverageMinutes({ market: UPBIT_BTC, limit: 2, ...query });
      return [...page.items.map((item) => [(item.minute - T) / MINUTE, item.frames]), page.more];
    };
    expect(await minutes({})).toEqual([[0, 8], [1, 4], true]);
    expect(await minutes({ after: T + MINUTE })).toEqual([[4, 2], false]);
    expect(await minutes({ from: T + MINUTE + 1, to: T + 4 * MINUTE })).toEqual([[1, 4], false]);
    expect(await minutes({ market: GOPAX_BTC })).toEqual([false]);
    expect((await reader.coverageMinutes({ market: UPBIT_BTC, limit: 1 })).items).toEqual([
      { ...record(0, 8, 900), changed: 6, repeats: 2 },
    ]);
    const whole = { frames: 14, changed: 10, repeats: 4, longestSilenceMs: 900 };
    expect(await totals(0, 5 * MINUTE)).toMatchObject(whole);
    // The whole of each minute that the window touches.
    expect(await totals(MINUTE + 1, 4 * MINUTE)).toMatchObject({ frames: 4, longestSilenceMs: 30 });
  });

  it('counts the time that was recorded and lies in no gap', async () => {
    await recording(1_000, true);
    // Already so: nothing starts over.
    await recording(2_000, true);
    await recording(6_000, false);
    await recording(8_000, true);
    const gaps = [gap(500, 1_500), gap(3_000, 4_000), gap(3_500, 4_500), gap(5_900, 8_100)];
    await writer.write({ ...NOTHING, gaps: [...gaps, gap(9_500, null)] });
    expect(await totals(0, 10_000)).toEqual({
      from: T,
      to: T + 10_000,
      recordedMs: 7_000,
      coveredMs: 1_500 + 1_400 + 1_400,
      recordedFrom: T + 1_000,
      stopped: [{ start: T + 6_000, end: T + 8_000 }],
      frames: 0,
      changed: 0,
      repeats: 0,
      longestSilenceMs: 0,
    });
    expect(await totals(0, 900)).toMatchObject({ recordedMs: 0, coveredMs: 0, stopped: [] });
    // All of a window, its end, its beginning; what lies before the first recording is no stop.
    const stopped = async (from: number, to: number): Promise<number[][]> =>
      (await totals(from, to)).stopped.map(({ start, end }) => [start - T, end - T]);
    expect(await stopped(6_500, 7_000)).toEqual([[6_500, 7_000]]);
    expect(await stopped(5_000, 7_000)).toEqual([[6_000, 7_000]]);
    expect(await stopped(7_000, 9_000)).toEqual([[7_000, 8_000]]);
    expect(await stopped(0, 5_000)).toEqual([]);
    expect(await totals(1_600, 2_600)).toMatchObject({ recordedMs: 1_000, coveredMs: 1_000 });
    expect(await totals(3_200, 3_300)).toMatchObject({ recordedMs: 100, coveredMs: 0 });
    const open = await totals();
    expect(open.from).toBe(T + 1_000);
    // It ends now, wherever that is; the last gap goes on.
    expect(open.recordedMs - (open.to - open.from - 2_000)).toBe(0);
    expect(open.coveredMs).toBe(4_300);
  });

  it('knows every stop before the end of a window, and the gaps that touch it', async () => {
    await recording(0, true);
    await recording(1, false);
    const { id: marketId } = (await session.client.market.findFirst({ where: { symbol: 'BTC' } }))!;
    const many = Array.from({ length: 1_100 }, (_unused, i) => 2 * i + 2);
    const data = many.map((at) => ({ marketId, start: T + at, end: T + at + 1 }));
    await session.client.recordingSpan.createMany({ data });
    await writer.write({
      ...NOTHING,
      gaps: [gap(500, 1_500), gap(1_500, 1_999), gap(2_100, null)],
    });
    const { stops, gaps } = await reader.breaks({
      market: UPBIT_BTC,
      from: T + 2_000,
      to: T + 2_200,
    });
    const ends = [0, ...many].map((at) => T + at + 1);
    expect(stops).toEqual(ends.filter((end) => end < T + 2_200));
    expect(gaps).toEqual([{ start: T + 2_100, end: Infinity }]);
    const never = { spans: [], gaps: [], stops: [] };
    expect(await reader.breaks({ market: GOPAX_BTC, from: T, to: T + 1 })).toEqual(never);
  });

  it('is nothing for a market that was never recorded, and never lies in the future', async () => {
    const window = { from: T, to: T + 1_000 };
    const none = await reader.coverage({ market: GOPAX_BTC, ...window });
    expect(none).toMatchObject({ ...window, recordedMs: 0, stopped: [], frames: 0 });
    const later = Date.now() + 3_600_000;
    const future = await reader.coverage({ market: GOPAX_BTC, from: later, to: later + 1_000 });
    expect(future.from).toBe(future.to);
  });
});

describe('the managed list', () => {
  it('takes a pair that an exchange lists twice for one, with its last names', async () => {
    const names = (code: string) => ({ koreanName: '비트코인', englishName: 'Bitcoin', code });
    const pair = { symbol: 'BTC', currency: 'KRW' };
    await writer.replaceListing(
      'UPBIT',
      ['one', 'two'].map((code) => ({ ...pair, ...names(code) })),
    );
    expect(await session.client.market.findMany()).toMatchObject([{ code: 'two', listed: true }]);
  });

  it('says which markets came and went, and keeps what was wanted', async () => {
    const listed = (...symbols: string[]) =>
      symbols.map((symbol) => {
        return { symbol, currency: 'KRW', koreanName: `${symbol}이름`, englishName: null };
      });
    expect((await writer.replaceListing('UPBIT', listed('BTC', 'ETH'))).added).toHaveLength(2);
    await writer.setWanted(UPBIT_BTC, true);
    await writer.write({ ...NOTHING, recording: [{ market: UPBIT_BTC, recording: true, at: 1 }] });
    await writer.setEnabled('GOPAX', false);
    expect(await writer.replaceListing('UPBIT', listed('ETH', 'XRP'))).toEqual({
      added: [{ symbol: 'XRP', currency: 'KRW' }],
      removed: [{ symbol: 'BTC', currency: 'KRW' }],
    });
    const eth = { koreanName: 'ETH이름', englishName: null, wanted: null, recording: false };
    expect(await reader.markets('UPBIT')).toEqual([
      { ...UPBIT_BTC, ...eth, koreanName: 'BTC이름', listed: false, wanted: true, recording: true },
      { ...UPBIT_ETH, ...eth, listed: true },
      { ...UPBIT_ETH, symbol: 'XRP', ...eth, koreanName: 'XRP이름', listed: true },
    ]);
    expect(await reader.markets('GOPAX')).toEqual([]);
    const exchanges = await reader.exchanges();
    expect(exchanges.map(({ exchange, enabled }) => [exchange, enabled])).toEqual([
      ['BITHUMB', true],
      ['COINONE', true],
      ['GOPAX', false],
      ['KORBIT', true],
      ['UPBIT', true],
    ]);
    expect(exchanges[4]!.listedAt).toBeGreaterThan(1_700_000_000_000);
    expect(exchanges[0]!.listedAt).toBeNull();
  });

  it('keeps the mutations about patterns: a newer one replaces all that it covers', async () => {
    await writer.replaceListing(
      'UPBIT',
      ['BTC', 'ETH'].map((symbol) => ({
        ...UPBIT_BTC,
        symbol,
        koreanName: null,
        englishName: null,
      })),
    );
    for (const market of [UPBIT_BTC, UPBIT_ETH, GOPAX_BTC]) await writer.setWanted(market, false);
    const wanted = async (): Promise<(boolean | null)[]> =>
      [...(await reader.markets('UPBIT')), ...(await reader.markets('GOPAX'))].map((m) => m.wanted);
    const set = (pattern: string, on: boolean): Promise<void> => {
      const read = parseCollect(pattern);
      if (!read.ok) throw new Error(read.problems.join());
      return writer.setWantedPattern(read.patterns[0]!, on);
    };
    const patterns = async (): Promise<string[]> =>
      (await reader.wantedPatterns()).map(({ pattern, wanted: on }) => {
        return `${on ? '+' : '-'}${collectPatternText(pattern)}`;
      });

    await set('UPBIT:BTC-*', true);
    expect(await wanted()).toEqual([null, false, false]);
    await set('*-KRW', false);
    expect(await wanted()).toEqual([null, null, null]);
    // Neither of these covers another.
    await set('UPBIT:*-KRW', true);
    await set('*-USDT', true);
    expect(await patterns()).toEqual(['+UPBIT:BTC-*', '-*-KRW', '+UPBIT:*-KRW', '+*-USDT']);
    // Equal, then wider.
    await set('*-KRW', true);
    expect(await patterns()).toEqual(['+UPBIT:BTC-*', '+*-USDT', '+*-KRW']);
    await writer.setWanted(UPBIT_ETH, true);
    await set('UPBIT:*-*', false);
    expect(await patterns()).toEqual(['+*-USDT', '+*-KRW', '-UPBIT:*-*']);
    expect(await wanted()).toEqual([null, null, null]);
    await set('*-*', true);
    expect(await patterns()).toEqual(['+*-*']);
  });
});

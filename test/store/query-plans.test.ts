import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { join } from 'node:path';
import type { WriterSession } from '../../src/store/engine/engine.js';
import { DayReader } from '../../src/store/day-reader.js';
import { Reader } from '../../src/store/reader.js';
import { Retirement } from '../../src/store/retire.js';
import { JsonbRows } from '../../src/store/engine/sqlite/book-rows.js';
import { Sqlite } from '../../src/store/engine/sqlite/sqlite.js';
import { Writer } from '../../src/store/writer.js';
import { BookBatch } from '../../src/store/book-batch.js';
import { BookIntake } from '../../src/store/book-intake.js';
import {
  GOPAX_BTC,
  NOTHING,
  sessionOn,
  small,
  temporaryFolder,
  UPBIT_BTC,
  UPBIT_ETH,
} from './support.js';

/** Tables that grow for ever: nothing may read all of one. */
const LARGE = ['book', 'gap', 'log', 'coverage'];

const UNPROVEN = { completeness: 'UNPROVEN', cause: null, detail: null, checked: false } as const;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let path: string;
let writer: Writer;
let reader: Reader;
let session: WriterSession;
const seen = new Set<string>();

beforeEach(async () => {
  folder = await temporaryFolder();
  path = join(folder.path, 'orderbook.db');
  writer = new Writer({ path });
  await writer.open(1_000);
  const intake = new BookIntake(60_000, null);
  const batch = new BookBatch(new JsonbRows());
  const markets = Array.from({ length: 12 }, (_, i) => ({ ...UPBIT_BTC, symbol: `S${i}` }));
  [UPBIT_BTC, UPBIT_ETH, GOPAX_BTC, ...markets].forEach((market, i) => {
    const book = { market, ...small(i), timestamp: 1_000 + i, exchangeTimestamp: null };
    const event = { book: { ...book, sequence: i + 1 }, changes: small(i), previous: null };
    batch.add(intake.keep({ ...event, afterGap: true }).row);
  });
  const gap = { start: 1, end: 5, cause: 'STALE', detail: null, attempts: 0 } as const;
  const counts = { frames: 1, changed: 1, repeats: 0, longestSilenceMs: 0 };
  await writer.write({
    ...NOTHING,
    books: batch.books,
    gaps: [{ ...gap, market: UPBIT_BTC }],
    coverage: [{ market: UPBIT_BTC, minute: 0, ...counts }],
    recording: [{ market: UPBIT_BTC, recording: true, at: 1 }],
    tradeSpans: [{ market: UPBIT_BTC, start: 1, end: 9, ...UNPROVEN }],
  });
  session = await sessionOn(path);
  reader = new Reader({ path });
  await reader.exchanges();
  seen.clear();
  const note = (sql: string): void => {
    if (/^\s*(SELECT|WITH|DELETE|UPDATE)/i.test(sql)) seen.add(sql);
  };
  for (const name of ['query', 'queryNumbers', 'execute'] as const) {
    const run = Reflect.get(Sqlite.prototype, name) as (sql: string, args?: unknown) => never;
    jest.spyOn(Sqlite.prototype, name).mockImplementation(function (this: Sqlite, sql, args) {
      note(sql);
      return run.call(this, sql, args);
    });
  }
});
afterEach(async () => {
  jest.restoreAllMocks();
  await reader.close();
  await session.close();
  await writer.close(0);
  await folder.remove();
});

/** The plans of all statements since the last call, a line for each step. */
function plans(): { sql: string; details: string[] }[] {
  jest.restoreAllMocks();
  const database = new Sqlite(path, { readonly: true, busyTimeoutMs: 0 });
  const found = [...seen].map((sql) => {
    const values = Array.from(sql.matchAll(/\?/g), () => 1);
    const plan = database.query(`EXPLAIN QUERY PLAN ${sql}`, values);
    const details = plan.rows.map((row) => String(row[plan.names.indexOf('detail')]));
    return { sql, details };
  });
  database.close();
  expect(found.length).toBeGreaterThan(0);
  return found;
}

/** What of them reads a whole large table. */
function scans(): string[] {
  return plans().flatMap(({ sql, details }) =>
    details
      .filter((detail) => {
        const table = /^SCAN (?:TABLE )?(\w+)/.exec(detail)?.[1];
        return table !== undefined && tablesOf(sql, table);
      })
      .map((detail) => `${detail}: ${sql}`),
  );
}

/** Whether `name`, a table or its alias in `sql`, is a large table. */
function tablesOf(sql: string, name: string): boolean {
  if (LARGE.includes(name)) return true;
  return LARGE.some((table) => new RegExp(`\\b${table}"?\\s+(AS\\s+)?"?${name}\\b`, 'i').test(sql));
}

describe('plans of the statements', () => {
  it('of books, rows and exports go through an index or the row number', async () => {
    await reader.newestBook(UPBIT_BTC);
    await reader.bookAt(UPBIT_BTC, 1_005);
    await reader.bestPrices(UPBIT_BTC, [1_000, 1_005]);
    await reader.bookCounts({ markets: [UPBIT_BTC], from: 1_000, to: 1_009, step: 2 });
    for (const selection of [
      { exchange: 'UPBIT' },
      { exchange: 'UPBIT', symbol: 'BTC' },
      { exchange: 'UPBIT', currency: 'KRW', from: 1_001, to: 1_009 },
    ] as const) {
      await reader.rows({ ...selection, limit: 5 });
      await reader.rows({ ...selection, after: { sequence: 3, index: 0 }, limit: 5 });
      const { exchange, ...narrowed } = selection;
      const exported = { exchanges: [exchange], ...narrowed, format: 'csv' } as const;
      for (const shape of ['rows', 'books', 'top', 'incremental_book_L2'] as const) {
        const every = shape === 'top' ? 5 : undefined;
        const { id } = await reader.exportBegin({ ...exported, shape, every });
        while ((await reader.exportNext(id)) !== null);
      }
    }
    expect(scans()).toEqual([]);
  });

  it('of gaps and coverage go through an index', async () => {
    for (const window of [{}, { from: 3 }, { to: 9 }, { from: 3, to: 9 }]) {
      for (const markets of [{}, { exchange: 'UPBIT' }, UPBIT_BTC, { symbol: 'BTC' }] as const) {
        await reader.gaps({ ...window, ...markets, after: 0, limit: 5 });
      }
      await reader.gapTotals({ ...UPBIT_BTC, ...window });
      await reader.gapTotals({ exchange: 'UPBIT', from: 3, ...window });
      await reader.coverage({ market: UPBIT_BTC, ...window });
      await reader.coverageMinutes({ market: UPBIT_BTC, ...window, limit: 5 });
    }
    expect(scans()).toEqual([]);
  });

  it('of what is known of trades read no span that lies before their window', async () => {
    const window = { from: 5, to: 9 };
    await reader.tradeSpans({ market: UPBIT_BTC, ...window, limit: 5 });
    await reader.tradeCoverage({ market: UPBIT_BTC, ...window });
    await reader.tradeTotals({ exchanges: ['UPBIT'], ...window });
    const days = await DayReader.open(path);
    await days.records('trade_spans', 5, 9);
    await days.close();
    const windowed = plans().filter(({ sql }) => /\bFROM market w\b/.test(sql));
    expect(windowed).toHaveLength(4);
    for (const { details } of windowed)
      expect(details).toContain(
        'SEARCH trade_span USING PRIMARY KEY (market_id=? AND start>? AND start<?)',
      );
  });

  it('of which markets have trades look into the indexes of these', async () => {
    expect(await reader.marketsWithTrades()).toEqual([UPBIT_BTC]);
    const steps = plans().flatMap(({ details }) => details);
    expect(steps.filter((step) => /^SEARCH t USING .*\(market_id=\?\)/.test(step))).toHaveLength(3);
    expect(steps.filter((step) => step.startsWith('SCAN'))).toEqual(['SCAN m']);
  });

  it('of logs go through an index whenever something is filtered', async () => {
    const filters = [
      { level: 'debug' },
      { level: 'warn' },
      { level: 'error' },
      { event: 'STALE' },
      { exchange: 'UPBIT' },
      { exchange: 'UPBIT', symbol: 'BTC', currency: 'KRW', level: 'warn', event: 'STALE' },
      { symbol: 'BTC' },
    ] as const;
    for (const filter of filters) {
      await reader.logs({ ...filter, limit: 5 });
      await reader.logs({ ...filter, after: 9, limit: 5 });
    }
    expect(scans()).toEqual([]);
  });

  it('of retention go through an index', async () => {
    const retirement = new Retirement(session);
    const bound = await retirement.before(1_005, 2_000);
    await retirement.step(bound!, 0);
    await retirement.coverage(9e12);
    await retirement.logs(9e12);
    expect(scans()).toEqual([]);
  });

  it('of the view orderbook go to the window of a market by time, else in order of sequence', () => {
    const planOf = (condition: string): string => {
      const database = new Sqlite(path, { readonly: true, busyTimeoutMs: 0 });
      const { rows } = database.query(`EXPLAIN QUERY PLAN SELECT * FROM orderbook ${condition}`);
      database.close();
      return rows.map((row) => String(row.at(-1))).join('\n');
    };
    const market = "WHERE exchange = 'UPBIT' AND symbol = 'BTC' AND currency = 'KRW'";
    for (const window of ['timestamp >= 5', 'timestamp BETWEEN 5 AND 9', 'timestamp = 5']) {
      expect(planOf(`${market} AND ${window}`)).toMatch(
        /SEARCH b USING INDEX book_market_id_timestamp_idx \(market_id=\? AND timestamp/,
      );
    }
    expect(planOf(market)).toContain('SEARCH b USING INDEX book_market_id_idx (market_id=?)');
    expect(planOf('')).toContain('SCAN b\n');
    expect(planOf(market)).not.toContain('TEMP B-TREE');
  });
});

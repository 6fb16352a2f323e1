import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openConnection, queryRows } from '../../src/store/engine/sqlite/connection.js';
import { migrate, readMigrations } from '../../src/store/engine/sqlite/migrations.js';
import { openStore } from '../../src/store/store.js';
import {
  GOPAX_BTC,
  Recorder,
  small,
  stored,
  temporaryFolder,
  UPBIT_BTC,
  withStore,
} from './support.js';

/**
 * Databases as the versions that had each migration as their newest made them, all of the same
 * books, gap, log record and wishes; named by that migration (test/fixtures/README.md).
 */
const FOLDER = new URL('../fixtures/databases/', import.meta.url);
const STATES = readdirSync(FOLDER).map((name) => name.replace(/\.sql$/, ''));
const T = 1_760_000_000_000;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let path: string;
beforeEach(async () => {
  folder = await temporaryFolder();
  path = join(folder.path, 'orderbook.db');
});
afterEach(() => folder.remove());

async function lay(state: string, more = ''): Promise<void> {
  const connection = await openConnection(path);
  await connection.executeScript(readFileSync(new URL(`${state}.sql`, FOLDER), 'utf8') + more);
  await connection.dispose();
}

/** The books that went into each of them: sequence, times after T, asks, bids. */
const BOOKS = [
  [
    1,
    0,
    -20,
    [
      ['116539000', '0.5'],
      ['116540000', '1.25'],
    ],
    [['116538000', '0.0007772']],
  ],
  [
    2,
    50,
    null,
    [['116600000', '2']],
    [
      ['116500000', '0.1'],
      ['116400000', '3'],
    ],
  ],
  [
    3,
    1_000,
    980,
    [
      ['116540000', '1.25'],
      ['116541000', '0.00000001'],
    ],
    [['116538000', '0.0007772']],
  ],
  [4, 2_000, 1_980, [['116540000', '1.25']], []],
  [5, 9_000, 8_990, [['116550000', '7']], [['116539000.5', '123456789.123456789']]],
] as const;

describe.each(STATES)('a database of the state %s', (state) => {
  // The first version had no patterns.
  const first = state.endsWith('_init');

  it('is migrated, reads back equal, and is recorded on', async () => {
    await lay(state);
    await withStore({ path }, async (store) => {
      const { reader } = store;
      let text = '';
      const books = { shape: 'books', format: 'json' } as const;
      const chunks = reader.exportText({ exchanges: ['UPBIT', 'GOPAX'], ...books });
      for await (const chunk of chunks) text += chunk;
      const exported = (JSON.parse(text) as Record<string, unknown>[]).sort(
        (a, b) => Number(a['sequence']) - Number(b['sequence']),
      );
      expect(exported).toEqual(
        BOOKS.map(([sequence, at, exchangeAt, asks, bids]) => ({
          exchange: sequence === 2 ? 'GOPAX' : 'UPBIT',
          symbol: 'BTC',
          currency: 'KRW',
          timestamp: T + at,
          exchangeTimestamp: exchangeAt === null ? null : T + exchangeAt,
          sequence,
          asks,
          bids,
        })),
      );
      expect(await reader.bookAt(UPBIT_BTC, T + 1_500)).toMatchObject({ sequence: 3 });
      const { items } = await reader.gaps({ limit: 10 });
      expect(items.map(({ value }) => value)).toEqual([
        {
          market: expect.objectContaining(UPBIT_BTC),
          start: T + 2_000,
          end: T + 9_000,
          cause: 'DISCONNECTED',
          detail: '1006',
          attempts: 2,
        },
      ]);
      const logs = await reader.logs({ limit: 10, event: 'WS_CLOSED' });
      expect(logs.items.map(({ value }) => value.message)).toEqual(['WebSocket 종료: 1006']);
      const upbit = await reader.markets('UPBIT');
      const wanted = Object.fromEntries(upbit.map((market) => [market.symbol, market.wanted]));
      // Later versions put a pattern besides, in which the wish about the market is contained.
      expect(wanted['ETH']).toBe(first ? true : null);
      const exchanges = await reader.exchanges();
      expect(exchanges.find(({ exchange }) => exchange === 'KORBIT')).toMatchObject({
        enabled: false,
      });
      expect(await reader.wantedPatterns()).toHaveLength(first ? 0 : 1);
      // Trades are recorded since the migration that is named by them.
      const trades = await reader.trades({ market: UPBIT_BTC, limit: 10 });
      expect(trades.items.map(({ price, volume, side }) => [price, volume, side])).toEqual(
        state.endsWith('_trade') ? [['116600000', '0.25', 'buy']] : [],
      );

      new Recorder(store).put(GOPAX_BTC, T + 20_000, small(1));
      await stored(store);
      expect((await reader.newestBook(GOPAX_BTC))!.sequence).toBeGreaterThan(5);
      expect((await reader.newestBook(UPBIT_BTC))!.sequence).toBe(5);
    });
    const connection = await openConnection(path);
    const columns = await queryRows(connection, `SELECT * FROM orderbook WHERE volume = '0'`);
    expect(columns.length).toBeGreaterThanOrEqual(4);
    await connection.dispose();
  });

  it('stays as it was when its migration fails', async () => {
    await lay(state);
    const connection = await openConnection(path);
    const broken = { name: '30000101000000_broken', sql: 'SELECT 1 FROM nowhere', checksum: 'c' };
    const before = await queryRows(connection, 'SELECT sql FROM sqlite_master ORDER BY name');
    await expect(migrate(connection, [...(await readMigrations()), broken])).rejects.toThrow(
      /30000101000000_broken failed; nothing was changed/,
    );
    expect(await queryRows(connection, 'SELECT sql FROM sqlite_master ORDER BY name')).toEqual(
      before,
    );
    await connection.dispose();
  });
});

it('a database of a later state is refused, and not touched', async () => {
  await lay(
    STATES.at(-1)!,
    `INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name)
     VALUES ('later', 'c', 1, '30000101000000_later');`,
  );
  const before = await readFile(path);
  await expect(openStore({ path })).rejects.toThrow(
    /newer than this program: .*30000101000000_later.*update the program/,
  );
  expect((await readFile(path)).equals(before)).toBe(true);
});

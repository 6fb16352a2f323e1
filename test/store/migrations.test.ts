import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openConnection, queryRows } from '../../src/store/engine/sqlite/connection.js';
import { prepareDatabase } from '../../src/store/engine/sqlite/database.js';
import {
  migrate,
  type Migration,
  readMigrations,
} from '../../src/store/engine/sqlite/migrations.js';
import { openStore } from '../../src/store/store.js';
import { forkBuilt } from '../helpers/fork-built.js';
import { temporaryFolder, UPBIT_BTC, withStore } from './support.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let path: string;
let migrations: Migration[];

beforeEach(async () => {
  folder = await temporaryFolder();
  path = join(folder.path, 'orderbook.db');
  migrations = await readMigrations();
});
afterEach(() => folder.remove());

/** Runs `work` on a connection to the database. */
async function connected<T>(
  work: (connection: Awaited<ReturnType<typeof openConnection>>) => Promise<T>,
): Promise<T> {
  const connection = await openConnection(path);
  try {
    return await work(connection);
  } finally {
    await connection.dispose();
  }
}

function migration(name: string, sql: string): Migration {
  return { name, sql, checksum: 'c'.repeat(64) };
}

const TABLES = `SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name`;

describe('migrations', () => {
  it('make a new database with its fixed settings, and nothing the second time', async () => {
    await prepareDatabase(path);
    await connected(async (connection) => {
      expect(await migrate(connection, migrations)).toEqual([]);
      expect(await queryRows(connection, 'PRAGMA auto_vacuum')).toEqual([[2]]);
      expect(await queryRows(connection, 'PRAGMA journal_mode')).toEqual([['wal']]);
      expect(
        await queryRows(connection, 'SELECT migration_name, checksum FROM _prisma_migrations'),
      ).toEqual(migrations.map(({ name, checksum }) => [name, checksum]));
      expect(
        (await queryRows(connection, 'PRAGMA table_info(orderbook)')).map((row) => row[1]),
      ).toEqual(['exchange', 'symbol', 'currency', 'timestamp', 'side', 'price', 'volume']);
    });
  });

  it('bring a database of the first version up to date, with what it holds', async () => {
    await connected(async (connection) => {
      await migrate(connection, migrations.slice(0, 1));
      await connection.executeScript(`
        INSERT INTO exchange (name) VALUES ('UPBIT');
        INSERT INTO market (exchange, symbol, currency, wanted) VALUES ('UPBIT', 'BTC', 'KRW', true);
        INSERT INTO book VALUES (3, 1, 500, NULL, 3, '[["11","1"]]', '[]');
        INSERT INTO book VALUES (7, 1, 1000, NULL, 7, '[["10","1"]]', '[]')`);
    });
    await withStore({ path }, async (store) => {
      expect((await store.reader.markets('UPBIT'))[0]!.wanted).toBe(true);
      expect(await store.reader.wantedPatterns()).toEqual([]);
      expect(await store.reader.newestBook(UPBIT_BTC)).toMatchObject({ asks: [['10', '1']] });
      expect(await store.reader.coverage({ market: UPBIT_BTC, from: 0, to: 2_000 })).toMatchObject({
        recordedMs: 500,
      });
      expect(store.sequences.next()).toBe(8);
    });
  });

  it('roll back entirely when one of them fails', async () => {
    await connected(async (connection) => {
      const broken = migration(
        '30000101000000_broken',
        'CREATE TABLE t (a); INSERT INTO nowhere VALUES (1)',
      );
      await expect(migrate(connection, [...migrations, broken])).rejects.toThrow(
        /30000101000000_broken failed; nothing was changed: .*nowhere/,
      );
      expect(await queryRows(connection, TABLES)).toEqual([]);
      expect(await queryRows(connection, 'PRAGMA foreign_keys')).toEqual([[1]]);
    });
  });

  it('refuse references to rows that are missing', async () => {
    await connected(async (connection) => {
      const broken = migration(
        '30000101000000_orphan',
        `INSERT INTO market (exchange, symbol, currency) VALUES ('NOWHERE', 'BTC', 'KRW')`,
      );
      await expect(migrate(connection, [...migrations, broken])).rejects.toThrow(
        'refer to missing rows',
      );
    });
  });

  it('refuse a database that a newer program made, without touching it', async () => {
    await prepareDatabase(path);
    await connected((connection) =>
      migrate(connection, [
        ...migrations,
        migration('30000101000000_future', 'CREATE TABLE f (a)'),
      ]),
    );
    const before = await readFile(path);
    await expect(openStore({ path })).rejects.toThrow(
      /newer than this program: .*30000101000000_future.*update the program/,
    );
    expect((await readFile(path)).equals(before)).toBe(true);
  });

  it('refuse a migration that was edited after it was applied, but not other line ends', async () => {
    await prepareDatabase(path);
    const [first, ...others] = migrations as [Migration, ...Migration[]];
    await connected(async (connection) => {
      const crlf = { ...first, sql: first.sql.replaceAll('\n', '\r\n') };
      expect(await migrate(connection, [crlf, ...others])).toEqual([]);
      const edited = { ...first, sql: `${first.sql} -- edited` };
      await expect(migrate(connection, [edited, ...others])).rejects.toThrow(
        'was edited after it was applied',
      );
    });
  });

  it('are applied once when several processes start at the same time', async () => {
    const results = await Promise.all(
      [1, 2, 3].map(async () => {
        const process = forkBuilt(new URL('./migrate-child.ts', import.meta.url), [path]);
        const [message] = (await once(process, 'message')) as [string[] | string];
        return message;
      }),
    );
    expect(results.sort()).toEqual([[], [], migrations.map((one) => one.name)].sort());
  });
});

describe('a place that is no place for a database', () => {
  it('is refused when it is a folder', async () => {
    await expect(openStore({ path: folder.path })).rejects.toThrow('must name a file');
  });

  it('is refused when the file is something else, which stays as it was', async () => {
    await writeFile(path, 'my precious notes, much longer than a header');
    await expect(openStore({ path })).rejects.toThrow('is not an SQLite database');
    expect(await readFile(path, 'utf8')).toBe('my precious notes, much longer than a header');
  });

  it('is refused when the database is of another program, which stays as it was', async () => {
    await connected((connection) => connection.executeScript('CREATE TABLE theirs (a)'));
    const before = await readFile(path);
    await expect(openStore({ path })).rejects.toThrow('database of another program');
    expect((await readFile(path)).equals(before)).toBe(true);
  });

  it('is refused when its folder cannot be made', async () => {
    await writeFile(path, '');
    await expect(openStore({ path: join(path, 'below', 'a.db') })).rejects.toThrow(
      /folder .* cannot be created or written|cannot inspect the database/,
    );
  });
});

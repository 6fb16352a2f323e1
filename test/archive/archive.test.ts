import { appendFile, chmod, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { manifestFile } from '../../src/parquet/layout.js';
import { DayReader } from '../../src/store/day-reader.js';
import { rowsOfDay, readManifest } from '../../src/parquet/manifest.js';
import { openSqlite } from './sqlite.js';
import {
  small,
  Recorder,
  stored,
  temporaryFolder,
  UPBIT_BTC,
  withStore,
} from '../store/support.js';
import { archiveAll, check, DAY, DAY_MS, recordDays } from './support.js';

let folder: { path: string; remove: () => Promise<void> };
let db: string;
let archive: string;

beforeEach(async () => {
  folder = await temporaryFolder();
  db = join(folder.path, 'books.db');
  archive = join(folder.path, 'archive');
});
afterEach(() => folder.remove());

describe('archiving', () => {
  it('brings closed days into files that read back as the database has them', async () => {
    await recordDays(db, 3);
    const manifests = await archiveAll(archive, db);
    expect(manifests.map(({ date }) => date).slice(0, 3)).toEqual([
      '2026-03-01',
      '2026-03-02',
      '2026-03-03',
    ]);
    expect(manifests.slice(0, 3).map((day) => rowsOfDay(day, 'books'))).toEqual([60, 60, 60]);
    const days = await check(archive, db);
    expect(days.flatMap(({ problems }) => problems)).toEqual([]);
    expect(days[0]).toMatchObject({ date: '2026-03-01', books: 60, database: 'equal' });
    // Again: there is nothing left to do.
    expect(await archiveAll(archive, db)).toEqual([]);
  });

  it('adds books that come to a day later, as from a clock that was set back', async () => {
    await recordDays(db, 2);
    await archiveAll(archive, db);
    await withStore({ path: db }, async (store) => {
      new Recorder(store).put(UPBIT_BTC, DAY + 5_000, small(1));
      await stored(store);
    });
    const [added] = await archiveAll(archive, db);
    expect(added).toMatchObject({ date: '2026-03-01' });
    expect(rowsOfDay(added!, 'books')).toBe(61);
    expect((await check(archive, db)).flatMap(({ problems }) => problems)).toEqual([]);
  });

  it('says of no time that it was recorded after the last sign of life of a recorder that is off', async () => {
    await recordDays(db, 2);
    const lastBook = DAY + DAY_MS + (59 * DAY_MS) / 60;
    openSqlite(db, (sqlite) => {
      sqlite.execute('UPDATE recording_span SET "end" = NULL');
      sqlite.execute("UPDATE state SET value = ? WHERE key = 'heartbeat'", [BigInt(DAY)]);
    });
    const manifests = await archiveAll(archive, db);
    expect(manifests.map(({ date }) => date)).toEqual(['2026-03-01', '2026-03-02']);
    const reader = await DayReader.open(db);
    const ends = async (day: number) => {
      const from = DAY + day * DAY_MS;
      const rows = await reader.records('recordings', from, from + DAY_MS);
      return [...new Set(rows.map(([, , end]) => end))];
    };
    expect([await ends(0), await ends(1), await ends(2)]).toEqual([[DAY + DAY_MS], [lastBook], []]);
    await reader.close();
  });

  it('refuses to mix two databases', async () => {
    await recordDays(db, 1);
    await archiveAll(archive, db);
    const other = join(folder.path, 'other.db');
    await recordDays(other, 1);
    await expect(archiveAll(archive, other)).rejects.toThrow(
      /2026-03-01 was archived from another database/,
    );
  });

  it('says of a value that no file can hold which one it is, and archives nothing of the day', async () => {
    await recordDays(db, 1);
    const value = `0.${'0'.repeat(19)}1`;
    openSqlite(db, (sqlite) =>
      sqlite.execute(
        `UPDATE book SET asks = '[["${value}","1"]]' WHERE sequence = (SELECT min(sequence) FROM book)`,
      ),
    );
    await expect(archiveAll(archive, db)).rejects.toThrow(
      `2026-03-01 is not archived: read back, the books of UPBIT differ from the database: UPBIT:BTC-KRW has ${value}`,
    );
    expect(await readManifest(archive, '2026-03-01')).toBeNull();
    openSqlite(db, (sqlite) => {
      const huge = '9'.repeat(30);
      sqlite.execute(
        `UPDATE book SET asks = '[["${huge}","1"]]' WHERE sequence = (SELECT min(sequence) FROM book)`,
      );
    });
    await expect(archiveAll(archive, db)).rejects.toThrow(
      /2026-03-01 is not archived: UPBIT:BTC-KRW has 9{30}/,
    );
  });
});

describe('what is wrong in an archive', () => {
  const FILE = 'books/exchange=UPBIT/date=2026-03-01/part-0.parquet';

  beforeEach(async () => {
    await recordDays(db, 1);
    await archiveAll(archive, db);
  });

  const problems = async (): Promise<string> =>
    (await check(archive, db)).flatMap((day) => day.problems).join('\n');

  it('names a file that is gone', async () => {
    await rm(join(archive, FILE));
    expect(await problems()).toMatch(
      /2026-03-01: .*part-0.parquet is in the manifest and cannot be found/,
    );
  });

  it('names a file that has grown or is no Parquet', async () => {
    await appendFile(join(archive, FILE), 'x');
    expect(await problems()).toMatch(/bytes, its manifest says/);
    const { length } = await readFile(join(archive, FILE));
    await writeFile(join(archive, FILE), Buffer.alloc(length - 1, 'a'));
    expect(await problems()).toMatch(/part-0.parquet cannot be read back/);
  });

  it('names a foreign file in the place of ours, and one beside ours', async () => {
    await cp(
      join(archive, 'coverage/exchange=UPBIT/date=2026-03-01/part-0.parquet'),
      join(archive, FILE),
    );
    const manifest = (await readManifest(archive, '2026-03-01'))!;
    const { length } = await readFile(join(archive, FILE));
    const files = manifest.files.map((file) =>
      file.path === FILE ? { ...file, bytes: length } : file,
    );
    await writeFile(
      join(archive, manifestFile('2026-03-01')),
      JSON.stringify({ ...manifest, files }),
    );
    await writeFile(join(archive, FILE.replace('part-0', 'mine')), 'x');
    expect(await problems()).toMatch(/has the columns symbol VARCHAR/);
    expect(await problems()).toMatch(/mine.parquet is not in the manifest; move it away/);
  });

  it('names a manifest that disagrees, is damaged, or is newer', async () => {
    const path = join(archive, manifestFile('2026-03-01'));
    const text = await readFile(path, 'utf8');
    await writeFile(
      path,
      text.replace(/"digest":"(.)/, (_, digit: string) => `"digest":"${digit === '0' ? '1' : '0'}`),
    );
    expect(await problems()).toMatch(/disagrees with its manifest: .* has different values/);
    await writeFile(path, text.slice(0, 100));
    expect(await problems()).toMatch(/manifest.json is not JSON/);
    await writeFile(path, text.replace('"schema":3', '"schema":99'));
    expect(await problems()).toMatch(
      /has schema 99, this program knows up to 3; update the program/,
    );
    await expect(archiveAll(archive, db)).rejects.toThrow(/schema 99/);
  });

  it('begins a day again that another version left half done', async () => {
    await rm(join(archive, manifestFile('2026-03-01')));
    const work = join(archive, '.work', '2026-03-01');
    await mkdir(work, { recursive: true });
    const progress = { pieces: [join(work, 'UPBIT-0.parquet')], last: 40, markets: {} };
    await writeFile(
      join(work, 'work.json'),
      JSON.stringify({ key: 'of another version', exchanges: { UPBIT: progress } }),
    );
    await writeFile(join(work, 'UPBIT-0.parquet'), 'half');
    expect((await archiveAll(archive, db)).map((day) => rowsOfDay(day, 'books'))).toEqual([60]);
    expect(await problems()).toBe('');
  });
});

it('names a folder that cannot be written', async () => {
  await recordDays(db, 1);
  await writeFile(join(folder.path, 'file'), '');
  await expect(archiveAll(join(folder.path, 'file'), db)).rejects.toThrow(/cannot be used: /);
  if (process.getuid?.() === 0) return;
  await mkdir(archive);
  await chmod(archive, 0o500);
  await expect(archiveAll(archive, db)).rejects.toThrow(/access is denied/);
});

import { cp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { backUp } from '../../src/store/backup.js';
import { openSqlite } from './sqlite.js';
import { SmallDisk } from '../../src/soak/small-disk.js';
import { temporaryFolder } from '../store/support.js';
import { archiveAll, check, recordDays } from './support.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let db: string;
let archive: string;
let copy: string;
beforeEach(async () => {
  folder = await temporaryFolder();
  db = join(folder.path, 'books.db');
  archive = join(folder.path, 'archive');
  copy = join(folder.path, 'copy.db');
  await recordDays(db, 3);
});
afterEach(() => folder.remove());

/** Every stored book. */
function content(): unknown {
  const columns = 'sequence, market_id, timestamp, exchange_timestamp, base, hex(asks), hex(bids)';
  return openSqlite(db, (sqlite) =>
    sqlite.query(`SELECT ${columns} FROM book ORDER BY sequence`, []),
  );
}

describe('a backup of a database with an archive', () => {
  it('has the manifests, and both are what they were once they are restored', async () => {
    const manifests = await archiveAll(archive, db);
    const before = content();
    const made = await backUp(db, copy, archive);
    expect(made.archivedDays).toBe(manifests.length);
    // All is lost but the backup and the files of data, which were copied as docs/operations.md says.
    await Promise.all(['', '-wal', '-shm'].map((end) => rm(db + end, { force: true })));
    await rm(join(archive, 'manifests'), { recursive: true });
    await rename(copy, db);
    await cp(`${copy}.archive`, archive, { recursive: true });
    expect(content()).toEqual(before);
    const days = await check(archive, db);
    expect(days.map(({ date }) => date)).toEqual(manifests.map(({ date }) => date));
    expect(days.flatMap(({ problems }) => problems)).toEqual([]);
  });

  it('overwrites no manifests, and leaves nothing half-made when one cannot be read', async () => {
    await archiveAll(archive, db);
    await writeFile(`${copy}.archive`, 'mine');
    await expect(backUp(db, copy, archive)).rejects.toThrow(/copy\.db\.archive exists/);
    await rm(`${copy}.archive`);
    const [day] = await readdir(join(archive, 'manifests'));
    await writeFile(join(archive, 'manifests', day!, 'manifest.json'), '{');
    await expect(backUp(db, copy, archive)).rejects.toThrow(/manifest .* is not JSON/);
    expect((await readdir(folder.path)).filter((name) => name.startsWith('copy'))).toEqual([]);
  });

  it('needs no archive to be there yet', async () => {
    expect(await backUp(db, copy, archive)).toMatchObject({ archivedDays: 0 });
    expect(existsSync(copy)).toBe(true);
  });

  it('onto a disk that becomes full says so, and removes what it began', async () => {
    const disk = SmallDisk.mount(join(folder.path, 'disk'), 1);
    if (disk === null) {
      console.warn('skipped: only root can mount the small disk that this test fills');
      return;
    }
    try {
      disk.fill();
      const onIt = join(disk.path, 'copy.db');
      await expect(backUp(db, onIt)).rejects.toThrow(/cannot be written: .*full/);
      expect(await readdir(disk.path)).toEqual(['ballast']);
    } finally {
      disk.unmount();
    }
  });
});

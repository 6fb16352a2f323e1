import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from '@jest/globals';
import { seeded, temporaryFolder } from '../store/support.js';
import { archiveAll, check, LATER, recordDays } from './support.js';

const CHILD = fileURLToPath(new URL('../../dist/archive/child.js', import.meta.url));

/** Starts the archiver as the recorder does, and kills it after a while. */
async function archiveUntilKilled(task: object, ms: number): Promise<void> {
  const child = fork(CHILD, [], {
    env: { ...process.env, ARCHIVE_TASK: JSON.stringify(task) },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), ms);
  await once(child, 'exit');
  clearTimeout(timer);
}

/** Kills the archiver at `kills` random moments: only whole days are left each time, and it goes on. */
export async function killArchiver(kills: number): Promise<void> {
  const folder = await temporaryFolder();
  try {
    const dbPath = join(folder.path, 'books.db');
    const archive = join(folder.path, 'archive');
    await recordDays(dbPath, 3, 300);
    const random = seeded(20);
    const task = { folder: archive, dbPath, afterDays: 1, now: LATER, maxStaged: 20 };
    let whole = 0;
    for (let i = 0; i < kills; i++) {
      await archiveUntilKilled(task, 150 + random() * 900);
      const days = await check(archive, dbPath);
      const archived = days.filter(({ problems }) => problems.length === 0);
      // A file of a day without its manifest is all that may be there beside whole days.
      const others = days.flatMap(({ problems }) => problems);
      expect(others.filter((problem) => !/the manifest is missing/.test(problem))).toEqual([]);
      expect(archived.length).toBeGreaterThanOrEqual(whole);
      whole = archived.length;
    }
    await archiveAll(archive, dbPath, 20);
    const days = await check(archive, dbPath);
    expect(days.flatMap(({ problems }) => problems)).toEqual([]);
    expect(days.slice(0, 3).map(({ books, database }) => [books, database])).toEqual([
      [300, 'equal'],
      [300, 'equal'],
      [300, 'equal'],
    ]);
  } finally {
    await folder.remove();
  }
}

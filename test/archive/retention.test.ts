import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { archivedDays } from '../../src/archive/keeper.js';
import { Retirement } from '../../src/store/retire.js';
import { archivedBound } from '../../src/store/archived.js';
import { sessionOn, temporaryFolder } from '../store/support.js';
import { archiveAll, DAY, DAY_MS, LATER, recordDays } from './support.js';

it('deletes nothing that is in no archived day', async () => {
  const folder = await temporaryFolder();
  const path = join(folder.path, 'books.db');
  const archive = join(folder.path, 'archive');
  await recordDays(path, 3);
  const session = await sessionOn(path);
  try {
    const retirement = new Retirement(session);
    const old = DAY + 10 * DAY_MS;
    const bound = async (days: Awaited<ReturnType<typeof archivedDays>>) =>
      retirement.before(old, LATER + 10 * DAY_MS, await archivedBound(session, days));
    expect(await bound([])).toBeNull();
    await archiveAll(archive, path);
    const days = await archivedDays(archive);
    const all = await bound(days);
    expect(all?.sequence).toBeGreaterThan(days[2]!.ranges[0]![0]);
    // Without its second day: up to there only, and no gap or coverage of later.
    const some = await bound(days.filter((_, i) => i !== 1));
    expect(some).toEqual({ sequence: days[1]!.ranges[0]![0], time: DAY + DAY_MS, trades: 1 });
    expect(await bound(days.map((day) => ({ ...day, database: 'another' })))).toBeNull();
    // By size: the same bound.
    const limit = await archivedBound(session, days.slice(0, 1));
    expect(await new Retirement(session).slice(limit)).toBeNull();
  } finally {
    await session.close();
    await folder.remove();
  }
});

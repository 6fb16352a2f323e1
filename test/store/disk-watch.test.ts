import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import type { WriterSession } from '../../src/store/engine/engine.js';
import { daysUntilFull, DiskWatch } from '../../src/store/disk-watch.js';
import { fileUse } from '../../src/store/disk-use.js';
import { GrowthRecord } from '../../src/store/growth.js';
import type { DiskStats } from '../../src/store/store-types.js';
import { Writer } from '../../src/store/writer.js';
import { sessionOn, temporaryFolder, until } from './support.js';

const DAY = 86_400_000;
const MINUTE = 60_000;
const GB = 1e9;

describe('daysUntilFull', () => {
  const now = 100 * DAY;
  const days = (more: {
    perDay?: number | null;
    free?: number;
    size?: number;
    age?: number;
    maxBytes?: number;
    retentionDays?: number;
  }): number | null => {
    const { perDay = 10 * GB, free = 50 * GB, size = 20 * GB, age = 2 } = more;
    const growth = { bytesPerDay: perDay, oldestBook: now - age * DAY };
    const bounds = { maxBytes: more.maxBytes ?? 0, retentionDays: more.retentionDays ?? 0 };
    return daysUntilFull({ databaseBytes: size, freeBytes: free, growth }, bounds, now);
  };

  it('is the free space over the growth', () => {
    expect(days({})).toBe(5);
  });

  it('is null when nothing grows or no growth is known', () => {
    expect([days({ perDay: 0 }), days({ perDay: -5 }), days({ perDay: null })]).toEqual([
      null,
      null,
      null,
    ]);
  });

  it('is null when a bound stops the growth before, but not when the bound is too far', () => {
    expect(days({ maxBytes: 70 * GB })).toBeNull();
    expect(days({ maxBytes: 71 * GB })).toBe(5);
    // Two days are there; five more come to 50 GB.
    expect(days({ retentionDays: 7 })).toBeNull();
    expect(days({ retentionDays: 8 })).toBe(5);
    // What is kept is complete: it only changes.
    expect(days({ retentionDays: 8, age: 8, free: 1 })).toBeNull();
  });
});

describe('GrowthRecord', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let writer: Writer;
  let session: WriterSession;

  beforeEach(async () => {
    folder = await temporaryFolder();
    const path = join(folder.path, 'a.db');
    writer = new Writer({ path });
    await writer.open(10);
    session = await sessionOn(path);
  });
  afterEach(async () => {
    await session.close();
    await writer.close(0);
    await folder.remove();
  });

  it('tells bytes a day over the time in which it ran, also after a restart', async () => {
    const T = 1_789_000_000_000;
    let record = new GrowthRecord(session);
    expect(await record.sample(T, 1_000)).toEqual({ bytesPerDay: null, oldestBook: null });
    for (let i = 1; i < 5; i++) await record.sample(T + i * MINUTE, 1_000 + i * 500);
    expect((await record.sample(T + 5 * MINUTE, 3_500)).bytesPerDay).toBe(500 * 1_440);
    // Two hours down, in which nothing grew; whatever else changed the file is not ours.
    record = new GrowthRecord(session);
    const up = T + 125 * MINUTE;
    expect((await record.sample(up, 90_000)).bytesPerDay).toBe(500 * 1_440);
    expect((await record.sample(up + 5 * MINUTE, 90_000)).bytesPerDay).toBe(250 * 1_440);
    // What is older than a day is forgotten, and samples of the future when the clock is set back.
    expect((await record.sample(T + DAY + 3 * MINUTE, 90_000)).bytesPerDay).not.toBeNull();
    expect(await session.client.sizeSample.count()).toBe(6);
    await record.sample(T + MINUTE, 0);
    expect(await session.client.sizeSample.count()).toBe(1);
  });
});

describe('DiskWatch', () => {
  it('warns when the disk fills, also somebody who asks later', async () => {
    const folder = await temporaryFolder();
    const path = join(folder.path, 'a.db');
    const growth = { bytesPerDay: 1e18, oldestBook: null };
    const watch = new DiskWatch(
      { use: () => fileUse(path), maxBytes: 0, retentionDays: 0 },
      async () => growth,
    );
    const heard: DiskStats[] = [];
    watch.onWarning((stats) => heard.push(stats));
    await until(() => heard.length === 1);
    watch.onWarning((stats) => heard.push(stats));
    expect(heard).toEqual([watch.stats, watch.stats]);
    expect(watch.stats.warning).toMatch(/will be full in 0\.0 days \(\d+\.\d GB free\); free some/);
    expect(watch.stats).toMatchObject({ databaseBytes: 0, growthBytesPerDay: 1e18 });
    watch.close();
    await folder.remove();
  });

  it('does not warn of a database that may not grow so far', async () => {
    const folder = await temporaryFolder();
    const path = join(folder.path, 'a.db');
    const growth = { bytesPerDay: 1e18, oldestBook: null };
    const watch = new DiskWatch(
      { use: () => fileUse(path), maxBytes: 1, retentionDays: 0 },
      async () => growth,
    );
    await until(() => watch.stats.freeBytes !== null);
    expect(watch.stats).toMatchObject({ daysUntilFull: null, warning: null, maxDatabaseBytes: 1 });
    watch.close();
    await folder.remove();
  });
});

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openStore } from '../../src/store/store.js';
import type { PutBack } from '../../src/store/store-types.js';
import type { Level } from '../../src/market/order-book.js';
import { until } from '../helpers/wait.js';
import { integrityOf } from '../faults/program.js';
import { exportOf, Recorder, temporaryFolder, UPBIT_BTC } from './support.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

/** Records books while `fault` happens; gives what the store said, once all is as it was. */
async function through(
  fault: (path: string) => void,
): Promise<{ path: string; failures: (string | null)[]; putBacks: PutBack[] }> {
  const path = join(folder.path, 'data', 'x.db');
  const store = await openStore({ path, flushMs: 5, heartbeatMs: 50, retryMs: 20, putBackMs: 100 });
  const recorder = new Recorder(store);
  const failures: (string | null)[] = [];
  const putBacks: PutBack[] = [];
  store.onFailure((failure) => failures.push(failure));
  store.onPutBack((one) => putBacks.push(one));
  let price = 100;
  const record = (): void => {
    const level: Level = [String(price++), '1'];
    recorder.put(UPBIT_BTC, Date.now(), { asks: [level], bids: [] });
  };
  for (let i = 0; i < 50; i++) record();
  await until(() => store.stats().storedBooks === 50, 'the first books');
  fault(path);
  record();
  await until(() => store.stats().failure !== null, 'the failure');
  for (let i = 0; i < 50; i++) record();
  await until(() => putBacks.length > 0 && store.stats().failure === null, 'the database', 10_000);
  for (let i = 0; i < 50; i++) record();
  await until(() => store.stats().queuedBooks === 0, 'all written');
  // The API reads what is there now.
  expect(await store.reader.newestBook(UPBIT_BTC)).toMatchObject({
    asks: [[String(price - 1), '1']],
  });
  expect(store.stats()).toMatchObject({ storedBooks: 151, droppedBooks: 0 });
  await store.close();
  expect(integrityOf(path)).toEqual(['ok']);
  const again = await openStore({ path });
  expect(again.previousRunClosed).toBe(true);
  expect(await exportOf(again.reader, { exchange: 'UPBIT', shape: 'books' })).toHaveLength(151);
  await again.close();
  return { path, failures, putBacks };
}

describe('a database whose files are taken away while it records', () => {
  it('says that it was emptied under its own name', async () => {
    const path = join(folder.path, 'x.db');
    const store = await openStore({ path, flushMs: 5, heartbeatMs: 50, retryMs: 20 });
    await until(() => store.stats().lastFlushMs !== null, 'a sign of life');
    writeFileSync(path, '');
    await until(() => store.stats().failure !== null, 'the failure');
    expect(store.stats().failure).toContain(`${path} was emptied while open`);
    await expect(store.close(300)).rejects.toThrow(/was emptied while open/);
  });

  it.each(['', '-wal', '-shm'])('loses nothing when x.db%s is removed', async (suffix) => {
    const { failures, path, putBacks } = await through((at) => rmSync(at + suffix));
    expect(failures[0]).toContain(`${path}${suffix} was removed or moved away while it is open`);
    expect(failures.at(-1)).toBeNull();
    expect(putBacks).toEqual([{ reason: failures[0], aside: null }]);
  });

  it('loses nothing when its whole folder is removed, or moved', async () => {
    await through((path) => rmSync(join(path, '..'), { recursive: true }));
    await folder.remove();
    folder = await temporaryFolder();
    await through((path) => renameSync(join(path, '..'), join(path, '../../elsewhere')));
  });

  it('keeps a file that was put in its place, too', async () => {
    const { path, putBacks } = await through((at) => {
      renameSync(at, `${at}.old`);
      writeFileSync(at, 'the other file');
    });
    const { aside } = putBacks[0]!;
    expect(readFileSync(aside!, 'utf8')).toBe('the other file');
    expect(aside).toContain(`${path}.replaced-`);
  });

  it('goes on failing, with the reason, while there is no place for it', async () => {
    const path = join(folder.path, 'data', 'x.db');
    const store = await openStore({
      path,
      flushMs: 5,
      heartbeatMs: 50,
      retryMs: 20,
      putBackMs: 100,
    });
    rmSync(join(path, '..'), { recursive: true });
    writeFileSync(join(folder.path, 'data'), 'a file');
    await until(
      () => /the folder .*data of the database cannot be created/.test(store.stats().failure ?? ''),
      'the reason',
      10_000,
    );
    rmSync(join(folder.path, 'data'));
    await until(() => store.stats().failure === null, 'the database', 10_000);
    await store.close();
    expect(integrityOf(path)).toEqual(['ok']);
  });

  it('is put back also when the end comes first', async () => {
    const path = join(folder.path, 'x.db');
    const store = await openStore({ path, flushMs: 5 });
    rmSync(path);
    await store.close();
    expect(readdirSync(folder.path).filter((name) => !name.endsWith('.lock'))).toEqual(['x.db']);
    expect(integrityOf(path)).toEqual(['ok']);
  });

  it('keeps others out also when its lock file is removed', async () => {
    const path = join(folder.path, 'x.db');
    const store = await openStore({ path, flushMs: 5, heartbeatMs: 50 });
    rmSync(`${path}.lock`);
    await until(() => existsSync(`${path}.lock`), 'a new lock file');
    await until(() => store.stats().failure === null, 'no failure');
    await expect(openStore({ path })).rejects.toThrow(/another process is already recording/);
    await store.close();
  });
});

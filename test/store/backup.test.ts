import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { openStore } from '../../src/store/store.js';
import type { Store } from '../../src/store/store-types.js';
import { backUp } from '../../src/store/backup.js';
import {
  GOPAX_BTC,
  Recorder,
  small,
  stored,
  temporaryFolder,
  UPBIT_BTC,
  withStore,
} from './support.js';

const COMMAND = fileURLToPath(new URL('../../dist/store/backup-command.js', import.meta.url));

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let path: string;
let file: string;
let store: Store;
let recorder: Recorder;

beforeEach(async () => {
  folder = await temporaryFolder();
  path = join(folder.path, 'orderbook.db');
  file = join(folder.path, 'copy.db');
  store = await openStore({ path, flushMs: 1 });
  recorder = new Recorder(store);
});
afterEach(async () => {
  await store.close();
  await folder.remove();
});

function put(from: number, to: number): void {
  for (let i = from; i < to; i++) recorder.put(i % 2 === 0 ? UPBIT_BTC : GOPAX_BTC, i, small(i));
}

it('copies what is stored while more is being written, and the copy records on', async () => {
  put(0, 500);
  await stored(store);
  let i = 500;
  const writing = setInterval(() => put(i, (i += 10)), 1);
  const { books, newest, bytes } = await backUp(path, file);
  clearInterval(writing);
  expect(books).toBeGreaterThanOrEqual(500);
  expect(bytes).toBe(statSync(file).size);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  await stored(store);
  await withStore({ path: file }, async (copy) => {
    for (const market of [UPBIT_BTC, GOPAX_BTC]) {
      const wanted = recorder.books.filter(
        (book) => book.market.exchange === market.exchange && book.sequence <= newest,
      );
      expect((await copy.reader.newestBook(market))!).toMatchObject({
        sequence: wanted.at(-1)!.sequence,
        asks: wanted.at(-1)!.asks,
        bids: wanted.at(-1)!.bids,
      });
    }
    // Numbers that the running recorder may have given since are not given twice from one history.
    expect(copy.sequences.next()).toBeGreaterThan(newest);
  });
});

it('overwrites nothing, and leaves nothing half-made', async () => {
  put(0, 10);
  await stored(store);
  writeFileSync(file, 'mine');
  await expect(backUp(path, file)).rejects.toThrow(/copy\.db exists; name another file/);
  const directory = join(folder.path, 'folder');
  mkdirSync(directory);
  await expect(backUp(path, directory)).rejects.toThrow(/is a folder/);
  await expect(backUp(path, join(folder.path, 'no', 'copy.db'))).rejects.toThrow(
    /cannot be written: .*ENOENT/,
  );
  await expect(backUp(join(folder.path, 'none.db'), `${file}2`)).rejects.toThrow(/none\.db/);
  expect(readdirSync(folder.path).filter((name) => name.endsWith('.part'))).toEqual([]);
  expect(existsSync(`${file}2`)).toBe(false);
});

it('replaces what an interrupted backup left', async () => {
  put(0, 10);
  await stored(store);
  writeFileSync(`${file}.part`, 'half');
  expect(await backUp(path, file)).toMatchObject({ books: 10 });
});

it('is a command that says what it made, or in one line why it did not', async () => {
  put(0, 10);
  await stored(store);
  const run = (...args: string[]) =>
    new Promise<{ code: number | null; err: string }>((resolve) => {
      const env = { ...process.env, DB_PATH: path };
      const child = execFile(process.execPath, [COMMAND, ...args], { env }, (_error, _out, err) =>
        resolve({ code: child.exitCode, err }),
      );
    });
  expect(await run(file)).toEqual({
    code: 0,
    err: expect.stringMatching(/copy\.db: 10 stored books up to sequence \d+, \d+ bytes, verified/),
  });
  expect(await run(file)).toEqual({
    code: 1,
    err: expect.stringMatching(/^backup: .*exists[^\n]*\n$/),
  });
  expect((await run()).code).toBe(2);
});

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openStore } from '../../src/store/store.js';
import { Recorder, small, stored, UPBIT_BTC, withStore } from '../store/support.js';
import { temporaryFolder } from '../helpers/wait.js';
import { Program } from './program.js';

let folder: ReturnType<typeof temporaryFolder>;
let path: string;
beforeEach(async () => {
  folder = temporaryFolder();
  path = join(folder.path, 'orderbook.db');
  await withStore({ path }, async (store) => {
    const recorder = new Recorder(store);
    for (let i = 0; i < 2000; i++) recorder.put(UPBIT_BTC, 1_000 + i, small(i));
    await stored(store);
  });
});
afterEach(() => folder.remove());

/**
 * Name, size and content of every file of the folder that holds data. A reader of SQLite leaves an
 * index (`-shm`) and an empty log (`-wal`) beside the file.
 */
function files(): unknown[] {
  return readdirSync(folder.path)
    .filter((name) => !/\.lock$|-shm$/.test(name))
    .filter((name) => !name.endsWith('-wal') || statSync(join(folder.path, name)).size > 0)
    .sort()
    .map((name) => {
      const file = join(folder.path, name);
      const content = createHash('sha1').update(readFileSync(file)).digest('hex');
      return [name, statSync(file).size, content];
    });
}

const BROKEN: readonly { name: string; break: (file: Buffer) => Buffer; says: RegExp }[] = [
  {
    name: 'whose beginning is overwritten',
    break: (file) => Buffer.concat([Buffer.alloc(100, 7), file.subarray(100)]),
    says: /not an SQLite database/,
  },
  {
    name: 'that was cut off',
    break: (file) => file.subarray(0, Math.floor((file.length * 3) / 4)),
    says: /damaged: it was truncated to \d+ of \d+ bytes; restore it or set DB_PATH to a new file/,
  },
  {
    name: 'that lacks its last page',
    break: (file) => file.subarray(0, file.length - 4096),
    says: /damaged: it was truncated/,
  },
  {
    name: 'whose list of tables is overwritten',
    break: (file) =>
      Buffer.concat([file.subarray(0, 100), Buffer.alloc(3996, 7), file.subarray(4096)]),
    says: /the database file is damaged; restore it or start a new one/,
  },
  {
    name: 'whose pages hold rubbish',
    break: (file) => Buffer.concat([file.subarray(0, 4096), Buffer.alloc(file.length - 4096, 7)]),
    says: /the database file is damaged; restore it or start a new one/,
  },
];

describe('a database', () => {
  it.each(BROKEN)('$name is refused in one line, and stays as it was', async (fault) => {
    writeFileSync(path, fault.break(readFileSync(path)));
    const before = files();
    await expect(openStore({ path })).rejects.toThrow(fault.says);
    expect(files()).toEqual(before);
  });

  it('that is damaged makes the program end with 1 and say so in one line', async () => {
    writeFileSync(path, BROKEN[1]!.break(readFileSync(path)));
    const before = files();
    const program = new Program(folder.path, { COLLECT: '', LOG_PATH: join(folder.path, 'logs') });
    await expect(program.url()).rejects.toThrow(/cannot start: the database file .* is damaged/);
    await program.end();
    expect(program.code).toBe(1);
    expect(program.output.trim().split('\n')).toHaveLength(1);
    expect(files()).toEqual(before);
  });
});

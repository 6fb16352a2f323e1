import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import fs, { linkSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { readConfig, readPastSettings } from '../../src/settings/config.js';
import { exportCommand } from '../../src/store/export/command.js';
import { openLogFiles } from '../../src/logging/log-files.js';
import { checkReadable } from '../../src/store/engine/sqlite/database.js';
import { canonicalPath } from '../../src/store/engine/sqlite/paths.js';
import { openStore } from '../../src/store/store.js';
import { makeFolder } from '../../src/util/make-folder.js';
import { temporaryFolder } from './support.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
const at = (name: string): string => join(folder.path, name);
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

describe('DB_PATH and LOG_PATH as text', () => {
  it.each([
    ':memory:',
    'file:./x.db',
    'file:x.db?mode=memory',
    'FILE:/x',
    'sqlite://x.db',
    'postgresql://h/d',
    './data/',
    '.',
    '..',
    'data/..',
    '/',
    '~/x.db',
  ])('DB_PATH %s is refused, by the recorder and by export alike', (DB_PATH) => {
    expect(() => readConfig({ DB_PATH })).toThrow(/^DB_PATH is ".*for example/);
    expect(() => readPastSettings({ DB_PATH })).toThrow(/^DB_PATH is ".*for example/);
  });

  it.each(['./a:b', './a?', 'file:./logs', '~/logs', 'a*b'])(
    'LOG_PATH %s is refused',
    (LOG_PATH) => {
      expect(() => readConfig({ LOG_PATH })).toThrow(/^LOG_PATH is ".*for example \.\/logs$/);
    },
  );

  it.each(['./a:b.db', 'x?.db', '데이터/호가.db', '...', './.db'])(
    'DB_PATH %s is taken',
    (DB_PATH) => {
      expect(readConfig({ DB_PATH }).dbPath).toBe(DB_PATH);
    },
  );
});

it('a folder that another process makes at the same moment is no failure, a file in its place is one', () => {
  const { mkdirSync: make } = fs;
  const asAnotherDoes = (first: (path: string) => void): void => {
    fs.mkdirSync = ((path: string, options: object) => {
      first(path);
      return make(path, options);
    }) as typeof make;
    syncBuiltinESMExports();
  };
  try {
    asAnotherDoes((path) => make(path));
    makeFolder(at('logs/node-1'));
    expect(readdirSync(at('logs'))).toEqual(['node-1']);
    asAnotherDoes((path) => writeFileSync(path, ''));
    expect(() => makeFolder(at('file'))).toThrow(/EEXIST/);
  } finally {
    fs.mkdirSync = make;
    syncBuiltinESMExports();
  }
});

describe('a database path', () => {
  it('that is a link to nothing is the file that the link names: one recorder gets in', async () => {
    mkdirSync(at('real'));
    symlinkSync('real/target.db', at('one.db'));
    symlinkSync(at('one.db'), at('two.db'));
    expect(await canonicalPath(at('two.db'))).toBe(await canonicalPath(at('real/target.db')));
    const store = await openStore({ path: at('one.db') });
    for (const name of ['two.db', 'real/target.db']) {
      await expect(openStore({ path: at(name) })).rejects.toThrow(/another process is already/);
    }
    await store.close();
  });

  it('with a second name (a hard link) is refused, also to read', async () => {
    await (await openStore({ path: at('one.db') })).close();
    linkSync(at('one.db'), at('two.db'));
    await expect(openStore({ path: at('two.db') })).rejects.toThrow(/has 2 names \(hard links\)/);
    await expect(checkReadable(at('one.db'))).rejects.toThrow(/has 2 names/);
  });

  it.each(['', '-wal', '-shm', '-journal', '.lock'])(
    'with a named pipe, a folder or a device in the place of x.db%s is refused by name',
    async (suffix) => {
      const file = at(`x.db${suffix}`);
      execFileSync('mkfifo', [file]);
      const refused = /x\.db.* is a named pipe \(FIFO\); DB_PATH must name a file/;
      await expect(openStore({ path: at('x.db') })).rejects.toThrow(refused);
      mkdirSync(at(`y.db${suffix}`));
      await expect(openStore({ path: at('y.db') })).rejects.toThrow(/is a folder; DB_PATH must/);
      symlinkSync('/dev/null', at(`z.db${suffix}`));
      await expect(openStore({ path: at('z.db') })).rejects.toThrow(/is a device; DB_PATH must/);
    },
  );
});

it('a folder that takes no lock file is refused with what helps', async () => {
  await expect(openStore({ path: '/proc/x.db' })).rejects.toThrow(/\/proc.*; .*set DB_PATH to a/);
});

describe('a log folder', () => {
  it('that is none is refused by name', async () => {
    writeFileSync(at('file'), '');
    execFileSync('mkfifo', [at('fifo')]);
    symlinkSync('nowhere', at('dangling'));
    const refusal = (name: string): Promise<unknown> => openLogFiles(at(name), true);
    await expect(refusal('file')).rejects.toThrow(/^LOG_PATH ".*file" is a file; name a folder$/);
    await expect(refusal('fifo')).rejects.toThrow(/is a named pipe \(FIFO\); name a folder$/);
    await expect(refusal('dangling')).rejects.toThrow(/is a link to nowhere, which does not exist/);
  });

  it('with a named pipe or a folder in the place of a log file is refused by its name', async () => {
    mkdirSync(at('pipes'));
    execFileSync('mkfifo', [at('pipes/upbit.2026-11-26.1.log')]);
    await expect(openLogFiles(at('pipes'), true)).rejects.toThrow(
      /upbit\.2026-11-26\.1\.log is a named pipe \(FIFO\); a log file must be there$/,
    );
    mkdirSync(at('folders/system.2026-11-26.1.log'), { recursive: true });
    await expect(openLogFiles(at('folders'), true)).rejects.toThrow(/1\.log is a folder; a log/);
  });
});

it('export refuses a named pipe for --out instead of waiting for its reader', async () => {
  const path = at('x.db');
  await (await openStore({ path })).close();
  execFileSync('mkfifo', [at('out')]);
  const said: string[] = [];
  const write = process.stderr.write.bind(process.stderr);
  process.stderr.write = (text: string | Uint8Array): boolean => said.push(String(text)) > 0;
  process.env['DB_PATH'] = path;
  try {
    expect(await exportCommand(['UPBIT', '--out', at('out')])).toBe(2);
  } finally {
    process.stderr.write = write;
    delete process.env['DB_PATH'];
  }
  expect(said.join('')).toMatch(
    /export: --out .*out is a named pipe \(FIFO\); it must name a file/,
  );
});

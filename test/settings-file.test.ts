import { afterEach, describe, expect, it } from '@jest/globals';
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { resembledSetting } from '../src/settings/setting-names.js';
import { readSettingsFile } from '../src/settings/settings-file.js';
import { ALL_SETTINGS } from '../src/settings/table.js';
import { temporaryFolder } from './helpers/wait.js';

const folder = temporaryFolder();
afterEach(folder.remove);

function read(content: string | Buffer): ReturnType<typeof readSettingsFile> {
  mkdirSync(folder.path, { recursive: true });
  const path = join(folder.path, '.env');
  writeFileSync(path, content);
  return readSettingsFile(path);
}

describe('the file of settings', () => {
  it('is read as dotenv reads it', () => {
    const text =
      '# a comment\n\nexport PORT=4001 # the port\r\nAPI_TOKEN="abc#def" # quoted\nCOLLECT=\nHOST=  # nothing\n' +
      "A='it''s'\nB: yaml\nC=\"two\nlines\" # done\nD=' x '\n";
    const { values, problems } = read(text.replace("A='it''s'\n", "A='its'\n"));
    expect(problems).toEqual([]);
    expect(values).toMatchObject({ PORT: '4001', API_TOKEN: 'abc#def', COLLECT: '', HOST: '' });
    expect(values).toMatchObject({ C: 'two\nlines', D: ' x ' });
    expect(read('\uFEFFPORT=4001\n')).toEqual({ values: { PORT: '4001' }, problems: [] });
    expect(readSettingsFile(join(folder.path, 'none'))).toEqual({ values: {}, problems: [] });
  });

  it.each([
    'API_TOKEN=secret#def',
    'API_TOKEN=#secret',
    'API_TOKEN= #secret',
    'API_TOKEN: #secret',
    'export API_TOKEN = secret#',
    'API_TOKEN="secret',
    'API_TOKEN="sec"ret',
    "API_TOKEN='secret'x # y",
  ])('is refused where a value is another than what stands there: %s', (line) => {
    const { problems } = read(`PORT=1\n${line}\nHOST=x\n`);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^API_TOKEN in line 2 of .*\.env has .*quotes/);
    expect(problems[0]).not.toMatch(/secret|sec"/);
  });

  it('is refused where a line is none', () => {
    expect(read('PORT=1\nAPI_TOKEN secret\n').problems).toEqual([
      expect.stringMatching(/^line 2 of .*\.env is not NAME=value/),
    ]);
  });

  it('is refused in another encoding', () => {
    const utf16 = Buffer.from('\uFEFFPORT=1\n', 'utf16le');
    for (const bytes of [utf16, Buffer.from(utf16).swap16(), utf16.subarray(2)]) {
      expect(read(bytes).problems).toEqual([expect.stringMatching(/\.env is in UTF-16.*UTF-8$/)]);
    }
    // EUC-KR in a value; in a comment it does no harm.
    const korean = Buffer.from([0xb0, 0xa1]);
    const bytes = Buffer.concat([Buffer.from('# '), korean, Buffer.from('\nLOG_PATH=./'), korean]);
    expect(read(bytes).problems).toEqual([expect.stringMatching(/^LOG_PATH in line 2 .*UTF-8/)]);
  });

  it('is refused where it is no file', async () => {
    mkdirSync(folder.path, { recursive: true });
    const at = (name: string): string => join(folder.path, name);
    mkdirSync(at('folder'));
    symlinkSync(at('nowhere'), at('dangling'));
    symlinkSync(at('loop'), at('loop'));
    execFileSync('mkfifo', [at('fifo')]);
    const socket = createServer();
    await new Promise<void>((done) => socket.listen(at('socket'), done));
    const problemsOf = (name: string): string => readSettingsFile(at(name)).problems.join('\n');
    expect(problemsOf('folder')).toMatch(/folder is a folder; it must be a text file/);
    expect(problemsOf('dangling')).toMatch(/dangling is a link to .*nowhere, which does not exist/);
    expect(problemsOf('loop')).toMatch(/loop/);
    expect(problemsOf('fifo')).toMatch(/fifo is a named pipe/);
    expect(problemsOf('socket')).toMatch(/socket is a socket/);
    expect(readSettingsFile('/dev/null').problems).toEqual([expect.stringMatching(/is a device/)]);
    await new Promise((done) => socket.close(done));
  });
});

const NAMES = new Set(ALL_SETTINGS.flat().map(({ variable }) => variable));

describe('a name that is no setting', () => {
  it.each([
    ['COLECT', 'COLLECT'],
    ['RETENTION_DAY', 'RETENTION_DAYS'],
    ['UPBIT_WSURL', 'UPBIT_WS_URL'],
    ['collect', 'COLLECT'],
    ['port', 'PORT'],
    ['APITOKEN', 'API_TOKEN'],
    ['MAX_DB_GBS', 'MAX_DB_GB'],
  ])('%s is taken for %s', (name, meant) => {
    expect(resembledSetting(name, NAMES, 1)).toBe(meant);
  });

  it.each(['PATH', 'HOME', 'LANG', 'GOPATH', 'CDPATH', 'HOSTNAME', 'NODE_PATH', 'COLLECT', 'PWD'])(
    '%s is let alone',
    (name) => {
      expect(resembledSetting(name, NAMES, 1)).toBeNull();
    },
  );
});

describe('every command', () => {
  const dist = (name: string): string =>
    fileURLToPath(new URL(`../dist/${name}.js`, import.meta.url));
  const commands: readonly (readonly [string, readonly string[]])[] = [
    ['main', []],
    ['demo', []],
    ['simulator/main', ['--port-base', '1']],
    ['soak/main', ['--minutes', '0']],
    ['store/export/command', ['UPBIT']],
  ];

  it.each(commands)('%s refuses the same file in the same words', async (name, args) => {
    mkdirSync(folder.path, { recursive: true });
    writeFileSync(join(folder.path, '.env'), 'COLECT=x\nAPI_TOKEN=abc#def\n');
    const { code, output } = await new Promise<{ code: unknown; output: string }>((done) => {
      const env = { PATH: process.env['PATH'] };
      execFile(
        process.execPath,
        [dist(name), ...args],
        { cwd: folder.path, env },
        (error, out, err) => done({ code: error?.code, output: out + err }),
      );
    });
    expect(code).toBe(1);
    expect(output).toMatch(/API_TOKEN in line 2 of \.env has a # that cuts its value/);
    expect(output).not.toContain('abc');
  });

  it('names a mistyped setting of the environment and of the file on standard error', () => {
    mkdirSync(folder.path, { recursive: true });
    writeFileSync(join(folder.path, '.env'), 'COLECT=x\nDB_PATH=./no.db');
    const { stderr } = spawnSync(process.execPath, [dist('store/export/command'), 'UPBIT'], {
      cwd: folder.path,
      env: { PATH: process.env['PATH'], collect: 'x' },
      encoding: 'utf8',
    });
    expect(stderr).toContain(
      'COLECT in .env is not a setting and has no effect; did you mean COLLECT?',
    );
    expect(stderr).toContain('collect in the environment is not a setting');
    expect(stderr).toContain('there is no database at');
  });
});

import { chmodSync, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { startApp } from '../../../src/app.js';
import { readConfig } from '../../../src/settings/config.js';
import { temporaryFolder } from '../../helpers/wait.js';

const modeOf = (path: string): number => statSync(path).mode & 0o777;

it('makes database and logs readable for its own user only, and leaves what is there', async () => {
  const temporary = temporaryFolder();
  const data = join(temporary.path, 'made', 'data');
  const logs = join(temporary.path, 'logs');
  mkdirSync(logs);
  chmodSync(logs, 0o755);
  const config = readConfig({
    PORT: '0',
    COLLECT: '',
    DB_PATH: join(data, 'orderbook.db'),
    LOG_PATH: logs,
  });
  const before = process.umask(0o022);
  try {
    const app = await startApp(config, true);
    const files = ['orderbook.db', 'orderbook.db-wal', 'orderbook.db-shm', 'orderbook.db.lock'];
    for (const file of files) expect([file, modeOf(join(data, file))]).toEqual([file, 0o600]);
    await app.close('test');
  } finally {
    process.umask(before);
  }
  expect(modeOf(data)).toBe(0o700);
  expect(modeOf(join(temporary.path, 'made'))).toBe(0o700);
  const written = readdirSync(logs);
  expect(written.length).toBeGreaterThan(0);
  for (const file of written) expect([file, modeOf(join(logs, file))]).toEqual([file, 0o600]);
  expect(modeOf(logs)).toBe(0o755);
  expect(existsSync(join(data, 'orderbook.db'))).toBe(true);
  temporary.remove();
});

import { afterEach, describe, expect, it } from '@jest/globals';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openLogFiles } from '../../src/logging/log-files.js';
import { type LogFile, readLogName, superfluousLogs } from '../../src/logging/log-retention.js';
import { Logger } from '../../src/logging/logger.js';
import { temporaryFolder, until } from '../helpers/wait.js';

const NOW = new Date(2026, 10, 25, 15, 0).getTime();

function file(name: string, bytes = 10): LogFile {
  return { ...readLogName(name)!, bytes };
}

function gone(names: readonly string[], keepDays: number, maxBytes: number, now = NOW): string[] {
  const files = names.map((name) => file(name));
  return superfluousLogs(files, { keepDays, maxBytes }, now).map(({ name }) => name);
}

describe('old log files', () => {
  const files = [
    'upbit.2026-10-01.1.log',
    'upbit.2026-10-26.1.log',
    'upbit.2026-11-24.1.log',
    'upbit.2026-11-24.10.log',
    'upbit.2026-11-24.9.log',
    'upbit.2026-11-25.1.log',
    'gopax.2026-09-01.1.log',
  ];

  it('go by age, but for the one that is being written', () => {
    expect(gone(files, 30, 0)).toEqual(['upbit.2026-10-01.1.log']);
    expect(gone(files, 1, 0)).toEqual(['upbit.2026-10-01.1.log', 'upbit.2026-10-26.1.log']);
    expect(gone(files, 0, 0)).toEqual([]);
  });

  it('go by size, the oldest first', () => {
    expect(gone(files, 0, 45)).toEqual([
      'upbit.2026-10-01.1.log',
      'upbit.2026-10-26.1.log',
      'upbit.2026-11-24.1.log',
    ]);
    expect(gone(files, 0, 1)).toHaveLength(5);
  });

  it('stay while only the clock says that they are old', () => {
    const then = new Date(2038, 0, 1).getTime();
    expect(gone([...files, 'upbit.2038-01-01.1.log'], 60, 0, then)).toEqual([]);
  });

  it('are none but ours', () => {
    for (const name of [
      'notes.log',
      'upbit.log',
      'upbit.2026-10-01.1.log.gz',
      'my.2026-10-01.1.log',
    ]) {
      expect(readLogName(name)).toBeNull();
    }
  });
});

describe('the log folder', () => {
  const folder = temporaryFolder();
  afterEach(folder.remove);

  it('is kept within its bounds, files of earlier runs included, also in a storm', async () => {
    const logs = join(folder.path, 'logs');
    mkdirSync(logs, { recursive: true });
    const old = ['upbit.2020-01-01.1.log', 'system.2020-01-02.3.log'];
    const today = new Date();
    const yesterday = new Date(today.getTime() - 86_400_000);
    const day = `${yesterday.getFullYear()}-${String(yesterday.getMonth() + 1).padStart(2, '0')}-${String(yesterday.getDate()).padStart(2, '0')}`;
    for (const name of [...old, `upbit.${day}.1.log`, 'notes.txt'])
      writeFileSync(join(logs, name), 'x');
    const files = await openLogFiles(logs, true, { keepDays: 30, maxBytes: 1_200_000 });
    await until(() => !old.some((name) => existsSync(join(logs, name))), 'the old files gone');
    expect(readdirSync(logs)).toEqual(expect.arrayContaining([`upbit.${day}.1.log`, 'notes.txt']));
    const logger = new Logger({ level: 'info', lang: 'en' });
    logger.addSink(files.sink);
    // The files are so small that the oldest can go before all are too large.
    await until(() => {
      for (let i = 0; i < 20; i++) {
        logger.log('WS_ERROR', { exchange: 'UPBIT' }, { reason: 'y'.repeat(1_900) });
      }
      return readdirSync(logs).filter((name) => name.startsWith('upbit.')).length > 5;
    }, 'many files');
    await files.close();
    const again = await openLogFiles(logs, true, { keepDays: 30, maxBytes: 400_000 });
    await until(() => !existsSync(join(logs, `upbit.${day}.1.log`)), 'the oldest gone by size');
    await again.close();
  });
});

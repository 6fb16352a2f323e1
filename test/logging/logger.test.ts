import { afterEach, describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BurstGate } from '../../src/logging/burst-gate.js';
import { EVENTS } from '../../src/logging/events.js';
import { openLogFiles } from '../../src/logging/log-files.js';
import type { LogRecord } from '../../src/market/log-record.js';
import { formatLine, Logger } from '../../src/logging/logger.js';
import { temporaryFolder } from '../helpers/wait.js';

const at = new Date(2024, 3, 14, 20, 32, 1).getTime();
const pair = { symbol: 'BTC', currency: 'KRW' };

function lines(
  options: Partial<ConstructorParameters<typeof Logger>[0]>,
  use: (logger: Logger) => void,
): string[] {
  const records: LogRecord[] = [];
  const logger = new Logger({ level: 'info', lang: 'ko', now: () => at, ...options });
  logger.addSink((record) => records.push(record));
  use(logger);
  return records.map(formatLine);
}

describe('log lines', () => {
  it('read as the contract says', () => {
    expect(
      lines({}, (logger) => {
        logger.log('COLLECTION_STARTED', { exchange: 'GOPAX', pair }, undefined);
        logger.log('WS_ERROR', { exchange: 'GOPAX', pair }, { reason: 'Connection reset by peer' });
        logger.log(
          'COLLECTION_STARTED',
          { exchange: 'UPBIT', pair: { symbol: 'ETH', currency: 'BTC' } },
          undefined,
        );
        logger.log('POLLING_STARTED', { exchange: 'BITHUMB' }, { everyMs: 100 });
        logger.log('STOPPING', {}, { signal: 'SIGINT' });
      }),
    ).toEqual([
      '[2024-04-14 20:32:01] [INFO] [GOPAX-BTC] 데이터 수집 시작',
      '[2024-04-14 20:32:01] [ERROR] [GOPAX-BTC] WebSocket 에러: Connection reset by peer',
      '[2024-04-14 20:32:01] [INFO] [UPBIT-ETH-BTC] 데이터 수집 시작',
      '[2024-04-14 20:32:01] [INFO] [BITHUMB] 폴링 시작: 100ms 간격',
      '[2024-04-14 20:32:01] [INFO] [SYSTEM] 종료 중 (SIGINT)',
    ]);
  });

  it('are English when asked, and obey the level', () => {
    expect(
      lines({ lang: 'en', level: 'warn' }, (logger) => {
        logger.log('COLLECTION_STARTED', {}, undefined);
        logger.log('WS_CLOSED', { exchange: 'UPBIT' }, { code: 1006, reason: '' });
      }),
    ).toEqual(['[2024-04-14 20:32:01] [WARN] [UPBIT] WebSocket closed: 1006']);
  });

  it('hide secrets, also percent-encoded, and cannot be forged by line breaks', () => {
    const [line] = lines({ secrets: ['a+b=', 'k'.repeat(64)] }, (logger) =>
      logger.log(
        'WS_ERROR',
        {},
        { reason: `x a+b= a%2Bb%3D ${'k'.repeat(64)}\n[2024-04-14 20:32:01] [INFO] fake` },
      ),
    );
    expect(line).toContain('x *** *** ***\\u000a[2024');
    expect(line).not.toContain('\n');
  });

  it('hide a short secret where it is a word of its own, not every letter that it has', () => {
    const [line] = lines({ lang: 'en', secrets: ['a', 'ws'] }, (logger) =>
      logger.log('WS_ERROR', {}, { reason: 'a gap: token=a, user:ws@host; a. Auth a "ws" awsa' }),
    );
    expect(line).toContain('*** gap: token=***, user:***@host; ***. Auth *** "***" awsa');
    expect(line).toContain('WebSocket');
  });

  it.each([
    ['x\nletmein', 'x\\u000a***'],
    ['\u0001letmein\u2028letmein', '\\u0001***\\u2028***'],
    ['Bearer%20letmein%0aletmein%0A', 'Bearer%20***%0a***%0A'],
    [String.raw`x\nletmein\u000aletmein\tletmein`, String.raw`x\n***\u000a***\t***`],
    ['xletmein 0aletmein u000aletmein letmeinx', 'xletmein 0aletmein u000aletmein letmeinx'],
  ])('hide a short secret behind an escape: %j', (reason, shown) => {
    const [line] = lines({ secrets: ['letmein'] }, (logger) =>
      logger.log('WS_ERROR', {}, { reason }),
    );
    expect(line).toContain(shown);
  });

  it('are of bounded length, whatever an exchange sends, and hide a secret at the cut', () => {
    const secret = 's'.repeat(64);
    const [long, cut, shorter] = lines({ secrets: [secret] }, (logger) => {
      logger.log('WS_ERROR', {}, { reason: '\u0001'.repeat(1_000_000) });
      logger.log('WS_ERROR', {}, { reason: `${'x'.repeat(1_960)}${secret}${'y'.repeat(9_000)}` });
      logger.log('WS_ERROR', {}, { reason: secret.repeat(31) + 'x'.repeat(10) + secret.repeat(9) });
    });
    expect(long!.length).toBeLessThan(2_100);
    expect(cut!.length).toBeLessThan(2_100);
    expect(cut).toMatch(/x\*\*\*y+… \(\d+\)$/);
    expect(shorter).not.toMatch(/ss/);
  });

  it('have both languages for every event', () => {
    const params = {
      reason: 'r',
      frame: 'f',
      close: '',
      url: 'u',
      signal: 's',
      since: 't',
      cause: 'c',
      days: 1,
      freeBytes: 1,
      growthBytesPerDay: 1,
      pattern: 'p',
    };
    for (const kind of Object.values(EVENTS)) {
      expect((kind.ko as (p: object) => string)(params)).not.toBe('');
      expect((kind.en as (p: object) => string)(params)).not.toBe('');
    }
  });
});

describe('log files', () => {
  const folder = temporaryFolder();
  afterEach(folder.remove);

  it('are one a day and exchange, named by date', async () => {
    const files = await openLogFiles(join(folder.path, 'logs'), true);
    const logger = new Logger({ level: 'info', lang: 'ko' });
    logger.addSink(files.sink);
    logger.log('COLLECTION_STARTED', { exchange: 'UPBIT', pair }, undefined);
    logger.log('STARTED', {}, { url: 'http://127.0.0.1:4000' });
    await files.close();
    // Of what is said later, files that have ended do not throw.
    logger.log('STOPPED', {}, undefined);
    const names = readdirSync(join(folder.path, 'logs')).sort();
    expect(names).toHaveLength(6);
    expect(names[5]).toMatch(/^upbit\.\d{4}-\d{2}-\d{2}\.1\.log$/);
    const upbit = readFileSync(join(folder.path, 'logs', names[5]!), 'utf8');
    expect(upbit).toMatch(/^\[[-\d]+ [:\d]+\] \[INFO\] \[UPBIT-BTC\] 데이터 수집 시작\n$/);
    expect(readFileSync(join(folder.path, 'logs', names[4]!), 'utf8')).toContain(
      '[SYSTEM] 서버 시작',
    );
  });

  it.each(['/dev/null/logs', '/proc/no/logs'])(
    'say in one line why %s cannot be written',
    async (path) => {
      await expect(openLogFiles(path, true)).rejects.toThrow(
        /^LOG_PATH ".*logs" cannot be written: .*name a folder/,
      );
    },
  );
});

describe('BurstGate', () => {
  it('lets one of a burst through and then says how many it held back', () => {
    let now = 0;
    const gate = new BurstGate(1000, () => now);
    expect([gate.pass('a'), gate.pass('a'), gate.pass('a'), gate.pass('b')]).toEqual([
      0,
      null,
      null,
      0,
    ]);
    now = 1000;
    expect(gate.pass('a')).toBe(2);
  });

  it('lets so many through as it may', () => {
    const gate = new BurstGate(1000, () => 0, 2);
    expect([gate.pass('a'), gate.pass('a'), gate.pass('a')]).toEqual([0, 0, null]);
  });
});

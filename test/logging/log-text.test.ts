import { describe, expect, it } from '@jest/globals';
import { EVENTS } from '../../src/logging/events.js';
import { logText } from '../../src/logging/log-text.js';
import { Logger } from '../../src/logging/logger.js';
import type { LogRecord } from '../../src/market/log-record.js';

/** The record of what `use` logs in Korean. */
function record(use: (logger: Logger) => void, secrets: string[] = []): LogRecord {
  const records: LogRecord[] = [];
  const logger = new Logger({ level: 'debug', lang: 'ko', secrets });
  logger.addSink((made) => records.push(made));
  use(logger);
  return records[0]!;
}

describe('the text of a record', () => {
  it('is made in either language out of what was logged', () => {
    const made = record((logger) =>
      logger.log('STALE', { exchange: 'UPBIT' }, { silentMs: 31_000 }),
    );
    expect(made.message).toBe('갱신 지연: 31.0초 동안 수신 없음');
    expect([logText(made, 'ko'), logText(made, 'en')]).toEqual([
      '갱신 지연: 31.0초 동안 수신 없음',
      'no data for 31.0 s',
    ]);
    const bare = record((logger) => logger.log('STOPPED', {}, undefined));
    expect(logText(bare, 'en')).toBe('stopped');
  });

  it('is that of then where nothing else is known', () => {
    const old = { ...record((logger) => logger.log('STOPPED', {}, undefined)), message: 'old' };
    expect(logText({ ...old, params: null }, 'en')).toBe('old');
    expect(logText({ ...old, event: 'GONE_SINCE' }, 'en')).toBe('old');
    expect(logText({ ...old, event: 'toString' }, 'en')).toBe('old');
    expect(logText({ ...old, params: '{' }, 'en')).toBe('old');
    expect(logText({ ...old, event: 'STALE', params: 'null' }, 'en')).toBe('old');
  });

  it('has no secret and no line break, whatever the language', () => {
    const made = record(
      (logger) => logger.log('WS_ERROR', {}, { reason: 'key s3cret\nrefused' }),
      ['s3cret'],
    );
    expect(made.params).not.toContain('s3cret');
    expect(logText(made, 'en')).toBe('WebSocket error: key ***\\u000arefused');
    expect(logText(made, 'ko')).toBe(made.message);
  });

  it('exists in both languages for every event', () => {
    for (const { ko, en } of Object.values(EVENTS))
      expect([typeof ko, typeof en]).toEqual(['function', 'function']);
  });
});

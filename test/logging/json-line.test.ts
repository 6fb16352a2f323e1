import { describe, expect, it } from '@jest/globals';
import { jsonLine } from '../../src/logging/json-line.js';
import { Logger } from '../../src/logging/logger.js';
import { timeFromText } from '../../src/market/time-text.js';
import type { LogRecord } from '../../src/market/log-record.js';

const at = new Date(2024, 3, 14, 20, 32, 1, 7).getTime();

function record(use: (logger: Logger) => void): LogRecord {
  const records: LogRecord[] = [];
  const logger = new Logger({ level: 'info', lang: 'en', now: () => at, secrets: ['hush'] });
  logger.addSink((one) => records.push(one));
  use(logger);
  return records[0]!;
}

describe('a log line as JSON', () => {
  it('has milliseconds and zone, and the event with what it is made of', () => {
    const line = jsonLine(
      record((logger) =>
        logger.log(
          'STALE',
          { exchange: 'UPBIT', pair: { symbol: 'ETH', currency: 'BTC' } },
          { silentMs: 1234 },
        ),
      ),
    );
    const { time, ...rest } = JSON.parse(line) as { time: string };
    expect(time).toMatch(/^2024-04-14T20:32:01\.007[+-]\d\d:\d\d$/);
    expect(timeFromText(time)).toBe(at);
    expect(rest).toEqual({
      level: 'warn',
      event: 'STALE',
      exchange: 'UPBIT',
      market: 'ETH-BTC',
      message: 'no data for 1.2 s',
      params: { silentMs: 1234 },
    });
  });

  it('is one line without secrets, whatever a peer sends', () => {
    const line = jsonLine(
      record((logger) => logger.log('WS_ERROR', {}, { reason: 'a "b"\n\u2028 hush \\ 한글' })),
    );
    expect(line).not.toMatch(/hush|\n|\u2028/);
    expect(JSON.parse(line)).toMatchObject({ event: 'WS_ERROR' });
  });
});

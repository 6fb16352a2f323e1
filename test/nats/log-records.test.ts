import { expect, it } from '@jest/globals';
import type { LogRecord } from '../../src/market/log-record.js';
import { LogRecords } from '../../src/nats/log-records.js';
import { decodeMessage } from '../../src/nats/messages.js';

const record = (number: number): LogRecord => {
  const message = `${number}`;
  return { timestamp: number, level: 'info', event: 'X', exchange: null, pair: null, message };
};

it('keeps the newest records while the bus is away, and says how many it left out', () => {
  const sent: string[] = [];
  const settles: (() => void)[] = [];
  const records: LogRecords = new LogRecords({
    node: 'a',
    writer: {
      write: ({ data }, settle) => {
        sent.push(decodeMessage<LogRecord>(data).message);
        settles.push(() => settle({ kind: 'STORED', seq: sent.length, duplicate: false }));
      },
    },
    onLeftOut: (left) => records.add({ ...record(0), message: `left out ${left}` }),
  });
  for (let number = 1; number <= 6_000; number++) records.add(record(number));
  const underWay = sent.length;
  while (settles.length > 0) settles.shift()!();
  const leftOut = 6_000 - 5_000 - underWay;
  const numbers = (from: number, to: number): string[] =>
    Array.from({ length: to - from + 1 }, (_, i) => `${from + i}`);
  expect(leftOut).toBeGreaterThan(0);
  expect(sent).toEqual([
    ...numbers(1, underWay),
    ...numbers(underWay + leftOut + 1, 6_000),
    `left out ${leftOut}`,
  ]);
});

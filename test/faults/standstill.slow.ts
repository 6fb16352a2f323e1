import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  MARKETS,
  endAll,
  gapsClosed,
  pause,
  prepare,
  simulators,
  standsStill,
  start,
  temporary,
} from './frozen.js';
import { plainDatabase } from './program.js';

afterEach(endAll);

describe('a program that stood still', () => {
  it(
    'has a gap over all of that time, of every exchange (Bithumb by rest); exact',
    () => standsStill('rest'),
    90_000,
  );

  it('has its gap since the last proof before, also when the connections are lost meanwhile', async () => {
    await prepare();
    const program = await start();
    const from = Date.now();
    program.signal('SIGSTOP');
    await pause(1_000);
    for (const simulator of simulators.all) simulator.faults.dropConnections();
    await pause(2_500);
    const to = Date.now();
    program.signal('SIGCONT');
    const gaps = await gapsClosed(program, MARKETS.length);
    for (const market of MARKETS) {
      const own = gaps.filter((gap) => gap.market === market);
      expect(Math.min(...own.map(({ start }) => start))).toBeLessThanOrEqual(from + 100);
      // Without a hole between them.
      const reached = own.reduce((end, gap) => (gap.start <= end ? gap.end! : end), from + 100);
      expect(reached).toBeGreaterThanOrEqual(to);
    }
  }, 90_000);

  it('and is killed: the gap of the next run begins before the standstill', async () => {
    await prepare();
    const first = await start();
    await pause(1_500);
    const from = Date.now();
    first.signal('SIGSTOP');
    await pause(3_000);
    await first.end('SIGKILL');
    const second = await start();
    const gaps = await gapsClosed(second, MARKETS.length);
    for (const { cause, start, end } of gaps) {
      expect(cause).toBe('PROCESS_DOWN');
      expect(start).toBeLessThanOrEqual(from + 100);
      expect(end!).toBeGreaterThan(from + 3_000);
    }
    const database = plainDatabase(join(temporary.path, 'orderbook.db'));
    try {
      expect(database.prepare('PRAGMA integrity_check').pluck().all()).toEqual(['ok']);
    } finally {
      database.close();
    }
  }, 90_000);
});

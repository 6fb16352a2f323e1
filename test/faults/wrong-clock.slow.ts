import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { EXCHANGES } from '../../src/market/exchange.js';
import { gapsOf } from '../helpers/accounts.js';
import { eventually, until } from '../helpers/wait.js';
import { MARKETS, pause, setClock, simulators, start, temporary, useClock } from './clocked.js';
import { plainDatabase } from './program.js';

useClock();

const HOUR = 3_600_000;

function sequencesUpTo(last: number): number[] {
  const database = plainDatabase(join(temporary.path, 'orderbook.db'));
  try {
    return database
      .prepare(`SELECT sequence FROM book WHERE sequence <= ${last} ORDER BY sequence`)
      .pluck()
      .all() as number[];
  } finally {
    database.close();
  }
}

describe('a clock that is wrong', () => {
  it('ahead at the start and then set right: the gap of the start ends there, and all counts again', async () => {
    const first = await start();
    await pause(1_000);
    await first.end();
    const down = Date.now();
    setClock(HOUR);
    const second = await start();
    await pause(1_500);
    const right = Date.now();
    setClock(0);
    await until(
      () => /the system clock was set back by 3600\.\d s/.test(second.output),
      'the step',
    );
    await pause(2_500);
    const gaps = await gapsOf((q) => second.query(q));
    expect(gaps.map(({ cause }) => cause)).toEqual(Array(MARKETS).fill('PROCESS_DOWN'));
    for (const { start: begin, end } of gaps) {
      expect(begin).toBeLessThanOrEqual(down + 100);
      expect(end!).toBeGreaterThan(down - 100);
      expect(end!).toBeLessThan(right + 500);
    }
    const window = windowOf(right + 500, Date.now());
    for (const exchange of EXCHANGES) {
      const { coverage, priceHistory } = await second.query<{
        coverage: { percent: number };
        priceHistory: { midPrice: string | null }[];
      }>(
        `{ coverage(exchange: ${exchange}, ${window}) { percent }
           priceHistory(exchange: ${exchange}, ${window}, points: 3) { midPrice } }`,
      );
      expect([exchange, coverage.percent]).toEqual([exchange, 100]);
      expect(priceHistory.map(({ midPrice }) => midPrice !== null)).toEqual([true, true, true]);
    }
    const minutes = await second.query<{
      coverage: { minutes: { edges: { node: { minute: string } }[] } };
    }>('{ coverage(exchange: UPBIT) { minutes(first: 50) { edges { node { minute } } } } }');
    for (const { node } of minutes.coverage.minutes.edges)
      expect(Date.parse(node.minute)).toBeLessThan(Date.now());
  }, 120_000);

  it('in 2038 at the start deletes nothing that RETENTION_DAYS keeps, and that is said', async () => {
    const first = await start();
    await eventually(
      () => first.health(),
      ({ store }) => store.storedBooks > 50,
      'stored books',
    );
    await first.end();
    const history = sequencesUpTo(Number.MAX_SAFE_INTEGER);
    setClock(Date.UTC(2038, 0, 19) - Date.now());
    for (let run = 0; run < 2; run++) {
      const second = await start({ RETENTION_DAYS: '30' });
      await until(() => /has jumped and is not trusted yet/.test(second.output), 'the warning');
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      expect(sequencesUpTo(history.at(-1)!)).toEqual(history);
      const { recorder } = await second.query<{ recorder: { retentionHeldAt: string } }>(
        '{ recorder { retentionHeldAt } }',
      );
      expect(Math.abs(Date.parse(recorder.retentionHeldAt) - Date.now())).toBeLessThan(60_000);
      const health = (await second.health()) as unknown as { warnings: string[] };
      expect(health.warnings).toContainEqual(expect.stringMatching(/clock .*2038.* has jumped/));
      await second.end();
    }
  }, 120_000);

  it('ahead until the end: the gap of the next run begins at the last moment that is sure', async () => {
    const first = await start();
    await pause(1_000);
    setClock(HOUR);
    await pause(1_500);
    await first.end('SIGKILL');
    const down = Date.now();
    setClock(0);
    const second = await start();
    const gaps = await eventually(
      () => gapsOf((q) => second.query(q)),
      (found) => found.length === MARKETS && found.every(({ end }) => end !== null),
      'the ends of all gaps',
    );
    expect(gaps.map(({ cause }) => cause)).toEqual(Array(MARKETS).fill('PROCESS_DOWN'));
    for (const { start: begin, end } of gaps) {
      expect(begin).toBeLessThanOrEqual(down);
      expect(begin).toBeGreaterThan(down - 20_000);
      expect(end!).toBeGreaterThanOrEqual(down);
      expect(end!).toBeLessThanOrEqual(Date.now());
    }
  }, 120_000);

  it('behind at the start and then set right: the time between the runs is a gap all the same', async () => {
    const first = await start();
    await pause(1_000);
    await first.end();
    const down = Date.now();
    setClock(-HOUR);
    const second = await start();
    const up = Date.now();
    await pause(500);
    setClock(0);
    await until(
      () => /was set forward by 3600\.\d s|was set forward by 3599\.\d s/.test(second.output),
      'the step',
    );
    const gaps = await eventually(
      () => gapsOf((q) => second.query(q)),
      (all) => all.filter(({ end }) => end !== null && end > down).length >= MARKETS,
      'the gaps',
    );
    for (const exchange of EXCHANGES) {
      const own = gaps.find((gap) => gap.exchange === exchange && gap.end! > down)!;
      expect(own.cause).toBe('PROCESS_DOWN');
      expect(own.start).toBeLessThanOrEqual(down + 100);
      expect(own.start).toBeGreaterThan(down - 3_000);
      expect(own.end!).toBeLessThan(up + 1_000);
    }
  }, 120_000);

  it('set back while a connection is down, and while the program is frozen: gaps lie in the past', async () => {
    const program = await start();
    await pause(500);
    simulators.upbit.faults.refuseUpgrades(503);
    simulators.upbit.faults.dropConnections();
    await until(() => /\[UPBIT\] reconnecting/.test(program.output), 'the loss');
    setClock(-HOUR);
    await pause(1_000);
    simulators.upbit.faults.refuseUpgrades(null);
    await program.live(MARKETS);
    program.signal('SIGSTOP');
    setClock(-2 * HOUR);
    await pause(3_000);
    program.signal('SIGCONT');
    await until(() => /stood still/.test(program.output), 'the standstill');
    await program.live(MARKETS);
    setClock(0);
    await pause(1_500);
    const gaps = await gapsOf((q) => program.query(q));
    expect(new Set(gaps.map(({ cause }) => cause))).toEqual(
      new Set(['DISCONNECTED', 'STANDSTILL']),
    );
    for (const { start: begin, end } of gaps) {
      expect(end).not.toBeNull();
      expect(end!).toBeGreaterThanOrEqual(begin);
      expect(end!).toBeLessThanOrEqual(Date.now());
    }
    for (const gap of gaps.filter(({ cause }) => cause === 'STANDSTILL'))
      expect(gap.end! - gap.start).toBeGreaterThan(2_500);
  }, 120_000);
});

function windowOf(from: number, to: number): string {
  return `from: "${new Date(from).toISOString()}", to: "${new Date(to).toISOString()}"`;
}

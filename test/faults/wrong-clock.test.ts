import { describe, expect, it } from '@jest/globals';
import { EXCHANGES } from '../../src/market/exchange.js';
import { gapsOf } from '../helpers/accounts.js';
import { until } from '../helpers/wait.js';
import { MARKETS, pause, setClock, start, useClock } from './clocked.js';

useClock();

const HOUR = 3_600_000;

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
});

function windowOf(from: number, to: number): string {
  return `from: "${new Date(from).toISOString()}", to: "${new Date(to).toISOString()}"`;
}

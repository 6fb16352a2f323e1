import { expect, it } from '@jest/globals';
import { ReadLag } from '../../src/nats/read-lag.js';
import { bookAt } from './support.js';

/** Takes note of books received at these times, this long after the exchange's own. */
function note(lag: ReadLag, lagMs: number, ...times: number[]): number {
  for (const t of times) lag.add(bookAt(t, '1', t - lagMs).book);
  return lag.look();
}

it('is how much later than usual books come, whatever the difference of the clocks', () => {
  for (const clock of [-3_600_000, 0, 3_600_000]) {
    const lag = new ReadLag();
    expect(note(lag, clock + 40, 1_000, 1_500)).toBe(0);
    expect(note(lag, clock + 900, 2_000)).toBe(0);
    expect(note(lag, clock + 20_040, 22_000)).toBe(20_000);
    // Nothing says that it has caught up.
    expect(lag.look()).toBe(20_000);
    expect(note(lag, clock + 60, 23_000)).toBe(0);
  }
});

it('forgets what was usual after some minutes, and books without a time', () => {
  const lag = new ReadLag();
  expect(note(lag, 0, 1_000)).toBe(0);
  expect(note(lag, 5_000, 300_000, 600_000)).toBe(5_000);
  expect(note(lag, 5_000, 901_000)).toBe(0);
  lag.add(bookAt(902_000, '1', null).book);
  expect(lag.look()).toBe(0);
});

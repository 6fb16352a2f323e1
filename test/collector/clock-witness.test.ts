import { expect, it } from '@jest/globals';
import { ClockWitness } from '../../src/collector/clock/clock-witness.js';

it('takes of each exchange the newest time, and of several exchanges the middle one', () => {
  const witness = new ClockWitness();
  expect(witness.aheadMs).toBeNull();
  const now = 1_790_000_000_000;
  // The book of a quiet market is old.
  witness.note('UPBIT', now - 7_200_000, now);
  witness.note('UPBIT', now - 40, now);
  expect(witness.aheadMs).toBe(40);
  // One exchange with an absurd time.
  witness.note('BITHUMB', now + 1e12, now);
  expect(witness.aheadMs).toBe(40);
  witness.note('KORBIT', now - 90, now);
  expect(witness.aheadMs).toBe(40);
  witness.forget();
  expect(witness.aheadMs).toBeNull();
});

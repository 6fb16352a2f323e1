import { expect, it } from '@jest/globals';
import { Liveness } from '../../src/collector/socket/liveness.js';

const PROFILE = {
  maxPairs: 1,
  pingEveryMs: Infinity,
  silentAfterMs: 60_000,
  firstBookWithinMs: 1_000,
  messageLimits: [],
  maxPayload: 1_000,
};

it('gives no sign of life that lies ahead of a clock that has been set back since', () => {
  let now = 10_000;
  const liveness = new Liveness(PROFILE, () => now);
  expect(liveness.heardAt).toBeNull();
  liveness.heard();
  now = 11_000;
  expect(liveness.heardAt).toBe(10_000);
  now = 4_000;
  expect(liveness.heardAt).toBe(4_000);
});

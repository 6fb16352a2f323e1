import { expect, it } from '@jest/globals';
import { killAgainAndAgain } from './kills.js';

it('survives kill -9 twice: sound, nothing acknowledged lost, the rest in gaps', async () => {
  const report = await killAgainAndAgain(2);
  expect(report.acknowledged).toBeGreaterThan(0);
}, 120_000);

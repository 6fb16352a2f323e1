import { expect, it } from '@jest/globals';
import { killAgainAndAgain } from './kills.js';

it('survives kill -9 three times: sound, nothing acknowledged lost, the rest in gaps', async () => {
  const report = await killAgainAndAgain(3);
  expect(report.acknowledged).toBeGreaterThan(0);
}, 120_000);

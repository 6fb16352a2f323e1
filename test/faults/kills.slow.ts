import { expect, it } from '@jest/globals';
import { killAgainAndAgain } from './kills.js';

it('survives kill -9 fifty times: sound, nothing acknowledged lost, the rest in gaps', async () => {
  const report = await killAgainAndAgain(50);
  expect(report.acknowledged).toBeGreaterThan(1000);
  console.log(`kill -9: ${JSON.stringify(report)}`);
}, 1_200_000);

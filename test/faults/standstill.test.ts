import { afterEach, describe, expect, it } from '@jest/globals';
import { gapsOf } from '../helpers/accounts.js';
import { endAll, freeze, pause, prepare, standsStill, start } from './frozen.js';

afterEach(endAll);

describe('a program that stood still', () => {
  it(
    'has a gap over all of that time, of every exchange (Bithumb by ws); exact',
    () => standsStill('ws'),
    90_000,
  );

  it('gives no gap when it was short', async () => {
    await prepare();
    const program = await start();
    await freeze(program, 800);
    await pause(1_000);
    expect(await gapsOf((q) => program.query(q))).toEqual([]);
  }, 90_000);
});

import { expect, it } from '@jest/globals';
import { AtMost } from '../../src/util/at-most.js';

it('has no more under way than allowed, in order, also where work fails', async () => {
  const turns = new AtMost(2);
  const begun: number[] = [];
  const ends: ((error?: Error) => void)[] = [];
  const all = [0, 1, 2, 3].map((i) =>
    turns.run(() => {
      begun.push(i);
      return new Promise<number>((resolve, reject) => {
        ends[i] = (error) => (error === undefined ? resolve(i) : reject(error));
      });
    }),
  );
  expect(begun).toEqual([0, 1]);
  ends[1]!(new Error('it failed'));
  await expect(all[1]).rejects.toThrow('it failed');
  expect(begun).toEqual([0, 1, 2]);
  ends[0]!();
  ends[2]!();
  await Promise.all([all[0], all[2]]);
  ends[3]!();
  expect(await all[3]).toBe(3);
  const after = turns.run(async () => 'free again');
  expect(await after).toBe('free again');
});

import { expect, it } from '@jest/globals';
import { closeAfterTest, closing } from './at-once.js';

const failing = (message: string) => (): void => {
  throw new Error(message);
};

it('closes all that a test opened, the last first, also when one close fails', async () => {
  const closed: number[] = [];
  const test = closing(async () => {
    closeAfterTest(() => closed.push(1));
    closeAfterTest(failing('the second'));
    closeAfterTest(() => Promise.resolve(closed.push(3)));
    closeAfterTest(failing('the fourth'));
  });
  await expect(test()).rejects.toThrow('the fourth');
  expect(closed).toEqual([3, 1]);
});

it('fails as the test does when a close fails after it', async () => {
  const test = closing(async () => {
    closeAfterTest(failing('the close'));
    throw new Error('the test');
  });
  await expect(test()).rejects.toThrow('the test');
});

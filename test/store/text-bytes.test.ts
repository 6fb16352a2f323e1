import { expect, it } from '@jest/globals';
import { TextBytes } from '../../src/util/text-bytes.js';

it('gathers ASCII and any other text, numbers, and what was there before', () => {
  const bytes = new TextBytes();
  const numbers = [0, 9, 10, 999_999_999, 1e9, 1e9 + 1, 2 ** 31, 1_764_000_000_123, 2 ** 53 - 1];
  for (const number of numbers) {
    bytes.whole(number);
    bytes.text(',');
  }
  expect(bytes.take()).toBe(`${numbers.join(',')},`);
  bytes.text('누락 구간 😀');
  bytes.text('é');
  const { length } = bytes;
  bytes.text('abc');
  bytes.again(length, length + 2);
  expect(bytes.take()).toBe('누락 구간 😀éabcab');
  expect(bytes.length).toBe(0);
  bytes.text('x'.repeat(200_000));
  bytes.again(0, 200_000);
  expect(bytes.take()).toBe('x'.repeat(400_000));
});

import { expect, it } from '@jest/globals';
import { cutText } from '../../src/market/outside-text.js';

it('keeps a short text, and the beginning of a long one', () => {
  expect(cutText('거래 중단')).toBe('거래 중단');
  expect(cutText('x'.repeat(1_000_000))).toBe(`${'x'.repeat(300)}…`);
  expect(cutText('abcdef', 3)).toBe('abc…');
});

it('breaks no character that takes two places', () => {
  expect(cutText('ab😀', 3)).toBe('ab\ufffd…');
});

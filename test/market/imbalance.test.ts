import { expect, it } from '@jest/globals';
import { imbalanceOf } from '../../src/market/imbalance.js';

it('is the quotient of the two volumes as numbers, to the last bit, whatever their length', () => {
  const digits = (count: number): string =>
    Array.from({ length: count }, () => Math.floor(Math.random() * 10)).join('');
  const some = (): string => {
    const before = digits(1 + Math.floor(Math.random() * 12)).replace(/^0+(?=.)/, '');
    return `${before}.${digits(Math.floor(Math.random() * 12))}1`;
  };
  const edges = ['0', '1', '0.1', '0.00000001', '999999999999999', '9007199254740993', '0.3'];
  const all = [...edges, ...Array.from({ length: 2_000 }, some)];
  for (let i = 1; i < all.length; i++) {
    const [bid, ask] = [Number(all[i]), Number(all[i - 1])];
    expect(imbalanceOf(all[i]!, all[i - 1]!)).toBe((bid - ask) / (bid + ask));
  }
});

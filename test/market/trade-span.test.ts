import { expect, it } from '@jest/globals';
import { laid, type TradePiece } from '../../src/market/trade-span.js';

const piece = (start: number, end: number, part: Partial<TradePiece> = {}): TradePiece => ({
  start,
  end,
  completeness: 'UNPROVEN',
  cause: null,
  detail: null,
  checked: false,
  ...part,
});
const shown = (pieces: readonly TradePiece[]): string =>
  pieces.map((p) => `${p.start}-${p.end} ${p.completeness}`).join(', ');

it('a newer word about some of the time replaces the older one; neighbours that say the same are one', () => {
  let pieces = [10, 20, 30].reduce<TradePiece[]>((all, at) => laid(all, piece(at, at + 10)), []);
  expect(shown(pieces)).toBe('10-40 UNPROVEN');
  pieces = laid(pieces, piece(15, 20, { completeness: 'GAP', cause: 'DISCONNECTED' }));
  pieces = laid(pieces, piece(35, 45, { completeness: 'VERIFIED_BY_REST', checked: true }));
  expect(shown(pieces)).toBe('10-15 UNPROVEN, 15-20 GAP, 20-35 UNPROVEN, 35-45 VERIFIED_BY_REST');
  pieces = laid(pieces, piece(12, 35, { completeness: 'VERIFIED_BY_REST', checked: true }));
  expect(shown(pieces)).toBe('10-12 UNPROVEN, 12-45 VERIFIED_BY_REST');
  expect(laid(pieces, piece(5, 5))).toEqual(pieces);
});

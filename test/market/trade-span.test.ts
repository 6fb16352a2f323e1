import { expect, it } from '@jest/globals';
import { laid, overlaid, redated, type TradePiece } from '../../src/market/trade-span.js';

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

it('a word of what is not known leaves what is known as it is', () => {
  const known = [piece(10, 20, { completeness: 'GAP' }), piece(30, 40, { checked: true })];
  expect(shown(laid(known, piece(0, 35), true))).toBe(
    '0-10 UNPROVEN, 10-20 GAP, 20-30 UNPROVEN, 30-40 UNPROVEN',
  );
});

it('many newer words at once say the same as one after the other', () => {
  const older = [piece(0, 10), piece(10, 30, { detail: 'a' }), piece(40, 50), piece(60, 90)];
  const newer = [5, 15, 25, 45, 55, 70].map((start) =>
    piece(start, start + 7, { completeness: 'GAP', detail: `${start}` }),
  );
  expect(overlaid(older, newer)).toEqual(
    newer.reduce<TradePiece[]>((all, one) => laid(all, one), older),
  );
  expect(overlaid(older, [])).toEqual(older);
  expect(overlaid([], newer)).toEqual(newer);
});

it('what a clock that was ahead has dated is moved back, but not over what was checked', () => {
  const verified = { completeness: 'VERIFIED_BY_REST', checked: true } as const;
  const pieces = [
    piece(0, 40),
    piece(40, 60, verified),
    piece(60, 150),
    piece(150, 170, { completeness: 'GAP', cause: 'DISCONNECTED' }),
    piece(170, 180),
  ];
  expect(shown(redated(pieces, { after: 100, byMs: -100 }))).toBe(
    '0-40 UNPROVEN, 40-60 VERIFIED_BY_REST, 60-70 GAP, 70-100 UNPROVEN',
  );
  expect(shown(redated(pieces, { after: 100, byMs: null }))).toBe(
    '0-40 UNPROVEN, 40-60 VERIFIED_BY_REST, 60-100 UNPROVEN',
  );
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BookBatch } from '../../src/store/book-batch.js';
import { JsonbRows } from '../../src/store/engine/sqlite/book-rows.js';
import { Sqlite } from '../../src/store/engine/sqlite/sqlite.js';
import type { BookRow } from '../../src/store/writer-protocol.js';
import { UPBIT_BTC } from './support.js';

function row(more: Partial<BookRow> & { id: number | null }): BookRow {
  return {
    sequence: 1,
    market: UPBIT_BTC,
    number: { id: more.id },
    timestamp: 2,
    exchangeTimestamp: null,
    base: 1,
    asks: '[]',
    bids: '[]',
    first: false,
    steppedFrom: null,
    ...more,
  };
}

const sqlite = new Sqlite(':memory:', { readonly: false, busyTimeoutMs: 0 });

/** The rows as SQLite reads them. */
function parsed(batch: BookBatch): unknown {
  const rows = batch.rows();
  if (rows === null) return null;
  return JSON.parse(sqlite.query('SELECT json(?)', [Buffer.from(rows)]).rows[0]![0] as string);
}

describe('BookBatch', () => {
  it('writes every whole number from -2^53 to 2^53 exactly', () => {
    const whole = fc.oneof(
      fc.maxSafeInteger(),
      fc.maxSafeNat(),
      fc.nat(2_000),
      fc.constantFrom(0, 9, 10, 999_999_999, 1e9, 1e9 + 1, 1e18 % 2 ** 53, 2 ** 31, 2 ** 53 - 1),
    );
    fc.assert(
      fc.property(whole, whole, whole, fc.option(whole), whole, (sequence, id, t, e, base) => {
        const batch = new BookBatch(new JsonbRows());
        batch.add(row({ sequence, id, timestamp: t, exchangeTimestamp: e, base }));
        expect(parsed(batch)).toEqual([[sequence, id, t, e, base, '[]', '[]']]);
      }),
    );
  });

  it('grows to any size, and starts over after it was cleared', () => {
    const batch = new BookBatch(new JsonbRows());
    expect(parsed(batch)).toBeNull();
    const asks = JSON.stringify(Array.from({ length: 1_009 }, (_, i) => [String(i + 1), '0.5']));
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 100; i++) batch.add(row({ id: 7, sequence: i, asks }));
      const rows = parsed(batch) as unknown[][];
      expect(rows.map(([sequence]) => sequence)).toEqual(Array.from({ length: 100 }, (_, i) => i));
      expect(rows.every((one) => one[5] === asks)).toBe(true);
      expect(batch.bytes).toBeGreaterThan(100 * asks.length);
      batch.clear();
      expect([batch.count, batch.bytes, parsed(batch)]).toEqual([0, 0, null]);
    }
  });

  it('keeps books of markets without a number apart, and the steps of the clock', () => {
    const batch = new BookBatch(new JsonbRows());
    batch.add(row({ id: null, first: true, asks: '[["1","2"]]' }));
    batch.add(row({ id: 3, sequence: 2, timestamp: 5, steppedFrom: 9 }));
    expect(batch.books).toHaveLength(1);
    expect(batch.steps).toEqual([{ sequence: 2, fromMs: 9, toMs: 5 }]);
    expect(parsed(batch)).toEqual([[2, 3, 5, null, 1, '[]', '[]']]);
    expect([batch.count, batch.lastTimestamp]).toEqual([2, 5]);
  });
});

import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { DuckDBVector } from '@duckdb/node-api';
import { type Duck, openDuck } from '../../src/parquet/duckdb.js';
import { ArchivedRows, wordsOf } from '../../src/store/archived-rows.js';

let duck: Duck;
beforeAll(async () => {
  duck = await openDuck({ memoryMb: 64, temporary: null });
});
afterAll(() => duck.close());

/** The vector as a version of the package might give it that keeps the bytes elsewhere. */
function closed(vector: DuckDBVector): DuckDBVector {
  return new Proxy(vector, {
    get: (target, key) => {
      if (key === 'dataView') return undefined;
      const value: unknown = Reflect.get(target, key);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

it('reads the same decimals whether or not the package shows the bytes of a column', async () => {
  const texts = ['0', '1', '-1', '0.000000000000000001', '99999999999999999999.999999999999999999'];
  texts.push('-99999999999999999999.999999999999999999', '116539000', '4294967296.5', '1e-8');
  const values = texts.map((text) => `('${text}'::DECIMAL(38,18))`).join(', ');
  const result = await duck.connection.run(`SELECT * FROM (VALUES ${values})`);
  const vector = (await result.fetchChunk())!.getColumnVector(0);
  const words = wordsOf(vector);
  expect(words.length).toBe(texts.length * 4);
  // Otherwise the other way would be compared with itself.
  expect(Reflect.get(vector, 'dataView')).toBeInstanceOf(DataView);
  expect(wordsOf(closed(vector))).toEqual(words);
});

const row = (sequence: number): string =>
  `SELECT ${sequence}::BIGINT AS sequence, TIMESTAMPTZ '2026-03-01 00:00:00+00' AS timestamp,
     NULL::TIMESTAMPTZ AS exchange_timestamp, 1::BIGINT AS base,
     [{'price': 1::DECIMAL(38,18), 'volume': 0.5::DECIMAL(38,18)}] AS asks,
     []::STRUCT(price DECIMAL(38,18), volume DECIMAL(38,18))[] AS bids`;

async function all(rows: ArchivedRows): Promise<unknown[]> {
  const found: unknown[] = [];
  try {
    for (let some = await rows.next(); some !== null; some = await rows.next()) found.push(...some);
    return found;
  } finally {
    rows.close();
  }
}

it('gives rows as they lie where they lie in order, and refuses others', async () => {
  const rows = await ArchivedRows.flow(duck, `(${row(1)} UNION ALL ${row(3)})`, 7);
  const book = { marketId: 7, timestamp: Date.UTC(2026, 2, 1), exchangeTimestamp: null, base: 1 };
  const sides = { asks: '[["1","0.5"]]', bids: '[]' };
  expect(await all(rows)).toEqual([1, 3].map((sequence) => ({ ...book, sequence, ...sides })));
  const wrong = await ArchivedRows.flow(duck, `(${row(3)} UNION ALL ${row(1)})`, 7);
  await expect(all(wrong)).rejects.toThrow('sequence 1 lies behind 3');
});

import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { DuckDBInstance } from '@duckdb/node-api';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Column, columns } from '../../src/store/export/columns.js';
import { ParquetFile } from '../../src/store/export/parquet.js';
import { BatchSink } from '../../src/store/export/column-batch.js';
import { BatchTable } from '../../src/store/export/batch-table.js';
import { BOOK_CELLS, GAP_COLUMNS, ROW_COLUMNS } from '../../src/store/export/shapes.js';
import { temporaryFolder } from './support.js';

/** Rows of a query. */
async function read(sql: string): Promise<unknown[]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const rows = (await connection.runAndReadAll(sql)).getRowObjectsJson();
  connection.closeSync();
  instance.closeSync();
  return rows;
}

/** Writes records into a file. */
async function put(
  file: ParquetFile,
  columns: readonly Column[],
  add: (sink: BatchSink) => void,
): Promise<void> {
  const sink = new BatchSink(columns);
  add(sink);
  await file.write(sink.take());
}

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

describe('a Parquet file', () => {
  it.each([`0.${'0'.repeat(18)}1`, `1${'0'.repeat(20)}`])(
    'refuses %s, which it would round',
    async (value) => {
      const path = join(folder.path, 'x.parquet');
      const file = await ParquetFile.begin(path, ROW_COLUMNS);
      const before = ['UPBIT', 'BTC', 'KRW', 1_700_000_000_000];
      const text = new BatchSink(ROW_COLUMNS);
      text.addLevels(before, 'ask', [['1.5', '0.000000000000000001']], [null, 1]);
      expect(() => text.addLevels(before, 'ask', [['1', value]], [null, 2])).toThrow(
        `${value} does not fit into DECIMAL(38,18)`,
      );
      await file.discard();
      expect(await readdir(folder.path)).toEqual([]);
    },
  );

  it('leaves nothing behind when its last records cannot be written, and says why', async () => {
    const file = await ParquetFile.begin(join(folder.path, 'x.parquet'), GAP_COLUMNS);
    await put(file, GAP_COLUMNS, (sink) =>
      sink.add(['UPBIT', 'BTC', 'KRW', 0, null, 'STALE', '', 0]),
    );
    const give = jest.spyOn(BatchTable.prototype, 'give').mockImplementation(() => {
      throw new Error('no memory is left');
    });
    try {
      await expect(file.finish()).rejects.toThrow('no memory is left');
      await file.discard();
      expect(await readdir(folder.path)).toEqual([]);
      const other = await ParquetFile.begin(join(folder.path, 'y.parquet'), GAP_COLUMNS);
      await put(other, GAP_COLUMNS, (sink) =>
        sink.add(['UPBIT', 'BTC', 'KRW', 0, null, 'STALE', '', 0]),
      );
      await other.discard();
      expect(await readdir(folder.path)).toEqual([]);
    } finally {
      give.mockRestore();
    }
  });

  it.each([
    ['9'.repeat(20) + '.' + '9'.repeat(18), '0.000000001'],
    ['1234567890.12345678', '0.00000001'],
  ])('holds %s and %s exactly, in rows and in lists', async (price, volume) => {
    const rows = await ParquetFile.begin(join(folder.path, 'rows.parquet'), ROW_COLUMNS);
    const before = ['UPBIT', 'BTC', 'KRW', 1_700_000_000_000];
    await put(rows, ROW_COLUMNS, (text) =>
      text.addLevels(before, 'ask', [[price, volume]], [null, 1]),
    );
    await rows.finish();
    const { columns } = BOOK_CELLS.books!;
    const books = await ParquetFile.begin(join(folder.path, 'books.parquet'), columns);
    await put(books, columns, (text) =>
      text.add(['UPBIT', 'BTC', 'KRW', 1_700_000_000_000, null, 1, [[price, volume]], []]),
    );
    await books.finish();
    const padded = (text: string): string => text + '0'.repeat(18 - text.split('.')[1]!.length);
    const expected = [{ price: padded(price), volume: padded(volume) }];
    expect(
      await read(
        `SELECT price::VARCHAR AS price, volume::VARCHAR AS volume FROM '${folder.path}/rows.parquet'`,
      ),
    ).toEqual(expected);
    expect(
      await read(
        `SELECT asks[1].price::VARCHAR AS price, asks[1].volume::VARCHAR AS volume FROM '${folder.path}/books.parquet'`,
      ),
    ).toEqual(expected);
  });

  it.each([1 << 30, 20_000])('holds in order what came in batches, pieces of %i', async (piece) => {
    const path = join(folder.path, 'parts.parquet');
    const file = await ParquetFile.begin(path, ROW_COLUMNS, piece);
    const rows = 1_000;
    for (let i = 0; i < rows; i++) {
      // Now and then a decimal that a narrow column does not hold.
      const price = i % 100 === 99 ? '0.000000000000000001' : '1.5';
      await put(file, ROW_COLUMNS, (text) => {
        const before = ['UPBIT', 'BTC', 'KRW', 1_700_000_000_000];
        text.addLevels(before, 'ask', [[price, '1']], [null, i]);
      });
    }
    await file.finish();
    expect(
      await read(
        `SELECT count(*)::INTEGER AS rows, max(abs(sequence - place))::INTEGER AS off, sum(price)::VARCHAR AS prices
           FROM (SELECT *, row_number() OVER () - 1 AS place FROM '${path}')`,
      ),
    ).toEqual([{ rows, off: 0, prices: '1485.000000000000000010' }]);
    expect(await readdir(folder.path)).toEqual(['parts.parquet']);
  });

  it('has the same columns in every piece, whatever words, nulls and digits are in it', async () => {
    const named = [
      ...columns('word', 'word'),
      ...columns('decimal', 'price'),
      ...columns('truth', 'truth'),
      ...columns('text', 'text'),
      ...columns('levels', 'asks'),
      ...columns('integer', 'sequence'),
    ];
    const path = join(folder.path, 'words.parquet');
    // Each batch is a piece.
    const file = await ParquetFile.begin(path, named, 1);
    const pieces = [
      [['one', '1.5', true, 'x', [['1', '2']], 1]],
      [
        ['one', '1.5', true, 'x', [['1', '2']], 2],
        ['two', null, false, null, [], 3],
      ],
      [[null, '0.000000000000000001', null, 'x', null, 4]],
      [['two', '2', false, 'y', [['0.000000000000000001', '2']], 5]],
    ] as const;
    for (const piece of pieces) {
      await put(file, named, (sink) => piece.forEach((cells) => sink.add(cells)));
    }
    await file.finish();
    expect(
      await read(
        `SELECT word, price::DOUBLE AS price, truth, text, len(asks)::INTEGER AS asks, sequence::INTEGER AS sequence
           FROM '${path}' ORDER BY sequence`,
      ),
    ).toEqual(
      pieces.flat().map(([word, price, truth, text, asks, sequence]) => ({
        ...{ word, price: price === null ? null : Number(price), truth, text },
        ...{ asks: asks === null ? null : asks.length, sequence },
      })),
    );
    const groups = await read(
      `SELECT num_row_groups::INTEGER AS n FROM parquet_file_metadata('${path}')`,
    );
    expect(groups).toEqual([{ n: 4 }]);
  });

  it('holds every digit of decimals of any length, of either sign, and nothing where there is none', async () => {
    const digits = (count: number): string =>
      Array.from({ length: count }, () => Math.floor(Math.random() * 10)).join('');
    const some = (whole: number, decimals: number): string => {
      const text = `${digits(whole).replace(/^0+(?=.)/, '')}.${digits(decimals)}`;
      const plain = text.replace(/0+$/, '').replace(/\.$/, '');
      return plain !== '0' && Math.random() < 0.3 ? `-${plain}` : plain;
    };
    const edges = ['0', '9999999999.99999999', '-9999999999.99999999', '-0.00000001'];
    const narrow = [
      ...edges,
      ...Array.from({ length: 3_000 }, (_, i) => some((i % 10) + 1, i % 9)),
    ];
    const wide = Array.from({ length: 3_000 }, (_, i) => some((i % 20) + 1, i % 19));
    // The second column turns wide in the middle of a batch.
    const all = [...narrow, ...wide].map((text, i) => [i % 7 === 0 ? null : text, text]);
    const named = columns('decimal', 'a b');
    const path = join(folder.path, 'digits.parquet');
    const file = await ParquetFile.begin(path, named);
    await put(file, named, (sink) => all.forEach((cells) => sink.add(cells)));
    await put(file, named, (sink) => narrow.forEach((text) => sink.add([text, null])));
    await file.finish();
    const padded = (text: string | null): string | null => {
      if (text === null) return null;
      const [whole, decimals = ''] = text.split('.');
      return `${whole}.${decimals.padEnd(18, '0')}`;
    };
    const expected = [...all, ...narrow.map((text) => [text, null])];
    expect(
      (await read(`SELECT a::VARCHAR AS a, b::VARCHAR AS b FROM '${path}'`)).map((row) =>
        Object.values(row as Record<string, unknown>),
      ),
    ).toEqual(expected.map((cells) => cells.map(padded)));
  });

  it('holds times before 1970, ratios, words that recur and truths', async () => {
    const named = [
      ...columns('time', 'time'),
      ...columns('micros', 'micros'),
      ...columns('integer', 'integer'),
      ...columns('ratio', 'ratio'),
      ...columns('word', 'word'),
      ...columns('truth', 'truth'),
    ];
    const path = join(folder.path, 'kinds.parquet');
    const file = await ParquetFile.begin(path, named);
    const records = Array.from({ length: 5_000 }, (_, i) =>
      i % 3 === 0
        ? [null, null, null, null, null, null]
        : [(i - 9) * 1e9 + i, i - 9, (i - 9) * 2e12, 1 / (i + 1), `w${i % 700}`, i % 2 === 0],
    );
    await put(file, named, (sink) => records.forEach((cells) => sink.add(cells)));
    await file.finish();
    const found = await read(
      `SELECT epoch_ms(time)::DOUBLE, (micros / 1000)::DOUBLE, integer::DOUBLE, ratio, word, truth FROM '${path}'`,
    );
    expect(found.map((row) => Object.values(row as Record<string, unknown>))).toEqual(records);
  });

  it('takes any text, and is there with its columns when there is nothing', async () => {
    const path = join(folder.path, "it's.parquet");
    const file = await ParquetFile.begin(path, GAP_COLUMNS);
    const detail = 'a "quoted", line\nand another; it\'s é 한';
    await put(file, GAP_COLUMNS, (text) =>
      text.add(['UPBIT', 'A"B', 'KRW', 0, null, 'STALE', detail, 0]),
    );
    await file.finish();
    expect(existsSync(path)).toBe(true);
    expect(
      await read(
        `SELECT symbol, detail, "end" IS NULL AS open FROM '${path.replaceAll("'", "''")}'`,
      ),
    ).toEqual([{ symbol: 'A"B', detail, open: true }]);
    const empty = await ParquetFile.begin(join(folder.path, 'empty.parquet'), GAP_COLUMNS);
    await empty.finish();
    expect(existsSync(join(folder.path, 'empty.parquet'))).toBe(true);
  });
});

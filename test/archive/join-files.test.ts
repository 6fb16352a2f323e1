import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DuckDBInstance } from '@duckdb/node-api';
import { execFile } from 'node:child_process';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { joinParquet } from '../../src/parquet/join-files.js';
import { temporaryFolder } from '../store/support.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let at: (name: string) => string;
beforeEach(async () => {
  folder = await temporaryFolder();
  at = (name) => join(folder.path, name);
});
afterEach(() => folder.remove());

/** The rows of the last of some statements. */
async function duck(...statements: string[]): Promise<unknown[]> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  try {
    for (const sql of statements.slice(0, -1)) await connection.run(sql);
    return (await connection.runAndReadAll(statements.at(-1)!)).getRowsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** What an export has: decimals, times, words that recur, lists, nothing here and there. */
const rows = (from: number, to: number): string => `
  SELECT i AS sequence, make_timestamp(i * 1000)::TIMESTAMPTZ AS time,
         CASE WHEN i % 3 = 0 THEN NULL ELSE 'word ' || (i % 7) END AS word, 'text ' || i AS text,
         (i / 8)::DECIMAL(38,18) AS price, i::DOUBLE / 3 AS ratio, i % 2 = 0 AS truth,
         [{'price': i::DECIMAL(38,18), 'volume': 1::DECIMAL(38,18)}] AS asks
    FROM range(${from}, ${to}) t(i)`;

const write = (path: string, query: string, more = ''): string =>
  `COPY (${query}) TO '${path}' (FORMAT parquet, COMPRESSION zstd${more})`;

describe('joined Parquet files', () => {
  it('have the rows of all of them in order, and what their row groups say of themselves', async () => {
    await duck(
      // Several row groups, one, none, and those of the other version of the format.
      write(at('a.parquet'), rows(0, 10_000), ', ROW_GROUP_SIZE 2048'),
      write(at('b.parquet'), rows(10_000, 10_001)),
      write(at('c.parquet'), rows(0, 0)),
      write(at('d.parquet'), rows(10_001, 300_000), ', PARQUET_VERSION v2'),
      'SELECT 1',
    );
    const whole = at('whole.parquet');
    await joinParquet(
      ['a', 'b', 'c', 'd'].map((name) => at(`${name}.parquet`)),
      whole,
    );
    const other = `(${rows(0, 300_000)})`;
    const counts = await duck(
      `SELECT (SELECT count(*) FROM '${whole}')::INTEGER,
              (SELECT count(*) FROM (FROM '${whole}' EXCEPT FROM ${other}))::INTEGER,
              (SELECT count(*) FROM (SELECT sequence, row_number() OVER () - 1 AS place FROM '${whole}')
                WHERE sequence <> place)::INTEGER`,
    );
    expect(counts).toEqual([[300_000, 0, 0]]);
    // By what is known of each group (least and greatest value, Bloom filter) others are passed over.
    for (const condition of [
      'sequence = 10000',
      'sequence BETWEEN 2047 AND 2048',
      `text = 'text 299999'`,
      `word = 'word 5' AND sequence > 299990`,
      `time >= make_timestamp(299998000)::TIMESTAMPTZ`,
    ]) {
      const [found, expected] = [`'${whole}'`, other].map((source) =>
        duck(`SELECT sequence, text, price::VARCHAR FROM ${source} WHERE ${condition}`),
      );
      expect(await found).toEqual(await expected);
    }
    const groups = await duck(
      `SELECT sum(n)::INTEGER, count(*)::INTEGER, max(path_in_schema)
         FROM (SELECT row_group_id, any_value(row_group_num_rows) AS n, any_value(path_in_schema) AS path_in_schema
                 FROM parquet_metadata('${whole}') GROUP BY row_group_id)`,
    );
    expect(groups[0]).toEqual([300_000, 5 + 1 + 3, expect.any(String)]);
    expect(
      await duck(
        `SELECT num_rows::INTEGER, num_row_groups::INTEGER FROM parquet_file_metadata('${whole}')`,
      ),
    ).toEqual([[300_000, 9]]);
  });

  it('are no file where the system takes only part of a write', async () => {
    await duck(
      write(at('a.parquet'), rows(0, 10_000)),
      write(at('b.parquet'), rows(10_000, 20_000)),
      'SELECT 1',
    );
    const pieces = [at('a.parquet'), at('b.parquet')];
    await joinParquet(pieces, at('whole.parquet'));
    const { size } = await stat(at('whole.parquet'));
    const module = new URL('../../dist/parquet/join-files.js', import.meta.url).href;
    const program = `const { joinParquet } = await import(${JSON.stringify(module)});
      await joinParquet(${JSON.stringify(pieces)}, ${JSON.stringify(at('cut.parquet'))});`;
    // Of the write that reaches the limit the system takes what is below it, without an error. Units of 512 bytes.
    const joined = (blocks: number): Promise<unknown> =>
      promisify(execFile)('sh', [
        '-c',
        `ulimit -f ${blocks} && exec "$0" --input-type=module -e "$1"`,
        process.execPath,
        program,
      ]);
    await joined(Math.ceil(size / 512));
    // In the footer, and in what is copied.
    for (const least of [size - 1, size / 2])
      await expect(joined(Math.floor(least / 512))).rejects.toThrow('EFBIG');
  });

  it('are refused where one has other columns, is cut off, or is something else', async () => {
    await duck(
      write(at('a.parquet'), 'SELECT 1::BIGINT AS a'),
      write(at('b.parquet'), 'SELECT 1::INTEGER AS a'),
      'SELECT 1',
    );
    const out = at('out.parquet');
    await expect(joinParquet([at('a.parquet'), at('b.parquet')], out)).rejects.toThrow(
      `${at('b.parquet')} has different columns than ${at('a.parquet')}`,
    );
    const bytes = await readFile(at('a.parquet'));
    for (const damaged of [
      bytes.subarray(0, -1),
      Buffer.from('PAR1'),
      Buffer.from('something else'),
      Buffer.concat([Buffer.from('PAR1'), Buffer.from([255, 255, 255, 127]), Buffer.from('PAR1')]),
    ]) {
      await writeFile(at('c.parquet'), damaged);
      await expect(joinParquet([at('a.parquet'), at('c.parquet')], out)).rejects.toThrow(
        `${at('c.parquet')} is not a complete Parquet file`,
      );
    }
  });
});

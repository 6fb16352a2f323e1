import type {
  DuckDBConnection,
  DuckDBDataChunk,
  DuckDBDecimal128Vector,
  DuckDBListVector,
  DuckDBResult,
  DuckDBStructVector,
  DuckDBVector,
} from '@duckdb/node-api';
import { DecimalBytes } from '../parquet/decimal-bytes.js';
import type { Duck } from '../parquet/duckdb.js';
import type { StoredRow } from './rebuild.js';

/** Columns of a book file in the form {@link StoredRows} takes: doubles are read in place. */
const COLUMNS =
  "sequence::DOUBLE, epoch_ms(timestamp)::DOUBLE, coalesce(epoch_ms(exchange_timestamp)::DOUBLE, 'NaN')," +
  ' base::DOUBLE, asks, bids';

/** Numbers of markets by their two names; a single number where all rows are of one market. */
export type MarketNumbers = number | ((symbol: string, currency: string) => number | undefined);

/** The result of a query over book files; rows are created as they are requested. */
export class ArchivedRows {
  readonly #result: DuckDBResult;
  readonly #numbers: MarketNumbers;
  /** Its own connection, if any. */
  readonly #connection: DuckDBConnection | null;
  /** The chunk being prefetched while the previous one is processed. */
  #coming: Promise<DuckDBDataChunk | null> | null = null;
  #reached = -1;
  readonly #bytes = new DecimalBytes();

  private constructor(
    result: DuckDBResult,
    numbers: MarketNumbers,
    connection: DuckDBConnection | null,
  ) {
    this.#result = result;
    this.#numbers = numbers;
    this.#connection = connection;
  }

  /**
   * Reads rows in order of sequence: all of them, sorted and held by DuckDB.
   * @param from files and conditions, as SQL
   * @param numbers rows of markets without a number are skipped
   */
  static async read(
    { connection }: Duck,
    from: string,
    numbers: MarketNumbers,
  ): Promise<ArchivedRows> {
    const sql = `SELECT ${columnsFor(numbers)} FROM ${from} ORDER BY sequence`;
    return new ArchivedRows(await connection.run(sql), numbers, null);
  }

  /** Streams rows already in order of sequence: any number, a chunk at a time. */
  static async flow(duck: Duck, from: string, numbers: MarketNumbers): Promise<ArchivedRows> {
    // DuckDB drops the rest of a result when its connection is used for another one.
    const connection = await duck.connect();
    try {
      const result = await connection.stream(`SELECT ${columnsFor(numbers)} FROM ${from}`);
      return new ArchivedRows(result, numbers, connection);
    } catch (error) {
      connection.closeSync();
      throw error;
    }
  }

  /** The next few thousand rows; null at the end. @throws {Error} for a bad file or order */
  async next(): Promise<StoredRow[] | null> {
    const ahead = this.#coming !== null;
    const chunk = await (this.#coming ?? this.#result.fetchChunk());
    if (chunk === null || chunk.rowCount === 0) return null;
    // Not from the first one: many queries need nothing more.
    this.#coming = ahead || this.#reached >= 0 ? this.#result.fetchChunk() : null;
    // A failure surfaces when the chunk is needed, if ever.
    this.#coming?.catch(() => undefined);
    const rows = rowsOfChunk(chunk, this.#numbers, this.#bytes);
    for (const { sequence } of rows) {
      if (sequence <= this.#reached) {
        throw new Error(
          `the archive's books are not in order: sequence ${sequence} lies behind ${this.#reached}; archive the day again`,
        );
      }
      this.#reached = sequence;
    }
    return rows;
  }

  /** Closes it. */
  close(): void {
    if (this.#connection === null) return;
    const connection = this.#connection;
    // Not while a chunk is being read.
    void Promise.resolve(this.#coming)
      .catch(() => undefined)
      .then(() => connection.closeSync());
  }
}

const columnsFor = (numbers: MarketNumbers): string =>
  typeof numbers === 'number' ? COLUMNS : `${COLUMNS}, symbol, currency`;

function rowsOfChunk(
  chunk: DuckDBDataChunk,
  numbers: MarketNumbers,
  bytes: DecimalBytes,
): StoredRow[] {
  const column = (index: number): DuckDBVector => chunk.getColumnVector(index);
  const { rowCount } = chunk;
  const [sequences, timestamps, exchangeTimestamps, bases] = [0, 1, 2, 3].map((index) =>
    doublesOf(column(index)),
  );
  const [asks, bids] = [4, 5].map((index) => sideTexts(column(index) as DuckDBListVector, bytes));
  const names = typeof numbers === 'number' ? null : [column(6), column(7)];
  const rows: StoredRow[] = [];
  for (let i = 0; i < rowCount; i++) {
    const marketId =
      typeof numbers === 'number'
        ? numbers
        : numbers(names![0]!.getItem(i) as string, names![1]!.getItem(i) as string);
    if (marketId === undefined) continue;
    rows.push({
      marketId,
      sequence: sequences![i]!,
      timestamp: timestamps![i]!,
      // NaN in place of null: looking for nulls costs more.
      exchangeTimestamp: Number.isNaN(exchangeTimestamps![i]) ? null : exchangeTimestamps![i]!,
      base: bases![i]!,
      asks: asks![i]!,
      bids: bids![i]!,
    });
  }
  return rows;
}

/** The texts of a side's levels as in the database; see `encodeLevels`. */
function sideTexts(lists: DuckDBListVector, bytes: DecimalBytes): string[] {
  const levels = lists.childVector as DuckDBStructVector;
  const prices = wordsOf(levels.entryVectorAt(0));
  const volumes = wordsOf(levels.entryVectorAt(1));
  const ends: number[] = [];
  for (let i = 0; i < lists.itemCount; i++) {
    const start = lists.getEntryOffset(i);
    const end = start + lists.getEntryLength(i);
    for (let k = start; k < end; k++) {
      bytes.text(k === start ? '[["' : '"],["');
      bytes.repeated(prices, k * 4);
      bytes.text('","');
      bytes.decimal(volumes, k * 4);
    }
    bytes.text(start === end ? '[]' : '"]]');
    ends.push(bytes.length);
  }
  const text = bytes.take();
  return ends.map((end, i) => text.slice(i === 0 ? 0 : ends[i - 1], end));
}

/** The values of a column of doubles without nulls. */
function doublesOf(doubles: DuckDBVector): ArrayLike<number> {
  // Internal storage of the package; should that change, the public API gives the same, only slowly.
  const items = Reflect.get(doubles, 'items') as unknown;
  return items instanceof Float64Array ? items : (doubles.toArray() as number[]);
}

/** The bits of a column of wide decimals, 32 each, least significant first. */
export function wordsOf(decimals: DuckDBVector): Uint32Array {
  // Internal storage of the package; should that change, the public API gives the same, only slowly.
  const bytes = Reflect.get(decimals, 'dataView') as DataView | undefined;
  if (bytes !== undefined && bytes.byteOffset % 4 === 0) {
    return new Uint32Array(bytes.buffer, bytes.byteOffset, decimals.itemCount * 4);
  }
  const words = new BigUint64Array(decimals.itemCount * 2);
  for (let i = 0; i < decimals.itemCount; i++) {
    const value = (decimals as DuckDBDecimal128Vector).getScaledValue(i) ?? 0n;
    words[i * 2] = BigInt.asUintN(64, value);
    words[i * 2 + 1] = BigInt.asUintN(64, value >> 64n);
  }
  return new Uint32Array(words.buffer);
}

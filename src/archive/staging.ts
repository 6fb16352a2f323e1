import type { DuckDBAppender, DuckDBConnection, DuckDBType, DuckDBValue } from '@duckdb/node-api';
import type { DayRow, NumberedMarket } from '../store/day-reader.js';
import { loadDuckDb, quoted } from '../parquet/duckdb.js';
import { stagingSql, type Table } from '../parquet/tables.js';

/** Maximum rows of a chunk: DuckDB's own size. */
const CHUNK = 2_048;

/** Creates the table `market`, through which rows get their names. */
export async function stageMarkets(
  connection: DuckDBConnection,
  markets: readonly NumberedMarket[],
): Promise<void> {
  await connection.run(
    'CREATE OR REPLACE TABLE market (number INTEGER, symbol VARCHAR, currency VARCHAR)',
  );
  if (markets.length === 0) return;
  const values = markets.map(({ id, symbol, currency }) => {
    return `(${id}, ${quoted(symbol)}, ${quoted(currency)})`;
  });
  await connection.run(`INSERT INTO market VALUES ${values.join(', ')}`);
}

/** Database rows staged in DuckDB for their file. */
export class Staging {
  readonly name: string;
  readonly #connection: DuckDBConnection;
  readonly #table: Table;
  readonly #types: readonly DuckDBType[];
  #waiting: DayRow[] = [];
  #rows = 0;
  #text = 0;
  #appender: DuckDBAppender | null = null;

  /** @param name of the table in DuckDB */
  constructor(connection: DuckDBConnection, table: Table, name: string) {
    this.#connection = connection;
    this.#table = table;
    this.name = name;
    const { BIGINT, INTEGER, VARCHAR } = loadDuckDb();
    const kinds = table.columns.map(({ kind }) =>
      kind === 'integer' || kind === 'time' ? BIGINT : VARCHAR,
    );
    this.#types = [INTEGER, ...kinds];
  }

  /** Number of staged rows. */
  get rows(): number {
    return this.#rows;
  }

  /** Length of their text. */
  get text(): number {
    return this.#text;
  }

  async add(row: DayRow): Promise<void> {
    this.#waiting.push(row);
    this.#rows++;
    for (const value of row) if (typeof value === 'string') this.#text += value.length;
    if (this.#waiting.length === CHUNK) await this.#append();
  }

  /** Writes all rows to the table, which can be read afterwards. */
  async flush(): Promise<void> {
    await this.#append();
    this.#appender?.closeSync();
    this.#appender = null;
  }

  /** Starts over without rows. */
  clear(): void {
    this.#rows = 0;
    this.#text = 0;
  }

  async #append(): Promise<void> {
    const rows = this.#waiting;
    if (this.#appender === null) {
      await this.#connection.run(stagingSql(this.#table, this.name));
      this.#appender = await this.#connection.createAppender(this.name);
    }
    if (rows.length === 0) return;
    this.#waiting = [];
    const { BIGINT, DuckDBDataChunk } = loadDuckDb();
    const chunk = DuckDBDataChunk.create(this.#types, rows.length);
    chunk.setColumns(
      this.#types.map((type, i) =>
        rows.map((row) => {
          const value = row[i]!;
          return type === BIGINT && typeof value === 'number'
            ? BigInt(value)
            : (value as DuckDBValue);
        }),
      ),
    );
    this.#appender.appendDataChunk(chunk);
  }
}

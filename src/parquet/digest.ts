import { createHash } from 'node:crypto';
import type { MarketDigest } from './manifest.js';

/** A value of a database row. */
type RowValue = bigint | number | string | null;

/** The text of a row, from which the digest is computed. */
function rowText(values: readonly RowValue[]): string {
  return values.map((value) => value ?? '').join('|');
}

/** Accumulates the digest of a market's rows; their order does not matter. */
export class DigestSum {
  #rows = 0;
  #first = Infinity;
  #last = -Infinity;
  readonly #sum = Buffer.alloc(16);

  /** Continues from what an earlier run had accumulated. */
  constructor(before?: MarketDigest) {
    if (before === undefined) return;
    this.#rows = before.rows;
    this.#first = before.first;
    this.#last = before.last;
    this.#sum.write(before.digest, 'hex');
  }

  add(key: number, text: string): void {
    this.#rows++;
    if (key < this.#first) this.#first = key;
    if (key > this.#last) this.#last = key;
    const md5 = createHash('md5').update(text).digest();
    for (let i = 0; i < 16; i++) this.#sum[i]! ^= md5[i]!;
  }

  get result(): MarketDigest {
    return {
      rows: this.#rows,
      first: this.#first,
      last: this.#last,
      digest: this.#sum.toString('hex'),
    };
  }
}

/** Adds a row to its market's digest. @param row the market's number, then the columns */
export function addToSum(
  sums: Map<string, DigestSum>,
  market: string,
  key: number,
  row: readonly unknown[],
): void {
  let sum = sums.get(market);
  if (sum === undefined) sums.set(market, (sum = new DigestSum()));
  sum.add(key, rowText(row.slice(1) as RowValue[]));
}

/** The digests by market. */
export function sumsOf(sums: ReadonlyMap<string, DigestSum>): Record<string, MarketDigest> {
  return Object.fromEntries([...sums].map(([market, sum]) => [market, sum.result]));
}

/** A digest in the form of DuckDB's `md5_number`: the first byte is the least significant. */
export function digestOfNumber(number: bigint): string {
  const hex = number.toString(16).padStart(32, '0');
  return Buffer.from(hex, 'hex').reverse().toString('hex');
}

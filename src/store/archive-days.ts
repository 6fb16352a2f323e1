import type { Exchange } from '../market/exchange.js';
import { type Market, marketFromKey, pairText } from '../market/market.js';
import type { TimeWindow } from '../market/time-window.js';
import { DAY_MS, startOf, type TableName } from '../parquet/layout.js';
import type { ArchivedFile, Manifest } from '../parquet/manifest.js';

/** A day of the archive, as last seen. */
export interface Day {
  readonly date: string;
  readonly mtimeMs: number;
  /** Null when unreadable: nothing is then known about the day. */
  readonly manifest: Manifest | null;
  /** Why it is unreadable. */
  readonly problem: string | null;
}

/** Something that was archived and is missing. */
export interface Hole {
  readonly date: string;
  readonly markets: readonly Market[];
  readonly detail: string;
}

/** The part of the archive that a walk reads. */
export interface ArchivedSelection extends TimeWindow {
  readonly markets: readonly Market[];
  /** Sequences, both inclusive. */
  readonly low: number;
  readonly high: number;
}

/** A file and its day. */
export type DatedFile = ArchivedFile & { readonly date: string };

/** A market by exchange and pair. */
export function marketOf(exchange: Exchange, pair: string): Market {
  return marketFromKey(`${exchange}:${pair}`);
}

/** The files of an exchange, by day. */
export function filesOfExchange(
  days: readonly Day[],
  table: TableName,
  exchange: Exchange,
): DatedFile[] {
  return days.flatMap(({ date, manifest }) =>
    (manifest?.files ?? [])
      .filter((file) => file.table === table && file.exchange === exchange)
      .map((file) => ({ ...file, date })),
  );
}

/** The files that contain anything of a market, by day. */
export function filesOf(days: readonly Day[], table: TableName, market: Market): DatedFile[] {
  const pair = pairText(market);
  return filesOfExchange(days, table, market.exchange).filter(
    (file) => file.markets[pair] !== undefined,
  );
}

/** The digest of a market in a file that contains it. */
export function digestOf(file: ArchivedFile, market: Market) {
  return file.markets[pairText(market)]!;
}

/** Whether a file may have selected rows of a market. */
export function overlaps(
  file: DatedFile,
  market: Market,
  { low, high, from, to }: Omit<ArchivedSelection, 'markets'>,
): boolean {
  const digest = file.markets[pairText(market)];
  if (digest === undefined || digest.first > high || digest.last < low) return false;
  const start = startOf(file.date);
  return start + DAY_MS > (from ?? -Infinity) && start < (to ?? Infinity);
}

/** All markets with rows in the given tables of days, by their keys. */
export function marketsIn(
  days: readonly Day[],
  tables: readonly TableName[],
): ReadonlyMap<string, Market> {
  const files = days.flatMap(({ manifest }) => manifest?.files ?? []);
  const keys = files.flatMap(({ table, exchange, markets }) =>
    tables.includes(table) ? Object.keys(markets).map((pair) => `${exchange}:${pair}`) : [],
  );
  return new Map([...new Set(keys)].map((key) => [key, marketFromKey(key)]));
}

/** Markets with `tables` recorded on the days around a hole: on both, if there are two. */
export function marketsAround(
  before: Day | undefined,
  after: Day | undefined,
  tables: readonly TableName[],
): Market[] {
  const relevant = [...tables, tables.includes('books') ? 'recordings' : 'trade_spans'] as const;
  const of = (day: Day | undefined): ReadonlyMap<string, Market> | null =>
    day === undefined || day.manifest === null ? null : marketsIn([day], relevant);
  const [first, second] = [of(before), of(after)];
  const all = first ?? second ?? new Map<string, Market>();
  return [...all].filter(([key]) => second?.has(key) ?? true).map(([, market]) => market);
}

/** Whether an archived day after `date` and up to `last` is missing or unreadable. */
export function missesDay(days: readonly Day[], date: string, last: string): boolean {
  return days.some(({ date: other, manifest }) => {
    if (other <= date) return false;
    if (manifest === null) return other <= last;
    const { previous } = manifest;
    return (
      previous !== null &&
      previous > date &&
      previous <= last &&
      !days.some((day) => day.date === previous)
    );
  });
}

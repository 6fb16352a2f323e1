import { LOG_LEVELS } from '../market/log-record.js';
import type { Client } from './connection.js';
import { toGap, toLogRecord } from './records.js';
import type { GapTotals, StoreReader } from './store-types.js';
import type { TimeWindow } from '../market/time-window.js';

type GapsQuery = Parameters<StoreReader['gaps']>[0];
type LogsQuery = Parameters<StoreReader['logs']>[0];

/** Up to so many markets are read one by one through their index, more by a walk over all gaps. */
const SINGLE_MARKETS = 8;

/** Ids of one statement at most. */
const PART = 500;

/** Conditions of a statement with their parameters. */
class Conditions {
  readonly texts: string[] = [];
  readonly values: unknown[] = [];

  /** Adds a condition; `?` stands for the value. Without a value it says nothing. */
  add(text: string, value: unknown): this {
    if (value === undefined) return this;
    this.texts.push(text);
    this.values.push(value);
    return this;
  }

  get sql(): string {
    return this.texts.length === 0 ? 'true' : this.texts.join(' AND ');
  }
}

/**
 * Runs the same selection once for each of `heads` (SQL conditions that an index answers in order of
 * id) and merges: however many rows there are, at most `limit` of each are read.
 * @returns ids in order, at most `limit`
 */
async function mergedIds(
  client: Client,
  table: 'gap' | 'log',
  heads: readonly Conditions[],
  direction: 'ASC' | 'DESC',
  limit: number,
): Promise<number[]> {
  const part = ({ sql }: Conditions): string =>
    `SELECT id FROM (SELECT id FROM ${table} WHERE ${sql} ORDER BY id ${direction} LIMIT ${limit})`;
  const rows = await client.$queryRawUnsafe<{ id: number }[]>(
    `${heads.map(part).join(' UNION ')} ORDER BY id ${direction} LIMIT ${limit}`,
    ...heads.flatMap(({ values }) => values),
  );
  return rows.map(({ id }) => id);
}

/** Rows of `ids`, asked for in parts: Prisma takes less than a thousand parameters. */
async function inParts<T>(
  ids: readonly number[],
  read: (part: number[]) => Promise<T[]>,
): Promise<T[]> {
  const rows: T[] = [];
  for (let at = 0; at < ids.length; at += PART) {
    rows.push(...(await read(ids.slice(at, at + PART))));
  }
  return rows;
}

/** Log records, newest first. */
export async function logPage(client: Client, query: LogsQuery): ReturnType<StoreReader['logs']> {
  const { exchange, symbol, currency, level, event, after, limit } = query;
  const filter = (): Conditions =>
    new Conditions()
      .add('exchange = ?', exchange)
      .add('symbol = ?', symbol)
      .add('currency = ?', currency)
      .add('event = ?', event)
      .add('id < ?', after);
  // A severity and all worse ones: each is a run of the index of its own.
  const levels = level === undefined ? [] : LOG_LEVELS.slice(LOG_LEVELS.indexOf(level));
  const heads =
    levels.length === 0 ? [filter()] : levels.map((one) => filter().add('level = ?', one));
  const ids = await mergedIds(client, 'log', heads, 'DESC', limit + 1);
  const rows = await inParts(ids.slice(0, limit), (part) =>
    client.log.findMany({ where: { id: { in: part } }, orderBy: { id: 'desc' } }),
  );
  const items = rows.map((row) => ({ id: row.id, value: toLogRecord(row) }));
  return { items, more: ids.length > limit };
}

/**
 * Gaps that touch a window, oldest first.
 * @param markets numbers of the markets that are asked for; null = all
 */
export async function gapPage(
  client: Client,
  query: Pick<GapsQuery, 'from' | 'to' | 'after' | 'limit'>,
  markets: readonly number[] | null,
): ReturnType<StoreReader['gaps']> {
  const { after, limit } = query;
  const heads = gapHeads(query, markets);
  if (heads.length === 0) return { items: [], more: false };
  for (const head of heads) head.add('id > ?', after);
  const ids = await mergedIds(client, 'gap', heads, 'ASC', limit + 1);
  const rows = await inParts(ids.slice(0, limit), (part) =>
    client.gap.findMany({
      where: { id: { in: part } },
      include: { market: true },
      orderBy: { id: 'asc' },
    }),
  );
  const items = rows.map((row) => ({ id: row.id, value: toGap(row) }));
  return { items, more: ids.length > limit };
}

/**
 * Sums up the gaps that touch a window.
 * @param markets numbers of the markets that are asked for; null = all
 * @param now the end of what is still open, Unix ms
 */
export async function gapTotals(
  client: Client,
  window: TimeWindow,
  markets: readonly number[] | null,
  now: number,
): Promise<GapTotals> {
  const heads = gapHeads(window, markets);
  if (heads.length === 0) return { count: 0, longest: null, longestMs: 0 };
  // The heads have no gap in common. Of a group with one max(), SQLite gives the other columns of
  // the row that holds it.
  const part = ({ sql }: Conditions): string =>
    `SELECT id, min(coalesce("end", ?), ?) - max(start, ?) AS ms FROM gap WHERE ${sql}`;
  const rows = await client.$queryRawUnsafe<{ count: bigint; id: number; ms: number }[]>(
    `SELECT count(*) AS count, id, max(ms) AS ms FROM (${heads.map(part).join(' UNION ALL ')})`,
    ...heads.flatMap(({ values }) => [now, window.to ?? now, window.from ?? 0, ...values]),
  );
  const { count, id, ms } = rows[0]!;
  if (Number(count) === 0) return { count: 0, longest: null, longestMs: 0 };
  const row = await client.gap.findUniqueOrThrow({ where: { id }, include: { market: true } });
  return { count: Number(count), longest: toGap(row), longestMs: Math.max(0, Number(ms)) };
}

/** Conditions that part the gaps touching a window, each answered by an index. */
function gapHeads({ from, to }: TimeWindow, markets: readonly number[] | null): Conditions[] {
  if (markets?.length === 0) return [];
  const window = (): Conditions => new Conditions().add('start < ?', to);
  if (markets !== null && markets.length <= SINGLE_MARKETS) {
    return markets.map((id) =>
      window().add('market_id = ?', id).add('("end" IS NULL OR "end" >= ?)', from),
    );
  }
  const wanted = markets === null ? undefined : JSON.stringify(markets);
  // The plus sign keeps SQLite from the market index, which would have to sort what it finds.
  const some = (): Conditions =>
    window().add('+market_id IN (SELECT value FROM json_each(?))', wanted);
  if (from === undefined) return [some()];
  const open = some();
  open.texts.push('"end" IS NULL');
  return [some().add('"end" >= ?', from), open];
}

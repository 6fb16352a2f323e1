import type { Exchange } from '../market/exchange.js';
import type { Gap, GapCause } from '../market/gap.js';
import { LOG_LEVELS } from '../market/log-record.js';
import type { Session } from './engine/engine.js';
import { joined, raw, type Sql, sql } from './engine/sql.js';
import { toLogRecord } from './records.js';
import type { GapTotals, Identified, StoreReader } from './reader-types.js';
import type { TimeWindow } from '../market/time-window.js';

type GapsQuery = Parameters<StoreReader['gaps']>[0];
type LogsQuery = Parameters<StoreReader['logs']>[0];

/** Up to this many markets are read individually through their index, more by a walk over all gaps. */
const SINGLE_MARKETS = 8;

/** Maximum ids per statement. */
const PART = 500;

/** Conjunction of conditions; undefined ones are skipped. */
function all(conditions: readonly (Sql | null)[]): Sql {
  const said = conditions.filter((condition) => condition !== null);
  return said.length === 0 ? sql`true` : joined(said, ' AND ');
}

/** A condition on a value; null without one. */
function given(value: number | string | undefined, condition: (value: Sql) => Sql): Sql | null {
  return value === undefined ? null : condition(sql`${value}`);
}

/**
 * Runs the same selection once for each of `heads` (SQL conditions that an index answers in order
 * of id) and merges: however many rows there are, at most `limit` of each are read.
 * @returns ids in order, at most `limit`
 */
async function mergedIds(
  session: Session,
  table: 'gap' | 'log',
  heads: readonly Sql[],
  direction: 'ASC' | 'DESC',
  limit: number,
): Promise<number[]> {
  const parts = heads.map(
    (head) => sql`SELECT id FROM (SELECT id FROM ${raw(table)} WHERE ${head}
                   ORDER BY id ${raw(direction)} LIMIT ${limit}) one`,
  );
  const rows = await session.rows(
    sql`${joined(parts, ' UNION ')} ORDER BY id ${raw(direction)} LIMIT ${limit}`,
  );
  return rows.map(([id]) => id as number);
}

/** Rows of `ids`, read in parts: Prisma accepts fewer than a thousand parameters. */
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
export async function logPage(session: Session, query: LogsQuery): ReturnType<StoreReader['logs']> {
  const { exchange, symbol, currency, level, event, after, limit } = query;
  const filter = [
    given(exchange, (value) => sql`exchange = ${value}`),
    given(symbol, (value) => sql`symbol = ${value}`),
    given(currency, (value) => sql`currency = ${value}`),
    given(event, (value) => sql`event = ${value}`),
    given(after, (value) => sql`id < ${value}`),
  ];
  // A severity and all above: each is a separate index scan.
  const levels = level === undefined ? [] : LOG_LEVELS.slice(LOG_LEVELS.indexOf(level));
  const heads =
    levels.length === 0
      ? [all(filter)]
      : levels.map((one) => all([...filter, sql`level = ${one}`]));
  const ids = await mergedIds(session, 'log', heads, 'DESC', limit + 1);
  const rows = await inParts(ids.slice(0, limit), (part) =>
    session.client.log.findMany({ where: { id: { in: part } }, orderBy: { id: 'desc' } }),
  );
  const items = rows.map((row) => ({ id: row.id, value: toLogRecord(row) }));
  return { items, more: ids.length > limit };
}

/** Gaps that overlap a window, oldest first. @param markets their numbers; null = all */
export async function gapPage(
  session: Session,
  query: Pick<GapsQuery, 'from' | 'to' | 'after' | 'limit'>,
  markets: readonly number[] | null,
): ReturnType<StoreReader['gaps']> {
  const { after, limit } = query;
  const beyond = given(after, (value) => sql`id > ${value}`);
  const heads = gapHeads(session, query, markets).map((head) => all([head, beyond]));
  if (heads.length === 0) return { items: [], more: false };
  const ids = await mergedIds(session, 'gap', heads, 'ASC', limit + 1);
  return { items: await gapsOf(session, ids.slice(0, limit)), more: ids.length > limit };
}

/**
 * Sums up the gaps that overlap a window.
 * @param markets numbers of the selected markets; null = all
 * @param now end of what is still open, Unix ms
 */
export async function gapTotals(
  session: Session,
  window: TimeWindow,
  markets: readonly number[] | null,
  now: number,
): Promise<GapTotals> {
  const heads = gapHeads(session, window, markets);
  if (heads.length === 0) return { count: 0, longest: null, longestMs: 0 };
  // The heads are disjoint.
  const to = BigInt(window.to ?? now);
  const from = BigInt(window.from ?? 0);
  const parts = heads.map(
    (head) => sql`
      SELECT id, start, CASE WHEN coalesce("end", ${now}) < ${to} THEN coalesce("end", ${now}) ELSE ${to} END
           - CASE WHEN start > ${from} THEN start ELSE ${from} END AS ms FROM gap WHERE ${head}`,
  );
  const [longest] = await session.rows(sql`
    SELECT id, ms, count(*) OVER () FROM (${joined(parts, ' UNION ALL ')}) touching
     ORDER BY ms DESC, start, id LIMIT 1`);
  if (longest === undefined) return { count: 0, longest: null, longestMs: 0 };
  const [id, ms, count] = longest as [number, number, number];
  const [found] = await gapsOf(session, [id]);
  return { count, longest: found!.value, longestMs: Math.max(0, ms) };
}

/** The gaps of these ids, by id. */
async function gapsOf(session: Session, ids: readonly number[]): Promise<Identified<Gap>[]> {
  const rows = await session.rows(sql`
    SELECT g.id, g.start, g."end", g.cause, g.detail, g.attempts, m.exchange, m.symbol, m.currency
      FROM gap g JOIN market m ON m.id = g.market_id
     WHERE g.id IN ${session.dialect.numbers(ids)} ORDER BY g.id`);
  return rows.map((row) => {
    const [id, start, end, cause, detail, attempts, exchange, symbol, currency] = row as [
      ...[id: number, start: number, end: number | null, cause: GapCause, detail: string | null],
      ...[attempts: number, exchange: Exchange, symbol: string, currency: string],
    ];
    const market = { exchange, symbol, currency };
    return { id, value: { market, start, end, cause, detail, attempts } };
  });
}

/** Disjoint conditions that select the gaps overlapping a window, each answered by an index. */
function gapHeads(
  { dialect }: Session,
  { from, to }: TimeWindow,
  markets: readonly number[] | null,
): Sql[] {
  if (markets?.length === 0) return [];
  const window = given(to, (value) => sql`start < ${value}`);
  if (markets !== null && markets.length <= SINGLE_MARKETS) {
    const since = given(from, (value) => sql`("end" IS NULL OR "end" >= ${value})`);
    return markets.map((id) => all([window, sql`market_id = ${id}`, since]));
  }
  // The plus sign keeps the database off the market index, with which it would have to sort its results.
  const some = markets === null ? null : sql`+market_id IN ${dialect.numbers(markets)}`;
  if (from === undefined) return [all([window, some])];
  return [sql`"end" >= ${from}`, sql`"end" IS NULL`].map((end) => all([window, some, end]));
}

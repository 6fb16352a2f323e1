import { dateOf, type DayReport, type MarketReport } from '../market/day-report.js';
import type { GapCause } from '../market/gap.js';
import type { Market } from '../market/market.js';
import type { Client, Session } from './engine/engine.js';
import { sql } from './engine/sql.js';
import { clip, lengthOf } from './coverage.js';
import type { Interval } from './reader-types.js';
import { knownUntil } from './silent-since.js';
import { toMarket } from './records.js';
import { spanSumsOf } from './trades/span-reader.js';

const DAY = 86_400_000;

/** What was received for a market on a day. */
interface Received {
  readonly marketId: number;
  readonly frames: number;
  readonly changed: number;
  readonly repeats: number;
  readonly longestSilenceMs: number;
  readonly audits: number;
  readonly auditDifferences: number;
  readonly lateBooks: number;
}

/** A gap of a market. */
interface MarketGap extends Interval {
  readonly cause: GapCause;
}

/** Values by the number of their market. */
function byMarket<T extends { readonly marketId: number }>(rows: readonly T[]): Map<number, T[]> {
  const groups = new Map<number, T[]>();
  for (const row of rows) {
    const group = groups.get(row.marketId);
    if (group === undefined) groups.set(row.marketId, [row]);
    else group.push(row);
  }
  return groups;
}

/**
 * The latest day with any recording, as its first ms; null when there is none. While a market is
 * being recorded that is today, even before the first minute is over.
 * @param now Unix ms
 */
export async function newestDay(session: Session, now: number): Promise<number | null> {
  const { client } = session;
  const open = await client.recordingSpan.count({ where: { end: null } });
  const { _max } = await client.coverage.aggregate({ _max: { minute: true } });
  const newest = open > 0 ? await knownUntil(session, now) : _max.minute;
  return newest === null ? null : Math.floor(Number(newest) / DAY) * DAY;
}

/**
 * How markets were recorded on a day.
 * @param from its first ms (UTC)
 * @param now end of what is ongoing, Unix ms
 */
export async function dayReport(session: Session, from: number, now: number): Promise<DayReport> {
  const { client } = session;
  const to = Math.max(from, Math.min(from + DAY, now));
  const window = { start: from, end: to };
  const markets = new Map<number, Market>();
  for (const row of await client.market.findMany()) markets.set(row.id, toMarket(row));
  const spans = byMarket(await spansOf(client, window, await knownUntil(session, now)));
  const gaps = byMarket(await gapsOf(client, window));
  const trades = await spanSumsOf(session, { from, to });
  const received = new Map((await receivedIn(session, from, to)).map((row) => [row.marketId, row]));
  const reports: MarketReport[] = [];
  for (const [id, market] of markets) {
    const recorded = clip(spans.get(id) ?? [], window);
    const counts = received.get(id);
    const known = trades.get(id);
    if (recorded.length === 0 && counts === undefined && known === undefined) continue;
    const report = marketReport(market, window, recorded, gaps.get(id) ?? [], counts);
    reports.push(known === undefined ? report : { ...report, trades: known });
  }
  reports.sort(
    (a, b) => a.percent - b.percent || b.recordedMs - b.coveredMs - (a.recordedMs - a.coveredMs),
  );
  const clockSteps = await client.clockStep.count({ where: { toMs: { gte: from, lt: to } } });
  return { date: dateOf(from), from, to, clockSteps, markets: reports };
}

function marketReport(
  market: Market,
  window: Interval,
  recorded: readonly Interval[],
  gaps: readonly MarketGap[],
  counts: Received | undefined,
): MarketReport {
  const recordedMs = lengthOf(recorded);
  const missing = recorded.reduce((sum, span) => sum + lengthOf(clip(gaps, span)), 0);
  const causes = new Map<GapCause, { cause: GapCause; count: number; ms: number }>();
  for (const gap of gaps) {
    const { cause } = gap;
    const found = causes.get(cause) ?? { cause, count: 0, ms: 0 };
    causes.set(cause, {
      cause,
      count: found.count + 1,
      ms: found.ms + lengthOf(clip([gap], window)),
    });
  }
  return {
    market,
    recordedMs,
    coveredMs: recordedMs - missing,
    percent: recordedMs === 0 ? 0 : ((recordedMs - missing) / recordedMs) * 100,
    frames: counts?.frames ?? 0,
    changed: counts?.changed ?? 0,
    repeats: counts?.repeats ?? 0,
    longestSilenceMs: counts?.longestSilenceMs ?? 0,
    gaps: [...causes.values()].sort((a, b) => b.ms - a.ms),
    audits: counts?.audits ?? 0,
    auditDifferences: counts?.auditDifferences ?? 0,
    lateBooks: counts?.lateBooks ?? 0,
  };
}

/** When markets were being recorded within a window. */
export async function spansOf(client: Client, { start, end }: Interval, now: number) {
  const rows = await client.recordingSpan.findMany({
    where: { start: { lt: end }, OR: [{ end: null }, { end: { gt: start } }] },
    orderBy: [{ marketId: 'asc' }, { start: 'asc' }],
  });
  return rows.map(({ marketId, ...span }) => {
    return { marketId, start: Number(span.start), end: Number(span.end ?? now) };
  });
}

/** The gaps that overlap a window; open ones last to its end. */
export async function gapsOf(client: Client, { start, end }: Interval) {
  // Two statements, each of which uses the index on the end.
  const select = { id: true, marketId: true, start: true, end: true, cause: true } as const;
  const ended = client.gap.findMany({ where: { end: { gt: start }, start: { lt: end } }, select });
  const open = client.gap.findMany({ where: { end: null, start: { lt: end } }, select });
  const rows = [...(await ended), ...(await open)].map((row) => ({
    id: Number(row.id),
    marketId: row.marketId,
    start: Number(row.start),
    end: Number(row.end ?? end),
    cause: row.cause as GapCause,
  }));
  return rows.sort((a, b) => a.start - b.start);
}

/** What was received for each market in a window. */
async function receivedIn(session: Session, from: number, to: number): Promise<Received[]> {
  const rows = await session.rows(sql`
    SELECT market_id, sum(frames), sum(changed), sum(repeats), max(longest_silence_ms), sum(audits),
           sum(audit_differences), sum(late_books)
      FROM coverage WHERE minute >= ${from} AND minute < ${to} GROUP BY market_id`);
  return rows.map((row) => {
    const [marketId, frames, changed, repeats, longestSilenceMs, ...others] = row as Sums;
    const [audits, auditDifferences, lateBooks] = others;
    return {
      ...{ marketId, frames, changed, repeats, longestSilenceMs },
      ...{ audits, auditDifferences, lateBooks },
    };
  });
}

type Sums = [number, number, number, number, number, number, number, number];

import type { Market } from '../market/market.js';
import type { CoverageMinute } from '../market/coverage.js';
import type { ArchivedRecords } from './archived-records.js';
import type { Cell, Session } from './engine/engine.js';
import { type Sql, sql } from './engine/sql.js';
import { marketRows } from './market-rows.js';
import type { Breaks, CoverageTotals, Interval, Page, ReceivedSums } from './reader-types.js';
import { knownUntil } from './silent-since.js';
import type { TimeWindow } from '../market/time-window.js';

/** Length of a record, ms. */
const MINUTE = 60_000;

/** Maximum number of stopped periods listed. */
const MOST_STOPS = 1_000;

/** First and last minute of a range, Unix ms. */
interface MinuteRange {
  readonly start: number;
  readonly end: number;
}

type MinuteRow = [
  ...[minute: number, frames: number, changed: number, repeats: number],
  longestSilenceMs: number,
];

/** Reads what was received for markets and how much of the time they were covered. */
export class CoverageReader {
  readonly #session: Session;
  readonly #archive: ArchivedRecords | null;

  /** @param archive what the database may have deleted; null = none */
  constructor(session: Session, archive: ArchivedRecords | null = null) {
    this.#session = session;
    this.#archive = archive;
  }

  /** Totals of a window. @param now end of an open window, Unix ms */
  async totals(market: Market, window: TimeWindow, now: number): Promise<CoverageTotals> {
    const id = await this.#marketId(market);
    const hot = id === null ? [] : await this.#spans(id, now);
    const older = await this.#archive?.recordedFrom(market);
    const first = Math.min(hot[0]?.start ?? Infinity, older ?? Infinity);
    const recordedFrom = first === Infinity ? null : first;
    const to = Math.min(window.to ?? now, now);
    const from = Math.min(window.from ?? recordedFrom ?? to, to);
    const spans = await this.#withArchived(hot, market, { from, to });
    const recorded = clip(spans, { start: from, end: to });
    const gaps = await this.#allGaps(id, market, { from, to });
    const missing = recorded.reduce((sum, span) => sum + lengthOf(clip(gaps, span)), 0);
    const recordedMs = lengthOf(recorded);
    const since = { start: Math.max(from, recordedFrom ?? to), end: to };
    return {
      recordedFrom,
      stopped: between(recorded, since).slice(0, MOST_STOPS),
      from,
      to,
      recordedMs,
      coveredMs: recordedMs - missing,
      ...(await this.#allSums(id, market, from, to)),
    };
  }

  /** Spans of the database and the archive, by start; they may overlap. */
  async #withArchived(
    hot: readonly Interval[],
    market: Market,
    window: TimeWindow,
  ): Promise<Interval[]> {
    const older = (await this.#archive?.recordings(market, window)) ?? [];
    return [...hot, ...older].sort((a, b) => a.start - b.start);
  }

  /** Gaps of both, by start; they may overlap. A missing archive day is one. */
  async #allGaps(
    id: number | null,
    market: Market,
    window: Required<TimeWindow>,
  ): Promise<Interval[]> {
    const { exchange, ...pair } = market;
    const { from, to } = window as { from: number; to: number };
    const hot = id === null ? [] : await this.#gaps(id, { start: from, end: to });
    const older = (await this.#archive?.gaps(exchange, pair, window)) ?? [];
    const ended = older.map(({ value: { start, end } }) => ({ start, end: end ?? to }));
    return [...hot, ...ended].sort((a, b) => a.start - b.start);
  }

  /** What was received for a market, in the database and before. */
  async #allSums(
    id: number | null,
    market: Market,
    from: number,
    to: number,
  ): Promise<ReceivedSums> {
    const hot = await this.#sums(id, from, to);
    if (this.#archive === null) return hot;
    const older = await this.#archive.minuteSums(
      market,
      Math.floor(from / MINUTE) * MINUTE,
      Math.min(to, await this.#firstMinute()),
    );
    return {
      frames: hot.frames + older.frames,
      changed: hot.changed + older.changed,
      repeats: hot.repeats + older.repeats,
      longestSilenceMs: Math.max(hot.longestSilenceMs, older.longestSilenceMs),
    };
  }

  /** The first minute with records in the database; Infinity without any. */
  async #firstMinute(): Promise<number> {
    const [row] = await this.#session.rows(sql`SELECT min(minute) FROM coverage`);
    return (row![0] as number | null) ?? Infinity;
  }

  /** Records of the minutes that overlap a window, oldest first, after minute `after`. */
  async minutes(
    market: Market,
    window: TimeWindow,
    after: number | undefined,
    limit: number,
  ): Promise<Page<CoverageMinute>> {
    const begin = Math.floor((window.from ?? 0) / MINUTE) * MINUTE;
    const start = after === undefined ? begin : Math.max(begin, after + MINUTE);
    const older =
      (await this.#archive?.minutes(
        market,
        start,
        Math.min(window.to ?? Infinity, await this.#firstMinute()),
        limit + 1,
      )) ?? [];
    if (older.length > limit) return { items: older.slice(0, limit), more: true };
    const { items, more } = await this.#hotMinutes(market, window, after, limit - older.length);
    return { items: [...older, ...items], more };
  }

  async #hotMinutes(
    market: Market,
    window: TimeWindow,
    after: number | undefined,
    limit: number,
  ): Promise<Page<CoverageMinute>> {
    const id = await this.#marketId(market);
    const range = id === null ? null : await this.#range(window.from, window.to, after);
    if (id === null || range === null) return { items: [], more: false };
    const rows = await this.#session.rows(sql`
      ${this.#minutesOf(range)}
      SELECT minute, frames, changed, repeats, longest_silence_ms
        FROM minutes ${this.#session.dialect.thenJoin} coverage
          ON minute = at AND market_id = ${id} AND frames > 0
       ${this.#session.dialect.thenOrder('at')} LIMIT ${limit + 1}`);
    const items = rows.slice(0, limit).map((row) => {
      const [minute, frames, changed, repeats, longestSilenceMs] = row as MinuteRow;
      return { market, minute, frames, changed, repeats, longestSilenceMs };
    });
    return { items, more: rows.length > limit };
  }

  /** When a market was not covered, or stopped. @param now end of what is ongoing, Unix ms */
  async breaks(marketId: number, window: TimeWindow, now: number): Promise<Breaks> {
    const end = Math.min(window.to ?? now, now);
    const spans = await this.#spans(marketId, now);
    return {
      spans: clip(spans, { start: window.from ?? 0, end }),
      gaps: await this.#gaps(marketId, { start: window.from ?? 0, end }),
      stops: spans.map((span) => span.end).filter((stop) => stop < end),
    };
  }

  async #sums(id: number | null, from: number, to: number) {
    const range = id === null || from >= to ? null : await this.#range(from, to, undefined);
    if (id === null || range === null) {
      return { frames: 0, changed: 0, repeats: 0, longestSilenceMs: 0 };
    }
    const [row] = await this.#session.rows(sql`
      ${this.#minutesOf(range)}
      SELECT coalesce(sum(frames), 0), coalesce(sum(changed), 0), coalesce(sum(repeats), 0),
             coalesce(max(longest_silence_ms), 0)
        FROM minutes ${this.#session.dialect.thenJoin} coverage ON minute = at AND market_id = ${id}`);
    const [frames, changed, repeats, longestSilenceMs] = row as [number, number, number, number];
    return { frames, changed, repeats, longestSilenceMs };
  }

  /** The minutes of a range as a table expression. */
  #minutesOf({ start, end }: MinuteRange): Sql {
    const { integer } = this.#session.dialect;
    return sql`WITH RECURSIVE minutes(at) AS (
        SELECT ${integer(start)} UNION ALL SELECT at + ${MINUTE} FROM minutes WHERE at < ${end})`;
  }

  /** Bounds of a window's minutes after minute `after` that have records of any market; null if there are none. */
  async #range(
    from: number | undefined,
    to: number | undefined,
    after: number | undefined,
  ): Promise<MinuteRange | null> {
    const [known] = await this.#session.rows(sql`
      SELECT (SELECT min(minute) FROM coverage), (SELECT max(minute) FROM coverage)`);
    const [first, last] = known as [number | null, number | null];
    if (first === null || last === null) return null;
    const begin = Math.floor((from ?? 0) / MINUTE) * MINUTE;
    const start = Math.max(first, begin, after === undefined ? 0 : after + MINUTE);
    const end = Math.min(last, to === undefined ? Infinity : to - 1);
    return start > end ? null : { start, end: Math.floor(end / MINUTE) * MINUTE };
  }

  async #marketId({ exchange, symbol, currency }: Market): Promise<number | null> {
    const choice = { exchanges: [exchange], symbol, currency };
    return (await marketRows(this.#session, choice))[0]?.id ?? null;
  }

  /** When the market was recorded, gaps included; the last span may last until `now`, if known that far. */
  async #spans(marketId: number, now: number): Promise<Interval[]> {
    const rows = await this.#session.rows(
      sql`SELECT start, "end" FROM recording_span WHERE market_id = ${marketId} ORDER BY start`,
    );
    return intervalsOf(rows, await knownUntil(this.#session, now));
  }

  /** The market's gaps that overlap a window, by start; an open one ends at Infinity. */
  async #gaps(marketId: number, window: Interval): Promise<Interval[]> {
    const rows = await this.#session.rows(sql`
      SELECT start, "end" FROM gap
       WHERE market_id = ${marketId} AND start < ${window.end}
         AND ("end" IS NULL OR "end" > ${window.start}) ORDER BY start`);
    return intervalsOf(rows, Infinity);
  }
}

/** Rows of a start and an end. @param open replaces a missing end */
function intervalsOf(rows: Cell[][], open: number): Interval[] {
  return (rows as [number, number | null][]).map(([start, end]) => ({ start, end: end ?? open }));
}

/** The parts of `intervals` (by start, may overlap) within `window`, merged where they overlap. */
export function clip(intervals: readonly Interval[], window: Interval): Interval[] {
  const parts: Interval[] = [];
  let reached = window.start;
  for (const interval of intervals) {
    const start = Math.max(interval.start, reached);
    const end = Math.min(interval.end, window.end);
    if (start >= end) continue;
    parts.push({ start, end });
    reached = end;
  }
  return parts;
}

/** Total length, ms. */
export function lengthOf(intervals: readonly Interval[]): number {
  return intervals.reduce((sum, { start, end }) => sum + end - start, 0);
}

/** The parts of `window` outside `intervals`, which are disjoint and sorted by start. */
function between(intervals: readonly Interval[], window: Interval): Interval[] {
  const parts: Interval[] = [];
  let { start } = window;
  for (const interval of intervals) {
    if (interval.start > start) parts.push({ start, end: interval.start });
    start = Math.max(start, interval.end);
  }
  if (start < window.end) parts.push({ start, end: window.end });
  return parts;
}

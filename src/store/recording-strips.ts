import { type Exchange, EXCHANGES } from '../market/exchange.js';
import type { GapCause } from '../market/gap.js';
import type { RecordingStrip } from '../market/recording-strip.js';
import type { Client } from './engine/engine.js';
import { type Market, marketKey } from '../market/market.js';
import type { ArchivedRecords } from './archived-records.js';
import { clip } from './coverage.js';
import { gapsOf, spansOf } from './day-report.js';
import type { Interval } from './reader-types.js';

/** Totals of an exchange. */
interface Sums {
  readonly recorded: Float64Array;
  readonly missing: Float64Array;
  readonly gaps: Uint32Array;
  readonly causes: Map<GapCause, { cause: GapCause; count: number; ms: number }>;
}

/** What is known about a market in a window. */
interface Known {
  readonly exchange: Exchange;
  readonly spans: Interval[];
  /** By id: the database may still have what the archive has. */
  readonly gaps: Map<number, Interval & { readonly cause: GapCause }>;
}

/** What the database and the archive know about each market known to either. */
async function known(
  client: Client,
  archive: ArchivedRecords | null,
  window: Interval,
  now: number,
): Promise<Iterable<Known>> {
  const markets = new Map<string, Known>();
  const of = ({ exchange, symbol, currency }: Market): Known => {
    const key = marketKey({ exchange, symbol, currency });
    let found = markets.get(key);
    if (found === undefined) markets.set(key, (found = { exchange, spans: [], gaps: new Map() }));
    return found;
  };
  const select = { id: true, exchangeName: true, symbol: true, currency: true } as const;
  const ofId = new Map<number, Known>();
  const [spans, gaps] = [await spansOf(client, window, now), await gapsOf(client, window)];
  for (const { id, exchangeName, ...pair } of await client.market.findMany({ select })) {
    ofId.set(id, of({ exchange: exchangeName as Exchange, ...pair }));
  }
  if (archive !== null) {
    const { start: from, end: to } = window;
    for (const { market, ...span } of await archive.allRecordings({ from, to })) {
      of(market).spans.push(span);
    }
    for (const { id, value } of await archive.gaps(undefined, {}, { from, to })) {
      const { market, start, end, cause } = value;
      // A gap that merely borders on the window is not in it.
      if ((end ?? to) > from) of(market).gaps.set(id, { start, end: end ?? to, cause });
    }
  }
  for (const { marketId, ...span } of spans) ofId.get(marketId)?.spans.push(span);
  for (const { id, marketId, ...gap } of gaps) ofId.get(marketId)?.gaps.set(id, gap);
  return markets.values();
}

/**
 * How each exchange was recorded over a window, in `count` slots.
 * @param archive what the database may have deleted; null = none
 * @param now end of what is ongoing, Unix ms
 */
export async function recordingStrips(
  client: Client,
  archive: ArchivedRecords | null,
  { start, end }: Interval,
  count: number,
  now: number,
): Promise<RecordingStrip[]> {
  const window = { start, end };
  const length = (end - start) / count;
  const sums = Object.fromEntries(EXCHANGES.map((e) => [e, emptySums(count)])) as Record<
    Exchange,
    Sums
  >;
  const byStart = (a: Interval, b: Interval): number => a.start - b.start;
  for (const { exchange, spans, gaps } of await known(client, archive, window, now)) {
    const into = sums[exchange];
    const found = [...gaps.values()].sort(byStart);
    for (const span of clip(spans.sort(byStart), window)) {
      spread(into.recorded, span, start, length);
      for (const missing of clip(found, span)) spread(into.missing, missing, start, length);
    }
    for (const gap of found) {
      const inside = { start: Math.max(gap.start, start), end: Math.min(gap.end, end) };
      const first = slotOf(inside.start, start, length, count);
      const last = slotOf(Math.max(inside.start, inside.end - 1), start, length, count);
      for (let slot = first; slot <= last; slot++) into.gaps[slot]!++;
      const { cause } = gap;
      const sum = into.causes.get(cause) ?? { cause, count: 0, ms: 0 };
      const ms = sum.ms + Math.max(0, inside.end - inside.start);
      into.causes.set(cause, { cause, count: sum.count + 1, ms });
    }
  }
  const begins = await firstRecorded(client);
  for (const [exchange, first] of (await archive?.firstRecorded()) ?? []) {
    begins.set(exchange, Math.min(first, begins.get(exchange) ?? Infinity));
  }
  return EXCHANGES.map((exchange) => {
    const { recorded, missing, gaps: touching, causes } = sums[exchange];
    return {
      exchange,
      from: start,
      to: end,
      recordedFrom: begins.get(exchange) ?? null,
      slots: [...recorded].map((recordedMs, slot) => ({
        at: Math.round(start + slot * length),
        recordedMs: Math.round(recordedMs),
        coveredMs: Math.round(recordedMs - missing[slot]!),
        gaps: touching[slot]!,
      })),
      causes: [...causes.values()].sort((a, b) => b.ms - a.ms),
    };
  });
}

function emptySums(count: number): Sums {
  return {
    recorded: new Float64Array(count),
    missing: new Float64Array(count),
    gaps: new Uint32Array(count),
    causes: new Map(),
  };
}

function slotOf(time: number, from: number, length: number, count: number): number {
  return Math.min(count - 1, Math.max(0, Math.floor((time - from) / length)));
}

/** Adds an interval within the window to the slots that it overlaps. */
function spread(slots: Float64Array, { start, end }: Interval, from: number, length: number): void {
  let slot = slotOf(start, from, length, slots.length);
  for (let at = start; at < end; slot++) {
    const until = slot === slots.length - 1 ? end : Math.min(end, from + (slot + 1) * length);
    slots[slot]! += until - at;
    at = until;
  }
}

async function firstRecorded(client: Client): Promise<Map<Exchange, number>> {
  const rows = await client.$queryRaw<{ exchange: Exchange; start: bigint }[]>`
    SELECT market.exchange AS exchange, min(recording_span.start) AS start
      FROM recording_span JOIN market ON market.id = recording_span.market_id
     GROUP BY market.exchange`;
  return new Map(rows.map(({ exchange, start }) => [exchange, Number(start)]));
}

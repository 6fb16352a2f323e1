import { type Exchange, EXCHANGES } from '../market/exchange.js';
import type { GapCause } from '../market/gap.js';
import type { RecordingStrip } from '../market/recording-strip.js';
import type { Client } from './engine/engine.js';
import { clip, type Interval } from './coverage.js';
import { byMarket, gapsOf, spansOf } from './day-report.js';

/** What is summed up of an exchange. */
interface Sums {
  readonly recorded: Float64Array;
  readonly missing: Float64Array;
  readonly gaps: Uint32Array;
  readonly causes: Map<GapCause, { cause: GapCause; count: number; ms: number }>;
}

/**
 * How each exchange was recorded over a window, in `count` parts.
 * @param now end of what goes on, Unix ms
 */
export async function recordingStrips(
  client: Client,
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
  const spans = byMarket(await spansOf(client, window, now));
  const gaps = byMarket(await gapsOf(client, window));
  const markets = await client.market.findMany({ select: { id: true, exchangeName: true } });
  for (const { id, exchangeName } of markets) {
    const into = sums[exchangeName as Exchange];
    const found = gaps.get(id) ?? [];
    for (const span of clip(spans.get(id) ?? [], window)) {
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

/** Adds an interval inside the window to the slots that it touches. */
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

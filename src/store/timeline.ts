import type { Session } from './engine/engine.js';
import { sql } from './engine/sql.js';
import type { TimeWindow } from '../market/time-window.js';

/** Sequences from `low` to `high`, both inclusive. */
export interface SequenceRange {
  readonly low: number;
  readonly high: number;
}

/** A run of sequences in which timestamps never fall. */
interface Segment extends SequenceRange {
  /** No timestamp in it is below / above these, Unix ms. */
  readonly min: number;
  readonly max: number;
}

/**
 * Maps time to sequence. Sequences are assigned in order of receipt, so timestamps rise with them,
 * except where the clock was set back; those places are in `clock_step` and divide the sequences
 * into segments. Within one, a time is found by bisection over the row numbers: no index on the
 * time.
 */
export class Timeline {
  readonly #session: Session;
  #steps: { sequence: number; fromMs: number; toMs: number }[] = [];

  constructor(session: Session) {
    this.#session = session;
  }

  /**
   * A sequence above all books with a timestamp up to `at`; null when there is none at all. Books
   * up to it may be after `at` only where the clock was set back.
   */
  async boundAt(at: number): Promise<number | null> {
    const segments = await this.#segments();
    // The last segment that reaches down to `at` has the highest such sequence, or earlier ones do.
    const segment = segments.findLast(({ min }) => min <= at);
    if (segment === undefined) return null;
    if (segment.max <= at) return segment.high;
    return (await this.#lowerBound(segment, at + 1)) - 1;
  }

  /** Exactly the sequences of a window's books, ascending, whatever the clock did. */
  async ranges(window: TimeWindow): Promise<SequenceRange[]> {
    const from = window.from ?? -Infinity;
    const to = window.to ?? Infinity;
    const ranges: SequenceRange[] = [];
    for (const segment of await this.#segments()) {
      if (segment.max < from || segment.min >= to) continue;
      const low = segment.min >= from ? segment.low : await this.#lowerBound(segment, from);
      const open = to === Infinity || segment.max < to;
      const high = open ? segment.high : (await this.#lowerBound(segment, to)) - 1;
      if (low > high) continue;
      const last = ranges.at(-1);
      if (last !== undefined && last.high + 1 === low) {
        ranges[ranges.length - 1] = { low: last.low, high };
      } else ranges.push({ low, high });
    }
    return ranges;
  }

  /** All segments, oldest first. The last one ends with the newest book. */
  async #segments(): Promise<Segment[]> {
    const [bounds] = await this.#session.rows(sql`
      SELECT (SELECT min(sequence) FROM book), (SELECT max(sequence) FROM book),
             (SELECT max(sequence) FROM clock_step)`);
    const [first, last, step] = bounds!;
    if (first === null || last === null) return [];
    if (Number(step ?? 0) > (this.#steps.at(-1)?.sequence ?? 0)) await this.#loadSteps();
    const segments: Segment[] = [];
    let low = Number(first);
    let min = -Infinity;
    for (const step of this.#steps) {
      if (step.sequence > Number(last)) break;
      if (step.sequence > low) {
        segments.push({ low, high: step.sequence - 1, min, max: step.fromMs });
      }
      low = Math.max(low, step.sequence);
      min = step.toMs;
    }
    // Open-ended in time: the clock only rises from here on.
    segments.push({ low, high: Number(last), min, max: Infinity });
    return segments;
  }

  async #loadSteps(): Promise<void> {
    const rows = await this.#session.rows(sql`
      SELECT sequence, from_ms, to_ms FROM clock_step
       WHERE sequence > ${this.#steps.at(-1)?.sequence ?? 0} ORDER BY sequence`);
    for (const [sequence, fromMs, toMs] of rows as [number, number, number][]) {
      this.#steps.push({ sequence, fromMs, toMs });
    }
  }

  /**
   * A sequence that divides a segment at a time: all its rows below have an earlier timestamp, all
   * others one not before `time`. One statement; some 20 to 40 row look-ups.
   */
  async #lowerBound(segment: Segment, time: number): Promise<number> {
    const { integer } = this.#session.dialect;
    const rows = await this.#session.rows(sql`
      WITH RECURSIVE search(low, high) AS (
        SELECT ${integer(segment.low)}, ${integer(segment.high + 1)}
        UNION ALL
        SELECT CASE WHEN b.timestamp < ${time} THEN b.sequence + 1 ELSE s.low END,
               CASE WHEN b.timestamp < ${time} THEN s.high ELSE (s.low + s.high) / 2 END
          FROM search s
          LEFT JOIN book b ON b.sequence = (
            SELECT p.sequence FROM book p
             WHERE p.sequence >= (s.low + s.high) / 2 AND p.sequence < s.high
             ORDER BY p.sequence LIMIT 1)
         WHERE s.low < s.high
      )
      SELECT low FROM search WHERE low >= high LIMIT 1`);
    return Number(rows[0]![0]);
  }
}

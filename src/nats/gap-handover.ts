import type { BookEvent } from '../bus.js';
import type { Gap } from '../market/gap.js';
import { type Market, marketKey } from '../market/market.js';
import type { OrderBook } from '../market/order-book.js';
import type { Missing } from './kept-items.js';
import type { Before } from './term.js';

/** What a {@link GapHandover} works with. */
interface GapHandoverParts {
  /** How long ended gaps are kept, ms. */
  readonly keepMs: number;
  /** Current time, Unix ms. */
  readonly now: () => number;
  /** The newest book that this node has of a market. */
  readonly current: (market: Market) => OrderBook | undefined;
  /** Writes a gap after everything of its market that waits. */
  readonly write: (gap: Gap) => void;
}

/** The gaps of an exchange at a takeover: the node's own, and those that its predecessor left. */
export class GapHandover {
  readonly #parts: GapHandoverParts;
  /** For each market: the gaps that a successor may need. */
  readonly #own = new Map<string, Gap[]>();
  /** The predecessor's gaps that end with their market's next book, while this node has had none. */
  readonly #inherited = new Map<string, Gap>();
  /** Where gaps begin in the log that began earlier for this node, while another one wrote. */
  readonly #begun = new Map<string, number>();
  /** For each market: its gaps that the log lacks, oldest first, until they are written among the books. */
  readonly #due = new Map<string, Gap[]>();

  constructor(parts: GapHandoverParts) {
    this.#parts = parts;
  }

  /** Keeps a gap of this node. */
  keep(gap: Gap): void {
    const key = marketKey(gap.market);
    const known = (this.#own.get(key) ?? []).filter(({ start }) => start !== gap.start);
    const since = this.#parts.now() - this.#parts.keepMs;
    this.#own.set(key, [...known.filter(({ end }) => end === null || end > since), gap]);
  }

  /** Writes a gap of this node. */
  write(gap: Gap): void {
    const key = gapKey(gap);
    const start = this.#begun.get(key) ?? gap.start;
    if (gap.end !== null) this.#begun.delete(key);
    this.#parts.write({ ...gap, start });
  }

  /**
   * Finds this node's gaps after what the log covers, for {@link writeDue} to write, and ends those that it has
   * left.
   */
  takeOver(
    { aliveAt, own }: Before,
    openGaps: readonly Gap[],
    missing: ReadonlyMap<string, Missing>,
  ): void {
    const known = new Set(openGaps.map((gap) => gapKey(gap)));
    this.#due.clear();
    for (const [key, gaps] of this.#own) {
      const due: Gap[] = [];
      for (const gap of gaps) {
        if (known.has(gapKey(gap))) {
          this.write(gap);
          continue;
        }
        // The book that ended it, or a later one, is in the log already: the previous writer had no
        // gap.
        const market = missing.get(key);
        const next = market === undefined ? null : (market.first?.receivedAt ?? Infinity);
        const early = gap.end !== null && aliveAt !== null && gap.end <= aliveAt;
        if (gap.end !== null && (next === null ? early : gap.end < next)) continue;
        // Of a market whose book behind the gap the writer before did not have, its sign of life says nothing.
        // Nor does its own: it noticed too late that nothing came any more.
        const whole = early || own || aliveAt === null;
        const start = whole ? gap.start : Math.max(gap.start, aliveAt);
        if (gap.end === null) this.#begun.set(gapKey(gap), start);
        due.push({ ...gap, start });
      }
      if (due.length > 0) this.#due.set(key, due);
    }
    this.end(openGaps, aliveAt, missing);
  }

  /**
   * Writes those gaps of a market that ended before its book of a time is written: what was received before a gap
   * must come before it, or it would seem to lie inside.
   * @param until when that book was received, Unix ms
   */
  writeDue(key: string, until: number): void {
    const due = this.#due.get(key) ?? [];
    while (due.length > 0 && (due[0]!.end ?? Infinity) <= until) this.write(due.shift()!);
  }

  /** Writes all that are left, after the kept books. */
  writeRest(): void {
    for (const key of this.#due.keys()) this.writeDue(key, Infinity);
    this.#due.clear();
  }

  /** Ends the gaps that the previous node left, where this node did not have the same gap. */
  end(
    openGaps: readonly Gap[],
    aliveAt: number | null = null,
    missing: ReadonlyMap<string, Missing> = new Map(),
  ): void {
    for (const gap of openGaps) {
      const key = marketKey(gap.market);
      const own = this.#own.get(key) ?? [];
      if (own.some(({ start }) => start === gap.start)) continue;
      // Nothing is left to write: the market has a gap here too, or no book since.
      const end = own.some(({ end: ended }) => ended === null)
        ? aliveAt
        : (missing.get(key)?.first?.event.book ?? this.#parts.current(gap.market))?.timestamp;
      if (end === null || end === undefined) this.#inherited.set(key, gap);
      else this.write({ ...gap, end: Math.max(gap.start, end) });
    }
  }

  /** A market has a book, which ends a gap that the previous node left. */
  endBefore({ book: { market, timestamp } }: BookEvent): void {
    if (this.#inherited.size === 0) return;
    const key = marketKey(market);
    const gap = this.#inherited.get(key);
    if (gap === undefined) return;
    this.#inherited.delete(key);
    this.write({ ...gap, end: Math.max(gap.start, timestamp) });
  }

  /** This node no longer writes. */
  demote(): void {
    this.#begun.clear();
    this.#inherited.clear();
  }
}

function gapKey({ market, start }: Gap): string {
  return `${marketKey(market)} ${start}`;
}

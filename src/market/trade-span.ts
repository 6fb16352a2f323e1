import type { Redate } from './clock-reading.js';
import type { GapCause } from './gap.js';
import type { Market } from './market.js';

/**
 * Completeness of the trades in a time span: `UNPROVEN` everything the stream delivered is stored,
 * but nothing proves that it was complete; `VERIFIED_BY_REST` every trade of the exchange's REST
 * history is stored; `VERIFIED_BY_VOLUME` the exchange's volume of each minute equals the sum of
 * what is stored, digit for digit; `GAP` trades may be missing, and could not be fetched (yet).
 */
export const TRADE_COMPLETENESS = [
  'UNPROVEN',
  'VERIFIED_BY_REST',
  'VERIFIED_BY_VOLUME',
  'GAP',
] as const;

/** See {@link TRADE_COMPLETENESS}. */
export type TradeCompleteness = (typeof TRADE_COMPLETENESS)[number];

/** Completeness of the trades from `start` (inclusive) to `end` (exclusive), Unix ms. */
export interface TradePiece {
  readonly start: number;
  readonly end: number;
  readonly completeness: TradeCompleteness;
  /** Why trades may be missing; null unless it is a gap. */
  readonly cause: GapCause | null;
  /** A detail in words, or null. */
  readonly detail: string | null;
  /** Whether it was checked against the exchange's history, which makes it final. */
  readonly checked: boolean;
}

/** A span of a market's time. A newer statement about part of that time replaces the older one. */
export interface TradeSpan extends TradePiece {
  readonly market: Market;
  /** It applies only to those parts of that time about which nothing is known. */
  readonly ifUnknown?: boolean;
}

/** A newer statement about some time of a market, or a redating of what a wrong clock dated. */
export type TradeSpanChange = TradeSpan | Redate;

/** Time from `start` (inclusive) to `end` (exclusive), Unix ms. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Maximum delay of a trade message, ms. */
export const MOST_LAG_MS = 60_000;

/** What was published on spans of trades may differ from what is stored. */
export interface TradeDoubt {
  /** Of the time since then, Unix ms, what is not stored must be published again. */
  readonly since: number;
  /** Whether no other node has published anything since. */
  readonly own: boolean;
}

/** Time for which trades arrived but could not be kept; for a single trade, its exchange time. */
export interface TradeLoss extends Span {
  readonly market: Market;
  readonly cause: GapCause;
  readonly detail: string | null;
}

/** The parts of pieces, by start, that lie inside a span. */
export function partsIn<T extends Span>(pieces: readonly T[], { start, end }: Span): T[] {
  return pieces.flatMap((piece) => {
    if (piece.end <= start || piece.start >= end) return [];
    return [{ ...piece, start: Math.max(piece.start, start), end: Math.min(piece.end, end) }];
  });
}

/** Cuts a span out of pieces. */
export function without<T extends Span>(pieces: readonly T[], { start, end }: Span): T[] {
  return pieces.flatMap((piece) => {
    if (piece.end <= start || piece.start >= end) return [piece];
    const left = piece.start < start ? [{ ...piece, end: start }] : [];
    return piece.end > end ? [...left, { ...piece, start: end }] : left;
  });
}

/**
 * Pieces, by start, after `piece` has replaced what they said about its time; equal neighbours are merged.
 * @param ifUnknown whether it only fills the parts of its time about which they say nothing
 */
export function laid<T extends TradePiece>(pieces: readonly T[], piece: T, ifUnknown = false): T[] {
  if (piece.start >= piece.end) return [...pieces];
  return ifUnknown ? overlaid([piece], pieces) : overlaid(pieces, [piece]);
}

/**
 * Pieces after newer ones have replaced what they said about their time; equal neighbours are
 * merged.
 * @param older sorted by start and disjoint, as are the newer ones
 */
export function overlaid<T extends TradePiece>(older: readonly T[], newer: readonly T[]): T[] {
  const all = [...newer];
  let first = 0;
  for (const piece of older) {
    let { start } = piece;
    while (first < newer.length && newer[first]!.end <= start) first++;
    for (let i = first; start < piece.end; i++) {
      const over = newer[i];
      const end = Math.min(piece.end, over?.start ?? Infinity);
      if (start < end) all.push({ ...piece, start, end });
      start = over === undefined ? piece.end : Math.max(end, over.end);
    }
  }
  return joined(all.sort((a, b) => a.start - b.start));
}

/**
 * Pieces, by start, after redating or cutting what lies after a time. Checked pieces are in
 * exchange time: they are not moved, and nothing is moved over them.
 */
export function redated<T extends TradePiece>(pieces: readonly T[], { after, byMs }: Redate): T[] {
  const later = { start: after, end: Infinity };
  if (byMs === null) return without(pieces, later);
  const unchecked = pieces.filter(({ checked }) => !checked);
  const moved = partsIn(unchecked, later).map((piece) => {
    return { ...piece, start: piece.start + byMs, end: piece.end + byMs };
  });
  const checked = pieces.filter((piece) => piece.checked);
  return overlaid(overlaid(without(unchecked, later), moved), checked);
}

/** Completeness of the trades at a time. @param pieces sorted by start */
export function completenessAt(pieces: readonly TradePiece[], time: number): TradeCompleteness {
  let [low, high] = [0, pieces.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (pieces[middle]!.end <= time) low = middle + 1;
    else high = middle;
  }
  const piece = pieces[low];
  return piece !== undefined && piece.start <= time ? piece.completeness : 'UNPROVEN';
}

/** Pieces by start, with equal neighbours merged. */
function joined<T extends TradePiece>(pieces: readonly T[]): T[] {
  const result: T[] = [];
  for (const next of pieces) {
    const last = result.at(-1);
    if (last !== undefined && last.end === next.start && sameWord(last, next))
      result[result.length - 1] = { ...last, end: next.end };
    else result.push(next);
  }
  return result;
}

/** Whether two pieces say the same of their times. */
export function sameWord(a: TradePiece, b: TradePiece): boolean {
  return (
    a.completeness === b.completeness &&
    a.cause === b.cause &&
    a.detail === b.detail &&
    a.checked === b.checked
  );
}

import type { Redate } from './clock-reading.js';
import type { GapCause } from './gap.js';
import type { Market } from './market.js';

/**
 * What is known of the trades of a span of time: `UNPROVEN` what the stream brought, and nothing
 * shows that it was all; `VERIFIED_BY_REST` every trade of the exchange's REST history is stored;
 * `VERIFIED_BY_VOLUME` the volume of each minute by the exchange equals the sum of what is stored,
 * digit for digit; `GAP` trades may be missing, and they could not be fetched (yet).
 */
export const TRADE_COMPLETENESS = [
  'UNPROVEN',
  'VERIFIED_BY_REST',
  'VERIFIED_BY_VOLUME',
  'GAP',
] as const;

/** See {@link TRADE_COMPLETENESS}. */
export type TradeCompleteness = (typeof TRADE_COMPLETENESS)[number];

/** What is known of the trades from `start` (included) to `end` (excluded), Unix ms. */
export interface TradePiece {
  readonly start: number;
  readonly end: number;
  readonly completeness: TradeCompleteness;
  /** Why trades may be missing; null where it is no gap. */
  readonly cause: GapCause | null;
  /** Words for people, or null. */
  readonly detail: string | null;
  /** Whether the exchange's history was asked: what is said of the span is final. */
  readonly checked: boolean;
}

/** A piece of the time of a market. A newer word about some of that time replaces the older one. */
export interface TradeSpan extends TradePiece {
  readonly market: Market;
}

/** A newer word about some time of a market, or that what a wrong clock dated is dated again. */
export type TradeSpanChange = TradeSpan | Redate;

/** Time from `start` (included) to `end` (excluded), Unix ms. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Longest delay of a message about a trade, ms. */
export const MOST_LAG_MS = 60_000;

/** A time of which trades came and could not be kept; of a single trade, its own by the exchange. */
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

/** Takes a span out of pieces. */
export function without<T extends Span>(pieces: readonly T[], { start, end }: Span): T[] {
  return pieces.flatMap((piece) => {
    if (piece.end <= start || piece.start >= end) return [piece];
    const left = piece.start < start ? [{ ...piece, end: start }] : [];
    return piece.end > end ? [...left, { ...piece, start: end }] : left;
  });
}

/** Pieces, by start, once `piece` has replaced what they said of its time; neighbours that say the same are one. */
export function laid<T extends TradePiece>(pieces: readonly T[], piece: T): T[] {
  return piece.start < piece.end ? overlaid(pieces, [piece]) : [...pieces];
}

/**
 * Pieces once newer ones have replaced what they said of their time; neighbours that say the same are
 * one.
 * @param older by start and apart from each other, as are the newer ones
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
 * Pieces, by start, once what lies after a time is dated again, or cut there. What was checked is of the
 * exchange's time: that is not moved, and nothing is moved over it.
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

/** What is known of the trades at a time. @param pieces by start */
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

/** Pieces by start, with neighbours that say the same as one. */
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

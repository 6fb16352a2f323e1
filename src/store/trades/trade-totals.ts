import { marketFromKey } from '../../market/market.js';
import type { TradePiece } from '../../market/trade-span.js';
import type { GapTotals, TradeTotals } from '../reader-types.js';
import { addTo, type SpanSums } from './known-spans.js';

/** A trade gap of a market that may continue past midnight. */
interface OpenGap {
  readonly key: string;
  readonly piece: TradePiece;
}

/** Completeness of trades, and where some may be missing. @param days by market, day by day */
export async function tradeTotals(
  days: AsyncIterable<ReadonlyMap<string, readonly TradePiece[]>>,
): Promise<TradeTotals> {
  const ms: SpanSums = {};
  let count = 0;
  let longest: OpenGap | null = null;
  const lengthOf = (gap: OpenGap | null): number =>
    gap === null ? 0 : gap.piece.end - gap.piece.start;
  /** The last gap of each market: parts cut at midnight are one. */
  const open = new Map<string, OpenGap>();
  for await (const known of days) {
    for (const [key, pieces] of known) {
      for (const piece of pieces) {
        addTo(ms, piece);
        if (piece.completeness !== 'GAP') continue;
        const before = open.get(key);
        const goesOn = before?.piece.end === piece.start && before.piece.cause === piece.cause;
        if (!goesOn) count++;
        const gap: OpenGap = {
          key,
          piece: goesOn ? { ...before.piece, end: piece.end } : piece,
        };
        open.set(key, gap);
        if (lengthOf(gap) > lengthOf(longest)) longest = gap;
      }
    }
  }
  return { ms, gaps: totals(count, longest) };
}

function totals(count: number, longest: OpenGap | null): GapTotals {
  if (longest === null) return { count, longest: null, longestMs: 0 };
  const { start, end, cause, detail } = longest.piece;
  const market = marketFromKey(longest.key);
  const gap = { market, start, end, cause: cause ?? 'UNREACHED', detail, attempts: 0 };
  return { count, longest: gap, longestMs: end - start };
}

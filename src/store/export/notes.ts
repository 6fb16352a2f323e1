import { pairText } from '../../market/market.js';
import { TRADE_COMPLETENESS } from '../../market/trade-span.js';
import type { ExportOptions, GapTotals, StoreReader, TradeTotals } from '../reader-types.js';

/** Whether an export is about trades, or their gaps. */
export function isOfTrades({ shape, of }: Pick<ExportOptions, 'shape' | 'of'>): boolean {
  return shape === 'trades' || of === 'trades';
}

/** Completeness of an export's trades, `VERIFIED_BY_REST=86400000, GAP=1200`, in ms. */
export function completenessText({ ms }: Pick<TradeTotals, 'ms'>): string {
  const parts = TRADE_COMPLETENESS.flatMap((word) => {
    const length = ms[word] ?? 0;
    return length === 0 ? [] : [`${word}=${length}`];
  });
  return parts.join(', ');
}

/** The gaps that overlap the window of an export, over all its exchanges. */
export async function gapsOfExport(
  reader: Pick<StoreReader, 'gapTotals'>,
  { exchanges, symbol, currency, from, to }: ExportOptions,
): Promise<GapTotals> {
  let sum: GapTotals = { count: 0, longest: null, longestMs: 0 };
  for (const exchange of exchanges) {
    const one = await reader.gapTotals({ exchange, symbol, currency, from, to });
    const { longest, longestMs } =
      sum.longest === null || one.longestMs > sum.longestMs ? one : sum;
    sum = { count: sum.count + one.count, longest, longestMs };
  }
  return sum;
}

/** The note on the time for which no gap can be known yet. @param since `silentSince` of a reader */
export function silenceNote(since: number): string {
  return `the recorder has not run since ${new Date(since).toISOString()}; the time from then on becomes a gap when it starts again`;
}

/** The note when no trade of the selected markets was ever stored; otherwise null. */
export async function tradesNote(
  reader: Pick<StoreReader, 'hasTrades'>,
  options: ExportOptions,
): Promise<string | null> {
  if (await reader.hasTrades(options)) return null;
  const { exchanges, symbol = '*', currency = '*' } = options;
  const wanted = pairText({ symbol, currency });
  return `no trade of ${exchanges.join(',')}:${wanted} is stored; trades are recorded if CHANNELS contains trade`;
}

/** A line's points in order of time: Unix seconds, and prices for drawing only; null breaks it. */
export type Line = [times: number[], prices: (number | null)[]];

/**
 * Prices at some moments, broken where a gap begins, however short.
 * @param points by time, `at` Unix ms.
 * @param gapStarts Unix ms
 */
export function lineWithGaps(
  points: readonly { readonly at: number; readonly price: number | null }[],
  gapStarts: readonly number[],
): Line {
  const first = points[0]?.at ?? Infinity;
  const last = points.at(-1)?.at ?? -Infinity;
  const breaks = gapStarts
    .filter((at) => at >= first && at <= last)
    .map((at) => ({ at, price: null }));
  const all = [...points, ...breaks].sort((a, b) => a.at - b.at);
  return [all.map(({ at }) => at / 1000), all.map(({ price }) => price)];
}

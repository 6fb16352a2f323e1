/**
 * Which side the volume at the touch is on: (bid - ask) ÷ (bid + ask), from -1 to 1. A ratio of two
 * volumes, not a price or a volume: a floating point number.
 */
export function imbalanceOf(bidVolume: string, askVolume: string): number {
  const bid = Number(bidVolume);
  const ask = Number(askVolume);
  return (bid - ask) / (bid + ask);
}

/** What may be recorded for a market. */
export const CHANNELS = ['orderbook', 'trade'] as const;

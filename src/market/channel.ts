/** What may be recorded of a market. */
export const CHANNELS = ['orderbook', 'trade'] as const;

import type { MarketSize } from '../full/market-size.js';

/** How large and how busy GOPAX is. */
export const GOPAX_SIZE: MarketSize = {
  // By its market list.
  counts: { KRW: 111, USDC: 11 },
  // The fifty busiest pairs were measured at 5.6 to 10 a second.
  total: 12,
  most: 2,
  quiet: 0.5,
  measured: { 'USDT-KRW': 0.01 },
  rhythm: {},
  framePerLevel: true,
};

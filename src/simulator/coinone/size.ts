import type { MarketSize } from '../full/market-size.js';

/** How large and how busy Coinone is. */
export const COINONE_SIZE: MarketSize = {
  counts: { KRW: 363 },
  total: 220,
  most: 4.2,
  // 92 to 106 of 363 sent only their first frame in 60 s.
  quiet: 0.25,
  measured: { 'BTC-KRW': 4.2, 'XRP-KRW': 2.5 },
  rhythm: { gapMs: 20 },
};

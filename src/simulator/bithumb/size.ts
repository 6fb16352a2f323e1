import type { MarketSize } from '../full/market-size.js';

/** How large and how busy Bithumb is. */
export const BITHUMB_SIZE: MarketSize = {
  counts: { KRW: 480, BTC: 13 },
  thinCoins: true,
  total: 950,
  most: 12,
  // 31 to 37 of 493.
  quiet: 0.03,
  measured: { 'BTC-KRW': 10, 'ETH-KRW': 9.2, 'ETH-BTC': 12, 'USDT-KRW': 2.4 },
  rhythm: { gapMs: 55 },
};

import type { MarketSize } from '../full/market-size.js';

/** How large and how busy Upbit is. */
export const UPBIT_SIZE: MarketSize = {
  counts: { KRW: 289, BTC: 328, USDT: 238 },
  thinCoins: true,
  total: 790,
  most: 9.5,
  // Together with the slow ones among the rest: 181 to 191 of 855 codes sent nothing in 30 to 40 s.
  quiet: 0.19,
  measured: { 'BTC-KRW': 5.7, 'ETH-KRW': 4.8, 'XRP-KRW': 9.2, 'ETH-BTC': 9, 'BTC-USDT': 4 },
  rhythm: { gridMs: 100 },
};

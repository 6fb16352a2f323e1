import type { MarketSize } from '../full/market-size.js';

/** How large and how busy Korbit is. */
export const KORBIT_SIZE: MarketSize = {
  // By its market list.
  counts: { KRW: 193 },
  stopped: 34,
  total: 150,
  most: 3,
  quiet: 0.1,
  measured: { 'BTC-KRW': 2.7, 'USDT-KRW': 1.5 },
  rhythm: { gapMs: 91 },
};

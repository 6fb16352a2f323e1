import type { Exchange } from '../market/exchange.js';
import { bithumbRest, bithumbWs } from './exchange/bithumb.js';
import { coinone } from './exchange/coinone.js';
import { gopax } from './exchange/gopax.js';
import { korbit } from './exchange/korbit.js';
import { upbit } from './exchange/upbit.js';
import type { ExchangeAdapter } from './feed.js';

/** The adapter of each exchange, by the transport chosen for Bithumb. */
export function adapters(
  bithumbTransport: 'rest' | 'ws',
): Readonly<Record<Exchange, ExchangeAdapter>> {
  return {
    BITHUMB: bithumbTransport === 'ws' ? bithumbWs : bithumbRest,
    COINONE: coinone,
    GOPAX: gopax,
    KORBIT: korbit,
    UPBIT: upbit,
  };
}

import type { Exchange } from '../../market/exchange.js';
import { bithumbRest, bithumbWs } from './bithumb/adapter.js';
import { coinone } from './coinone/adapter.js';
import { gopax } from './gopax/adapter.js';
import { korbit } from './korbit/adapter.js';
import { upbit } from './upbit/adapter.js';
import type { ExchangeAdapter } from '../feed.js';

/** The adapter of each exchange, given the transport chosen for Bithumb. */
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

import type { Exchange } from '../market/exchange.js';
import { startBithumbSimulator } from './bithumb/server.js';
import { BITHUMB_SIZE } from './bithumb/size.js';
import { startCoinoneSimulator } from './coinone/server.js';
import { COINONE_SIZE } from './coinone/size.js';
import type { MarketSize } from './full/market-size.js';
import { startGopaxSimulator } from './gopax/server.js';
import { GOPAX_SIZE } from './gopax/size.js';
import { startKorbitSimulator } from './korbit/server.js';
import { KORBIT_SIZE } from './korbit/size.js';
import type { Simulator, SimulatorOptions } from './simulator.js';
import { startUpbitSimulator } from './upbit/server.js';
import { UPBIT_SIZE } from './upbit/size.js';

/** A simulated exchange: how it is started, and its size in the whole market. */
interface SimulatorEntry {
  readonly start: (options: SimulatorOptions) => Promise<Simulator>;
  readonly size: MarketSize;
}

/** The simulator of each exchange. */
export const SIMULATORS = {
  BITHUMB: { start: startBithumbSimulator, size: BITHUMB_SIZE },
  COINONE: { start: startCoinoneSimulator, size: COINONE_SIZE },
  GOPAX: { start: startGopaxSimulator, size: GOPAX_SIZE },
  KORBIT: { start: startKorbitSimulator, size: KORBIT_SIZE },
  UPBIT: { start: startUpbitSimulator, size: UPBIT_SIZE },
} satisfies Record<Exchange, SimulatorEntry>;

/** How large and how busy an exchange is. */
export function sizeOf(exchange: Exchange): MarketSize {
  return SIMULATORS[exchange].size;
}

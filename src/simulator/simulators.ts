import type { Exchange } from '../market/exchange.js';
import { startBithumbSimulator, type BithumbSimulator } from './bithumb/server.js';
import { startCoinoneSimulator } from './coinone/server.js';
import { startControl, type Control } from './control.js';
import { FullMarket } from './full/full-market.js';
import { stoppedPairs } from './full/market-list.js';
import { startGopaxSimulator } from './gopax/server.js';
import { startKorbitSimulator } from './korbit/server.js';
import { parsePair } from './book/market-profile.js';
import { type Simulator, type SimulatorOptions } from './simulator.js';
import { startUpbitSimulator, type UpbitSimulator } from './upbit/server.js';

/** How to start all five. */
export interface SimulatorsOptions {
  seed?: number;
  /** See {@link SimulatorOptions.rate}; in the full market the factor on its measured frame rates. */
  rate?: number;
  /**
   * `small` (default): a handful of markets an exchange, each with a life of its own; `full`: all
   * that the exchanges list, at their measured frame rates and made to cost little, see full-market.ts.
   */
  market?: 'small' | 'full';
  /** Pairs listed; each exchange takes those in its own quote currencies. Default: its own list. */
  pairs?: readonly string[];
  /** Also open the control port, see control.ts. Default false. */
  control?: boolean;
  /** Ports `portBase` (Upbit) to `portBase + 4` (GOPAX), control on `portBase + 5`. Default: free ports. */
  portBase?: number;
  /** See {@link SimulatorOptions.limits}. */
  limits?: boolean;
  /** See {@link SimulatorOptions.ledger}. */
  ledger?: number;
}

/** All five simulated exchanges, running. */
export interface Simulators {
  readonly all: Simulator[];
  readonly upbit: UpbitSimulator;
  readonly bithumb: BithumbSimulator;
  readonly coinone: Awaited<ReturnType<typeof startCoinoneSimulator>>;
  readonly korbit: Awaited<ReturnType<typeof startKorbitSimulator>>;
  readonly gopax: Awaited<ReturnType<typeof startGopaxSimulator>>;
  /** The ten `*_WS_URL` and `*_REST_URL` variables. */
  readonly env: Record<string, string>;
  readonly controlUrl?: string;
  /** Set when `market` is `full`. */
  readonly full?: FullMarket;
  close(): Promise<void>;
}

/** Currencies in which each exchange quotes its markets. */
const QUOTES: Readonly<Record<Exchange, readonly string[]>> = {
  UPBIT: ['KRW', 'BTC', 'USDT'],
  BITHUMB: ['KRW', 'BTC'],
  COINONE: ['KRW'],
  KORBIT: ['KRW'],
  GOPAX: ['KRW', 'USDC'],
};

/** Order of the ports. */
const ORDER: readonly Exchange[] = ['UPBIT', 'BITHUMB', 'COINONE', 'KORBIT', 'GOPAX'];

/** Starts all five; when one cannot start, the others are closed again and its error is thrown. */
export async function startSimulators(options: SimulatorsOptions = {}): Promise<Simulators> {
  const started: { close(): Promise<void> }[] = [];
  const keep = async <S extends { close(): Promise<void> }>(starting: Promise<S>): Promise<S> => {
    const simulator = await starting;
    started.push(simulator);
    return simulator;
  };
  const full = options.market === 'full' ? new FullMarket(options) : undefined;
  const close = async (): Promise<void> => {
    full?.close();
    await Promise.all(started.map((one) => one.close()));
  };
  const settings = (exchange: Exchange): SimulatorOptions => optionsFor(exchange, options, full);
  try {
    const upbit = await keep(startUpbitSimulator(settings('UPBIT')));
    const bithumb = await keep(startBithumbSimulator(settings('BITHUMB')));
    const coinone = await keep(startCoinoneSimulator(settings('COINONE')));
    const stopped = full === undefined ? {} : { stopped: stoppedPairs() };
    const korbit = await keep(startKorbitSimulator({ ...settings('KORBIT'), ...stopped }));
    const gopax = await keep(startGopaxSimulator(settings('GOPAX')));
    const all: Simulator[] = [upbit, bithumb, coinone, korbit, gopax];
    const { portBase } = options;
    const controlPort = portBase === undefined ? 0 : portBase + ORDER.length;
    const control: Control | undefined =
      options.control === true ? await keep(startControl(all, controlPort, full)) : undefined;
    return {
      all,
      upbit,
      bithumb,
      coinone,
      korbit,
      gopax,
      env: Object.assign({}, ...all.map((simulator) => simulator.env)) as Record<string, string>,
      ...(control === undefined ? {} : { controlUrl: control.url }),
      ...(full === undefined ? {} : { full }),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function optionsFor(
  exchange: Exchange,
  options: SimulatorsOptions,
  full: FullMarket | undefined,
): SimulatorOptions {
  const { seed, rate, pairs, portBase, limits, ledger } = options;
  return {
    ...(seed === undefined ? {} : { seed }),
    ...(rate === undefined ? {} : { rate }),
    // Its rate takes the place of the books' own, and its list that of the exchange.
    ...full?.optionsFor(exchange),
    ...(limits === undefined ? {} : { limits }),
    ...(ledger === undefined ? {} : { ledger }),
    ...(portBase === undefined ? {} : { port: portBase + ORDER.indexOf(exchange) }),
    ...(pairs === undefined
      ? {}
      : { pairs: pairs.filter((pair) => QUOTES[exchange].includes(parsePair(pair).currency)) }),
  };
}

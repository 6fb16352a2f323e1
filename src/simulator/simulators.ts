import { EXCHANGES_IN_ORDER, type Exchange } from '../market/exchange.js';
import { startControl, type Control } from './control.js';
import type { BookMaker } from './book/book.js';
import { FullMarket } from './full/full-market.js';
import { parsePair } from './book/market-profile.js';
import { SIMULATORS, sizeOf } from './registry.js';
import { type Simulator, type SimulatorOptions } from './simulator.js';

/** How to start all of them. */
export interface SimulatorsOptions {
  seed?: number;
  /** See {@link SimulatorOptions.rate}; in the full market the factor on its measured frame rates. */
  rate?: number;
  /**
   * `small` (default): a handful of markets an exchange, each changing by itself; `full`: everything
   * the exchanges list, at their measured frame rates and at little cost, see full-market.ts.
   */
  market?: 'small' | 'full';
  /** Pairs listed; each exchange takes those in its own quote currencies. Default: its own list. */
  pairs?: readonly string[];
  /** Also open the control port, see control.ts. Default false. */
  control?: boolean;
  /** Ports from `portBase` (Upbit) on, one for each exchange, then that of control. Default: free ports. */
  portBase?: number;
  /** See {@link SimulatorOptions.host}. */
  host?: string;
  /** See {@link SimulatorOptions.limits}. */
  limits?: boolean;
  /** See {@link SimulatorOptions.ledger}. */
  ledger?: number;
  /** See {@link SimulatorOptions.makeBook}; the full market has its own. */
  makeBook?: BookMaker;
  /** In the full market: trades kept per market. */
  keptTrades?: number;
}

/** The simulator of each exchange, by its name in lower case, with its own faults. */
type ByExchange = {
  readonly [E in Exchange as Lowercase<E>]: Awaited<ReturnType<(typeof SIMULATORS)[E]['start']>>;
};

/** All simulated exchanges, running. */
export interface Simulators extends ByExchange {
  /** In the order of the ports. */
  readonly all: readonly Simulator[];
  /** The `*_WS_URL` and `*_REST_URL` variables of all. */
  readonly env: Record<string, string>;
  readonly controlUrl?: string;
  /** Set when `market` is `full`. */
  readonly full?: FullMarket;
  close(): Promise<void>;
}

/** Starts all, one after the other; when one cannot start, the others are closed again and its error is thrown. */
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
  try {
    const running: Partial<Record<string, Simulator>> = {};
    for (const exchange of EXCHANGES_IN_ORDER) {
      const starting = SIMULATORS[exchange].start(optionsFor(exchange, options, full));
      running[exchange.toLowerCase()] = await keep(starting as Promise<Simulator>);
    }
    const all = Object.values(running) as Simulator[];
    const { portBase } = options;
    const controlPort = portBase === undefined ? 0 : portBase + all.length;
    const control: Control | undefined =
      options.control === true ? await keep(startControl(all, controlPort, full)) : undefined;
    return {
      all,
      ...(running as unknown as ByExchange),
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
  const { seed, rate, pairs, portBase, host, limits, ledger, makeBook } = options;
  return {
    ...(seed === undefined ? {} : { seed }),
    ...(rate === undefined ? {} : { rate }),
    ...(makeBook === undefined ? {} : { makeBook }),
    // Its rate replaces the books' own, and its list that of the exchange.
    ...full?.optionsFor(exchange),
    ...(host === undefined ? {} : { host }),
    ...(limits === undefined ? {} : { limits }),
    ...(ledger === undefined ? {} : { ledger }),
    ...(portBase === undefined ? {} : { port: portBase + EXCHANGES_IN_ORDER.indexOf(exchange) }),
    ...(pairs === undefined
      ? {}
      : { pairs: pairs.filter((pair) => parsePair(pair).currency in sizeOf(exchange).counts) }),
  };
}

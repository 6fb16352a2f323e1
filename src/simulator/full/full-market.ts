import type { Exchange } from '../../market/exchange.js';
import type { BookMaker } from '../book/book.js';
import type { Pacer, SimulatorOptions } from '../simulator.js';
import type { TradePace } from '../trade/trade.js';
import { activityOf } from './activity.js';
import { FramePacer } from './frame-pacer.js';
import { sizeOf } from '../registry.js';
import { fullMarketPairs, stoppedPairs } from './listed-pairs.js';
import { RingBook } from './ring-book.js';

/** How to make the whole market. */
export interface FullMarketOptions {
  /** Default 1. */
  seed?: number;
  /** Factor on the measured frame rates, 0: no frames. Default 1. */
  rate?: number;
  /** Trades of a market that are remembered. Default: one page of most exchanges. */
  keptTrades?: number;
}

/** States of a ring: as many as a market goes through in this many seconds, within limits. */
const RING_SECONDS = 5;
const RING = { least: 4, most: 32 };

/** Trades per order that give about 1,000 trades a second over the whole market. */
const FILLS = 2.6;
/** Default of {@link FullMarketOptions.keptTrades}. */
const KEPT = 500;

/** Rate of a market that is not on the list of the whole market, frames a second. */
const UNLISTED_RATE = 1;

/**
 * All markets of the five exchanges at the rates of September 2026, for load tests: the simulators'
 * own protocols over precomputed books ({@link RingBook}), with one clock for all frames
 * ({@link FramePacer}) instead of separate timers for each book.
 */
export class FullMarket {
  readonly #seed: number;
  readonly #pacer: FramePacer;
  readonly #trades: TradePace;

  constructor(options: FullMarketOptions = {}) {
    this.#seed = options.seed ?? 1;
    this.#trades = { fills: FILLS, kept: options.keptTrades ?? KEPT };
    this.#pacer = new FramePacer(this.#seed, checked(options.rate ?? 1));
  }

  /** Factor on the measured frame rates; 0 pauses all frames of changed books. */
  get rate(): number {
    return this.#pacer.speed;
  }

  /** @throws {RangeError} when it is not a number of 0 or more */
  set rate(rate: number) {
    this.#pacer.speed = checked(rate);
  }

  /** Factor on the trades of a frame; 1: about 1,000 trades a second at the measured frame rates. */
  get tradeRate(): number {
    return this.#trades.fills / FILLS;
  }

  /** @throws {RangeError} when it is not a number of 0 or more */
  set tradeRate(rate: number) {
    this.#trades.fills = FILLS * checked(rate);
  }

  /** What to start the simulator of an exchange with. */
  optionsFor(exchange: Exchange): Required<
    Pick<SimulatorOptions, 'seed' | 'rate' | 'pairs' | 'makeBook' | 'pacer' | 'trades'>
  > & {
    stopped: readonly string[];
  } {
    const { rhythm: spacing, framePerLevel } = sizeOf(exchange);
    const pairs = fullMarketPairs(exchange);
    const rates = activityOf(exchange, pairs, this.#seed);
    const rings = new Map<string, RingBook>();
    const rateOf = (pair: string): number => rates.get(pair) ?? UNLISTED_RATE;
    const makeBook: BookMaker = (pair, spec, seed) => {
      const length = Math.ceil(rateOf(pair) * RING_SECONDS);
      const ring = new RingBook(spec, seed, Math.min(RING.most, Math.max(RING.least, length)));
      rings.set(pair, ring);
      return ring;
    };
    const pacer: Pacer = {
      add: (pair, beat) => {
        const frames = framePerLevel === true ? (rings.get(pair)?.changesPerStep ?? 1) : 1;
        const rhythm = { ...spacing, perSecond: rateOf(pair) / frames };
        this.#pacer.add(`${exchange}:${pair}`, rhythm, beat);
      },
      remove: (pair) => this.#pacer.remove(`${exchange}:${pair}`),
    };
    const stopped = stoppedPairs(exchange);
    return { seed: this.#seed, rate: 0, pairs, stopped, makeBook, pacer, trades: this.#trades };
  }

  /** Ends all frames for good. */
  close(): void {
    this.#pacer.stop();
  }
}

function checked(rate: number): number {
  if (!Number.isFinite(rate) || rate < 0) throw new RangeError('the rate must be 0 or more');
  return rate;
}

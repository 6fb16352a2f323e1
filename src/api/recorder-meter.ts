import type { Bus } from '../bus.js';
import type { CollectorControl } from '../market/collector-control.js';
import { EXCHANGES, type Exchange } from '../market/exchange.js';
import type { Gap, GapCause } from '../market/gap.js';
import { type Market, marketKey } from '../market/market.js';
import type { StoreStats } from '../store/store-types.js';

/** Sampling interval of the counters, ms. */
const SAMPLE_MS = 1_000;
/** Number of samples a rate spans: ten seconds. */
const SAMPLES = 10;

/** Number of past rates kept: one minute. */
const RECENT = 60;

/**
 * The last readings of a counter, from which its rate follows. All counters are read at the same
 * moments.
 */
type Readings = Float64Array;

/** Rates of one exchange, in books a second over the last ten seconds. */
export interface ExchangeRates {
  readonly exchange: Exchange;
  /** Valid books received, repeats included. */
  readonly framesPerSecond: number;
  /** Of those, books that differed from the one before: they are numbered, stored and published. */
  readonly changedPerSecond: number;
}

/** Gaps of one exchange and cause since the server started. */
export interface GapSum {
  readonly exchange: Exchange;
  readonly cause: GapCause;
  /** Number of open gaps. */
  readonly open: number;
  /** Number of closed gaps. */
  readonly closed: number;
  /** Total duration, open gaps up to now, ms. */
  readonly ms: number;
}

/**
 * Rates over the last ten seconds, from the recorder's counters, and the open gaps. Costs about a
 * millisecond a second with two thousand markets.
 */
export class RecorderMeter {
  readonly #control: CollectorControl;
  readonly #stats: () => StoreStats;
  readonly #timer: NodeJS.Timeout;
  readonly #stops: readonly (() => void)[];
  /** When the readings were taken, by `performance.now()`. */
  readonly #at: Readings;
  readonly #stored: Readings;
  readonly #markets = new Map<string, Readings>();
  readonly #frames: Record<Exchange, number>;
  readonly #changedCount: Record<Exchange, number>;
  readonly #changed: Record<Exchange, Readings>;
  /**
   * Open gaps by market, oldest first: a market without a connection may also be in a store gap.
   */
  readonly #openGaps = new Map<string, readonly Gap[]>();
  /** Closed gaps, by exchange and cause. */
  readonly #closedGaps = new Map<string, GapSum>();
  /** Frames a second over all exchanges at each of the last readings, oldest first. */
  readonly #recent: number[] = [];
  /** Index of the newest reading. */
  #slot = 0;

  constructor(bus: Bus, control: CollectorControl, stats: () => StoreStats) {
    this.#control = control;
    this.#stats = stats;
    this.#at = new Float64Array(SAMPLES + 1).fill(performance.now());
    this.#stored = new Float64Array(SAMPLES + 1).fill(stats().storedBooks);
    this.#frames = perExchange(() => 0);
    this.#changedCount = perExchange(() => 0);
    this.#changed = perExchange(() => new Float64Array(SAMPLES + 1));
    this.#stops = [
      bus.books.on(({ book }) => {
        this.#changedCount[book.market.exchange]++;
      }),
      bus.gaps.on((gap) => {
        const key = marketKey(gap.market);
        // Within a market, a gap is identified by its start.
        const open = (this.#openGaps.get(key) ?? []).filter(({ start }) => start !== gap.start);
        if (gap.end === null) open.push(gap);
        else this.#sumUp(this.#closedGaps, gap, 0, gap.end);
        if (open.length > 0) this.#openGaps.set(key, open);
        else this.#openGaps.delete(key);
      }),
    ];
    this.#timer = setInterval(() => this.#sample(), SAMPLE_MS);
    this.#timer.unref();
  }

  /** Stops sampling. */
  close(): void {
    clearInterval(this.#timer);
    for (const stop of this.#stops) stop();
  }

  /** Books a second of a market, repeats included; 0 when nothing is known about it. */
  booksPerSecond(market: Market): number {
    const readings = this.#markets.get(marketKey(market));
    return readings === undefined ? 0 : this.#rate(readings);
  }

  /** The newest open gap of a market, or null. */
  openGap(market: Market): Gap | null {
    return this.#openGaps.get(marketKey(market))?.at(-1) ?? null;
  }

  /** Number of open gaps. */
  get openGaps(): number {
    let count = 0;
    for (const gaps of this.#openGaps.values()) count += gaps.length;
    return count;
  }

  /** Totals of all gaps so far. @param now Unix ms */
  gapSums(now: number): GapSum[] {
    const sums = new Map(this.#closedGaps);
    for (const gaps of this.#openGaps.values()) {
      for (const gap of gaps) this.#sumUp(sums, gap, 1, now);
    }
    return [...sums.values()];
  }

  #sumUp(sums: Map<string, GapSum>, gap: Gap, open: 0 | 1, end: number): void {
    const { exchange } = gap.market;
    const { cause } = gap;
    const key = `${exchange} ${cause}`;
    const sum = sums.get(key) ?? { exchange, cause, open: 0, closed: 0, ms: 0 };
    sums.set(key, {
      exchange,
      cause,
      open: sum.open + open,
      closed: sum.closed + 1 - open,
      ms: sum.ms + Math.max(0, end - gap.start),
    });
  }

  /** Books written a second. */
  get storedPerSecond(): number {
    return this.#rate(this.#stored);
  }

  /** Frames a second over all exchanges in each second of the last minute, oldest first. */
  get recentFramesPerSecond(): readonly number[] {
    return this.#recent;
  }

  /** The rates of all five exchanges. */
  exchangeRates(): ExchangeRates[] {
    return EXCHANGES.map((exchange) => ({
      exchange,
      framesPerSecond: hundredths(this.#frames[exchange]),
      changedPerSecond: this.#rate(this.#changed[exchange]),
    }));
  }

  #sample(): void {
    const { storedBooks } = this.#stats();
    const oldest = (this.#slot + 2) % (SAMPLES + 1);
    const last = this.#slot;
    this.#slot = (this.#slot + 1) % (SAMPLES + 1);
    this.#at[this.#slot] = performance.now();
    this.#stored[this.#slot] = storedBooks;
    const seconds = this.#seconds(oldest);
    for (const exchange of EXCHANGES) {
      this.#frames[exchange] = 0;
      this.#changed[exchange][this.#slot] = this.#changedCount[exchange];
    }
    for (const { market, books } of this.#control.collectors()) {
      const key = marketKey(market);
      let readings = this.#markets.get(key);
      if (readings === undefined) {
        readings = new Float64Array(SAMPLES + 1);
        this.#markets.set(key, readings);
      } else if (books < readings[last]!) {
        // The collector was restarted and counts from zero.
        readings.fill(0);
      }
      readings[this.#slot] = books;
      this.#frames[market.exchange] += (books - readings[oldest]!) / seconds;
    }
    this.#recent.push(hundredths(EXCHANGES.reduce((sum, each) => sum + this.#frames[each], 0)));
    if (this.#recent.length > RECENT) this.#recent.shift();
  }

  #seconds(oldest: number): number {
    return Math.max(0.001, (this.#at[this.#slot]! - this.#at[oldest]!) / 1000);
  }

  #rate(readings: Readings): number {
    const oldest = (this.#slot + 1) % (SAMPLES + 1);
    return hundredths((readings[this.#slot]! - readings[oldest]!) / this.#seconds(oldest));
  }
}

function perExchange<T>(make: () => T): Record<Exchange, T> {
  return Object.fromEntries(EXCHANGES.map((exchange) => [exchange, make()])) as Record<Exchange, T>;
}

function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}

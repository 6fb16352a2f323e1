import type { Peers } from './silence-threshold.js';

/** Used while no market is well known: among random silences hardly one in 10^8 is longer. */
const LEAST_RATIO = 20;
/** Quantile of the ratio among the markets: a few may be odd. */
const SHARE = 0.95;
/** How often it is computed, monotonic ms. */
const REFRESH_MS = 60_000;

/** How irregular the rhythms of an exchange's markets are, learned from those that are well known. */
export class PeerRhythm implements Peers {
  readonly #ratios: () => Iterable<number | null>;
  #ratio = LEAST_RATIO;
  #at = -Infinity;

  /** @param ratios longest silence relative to the usual one, per market; null where unknown */
  constructor(ratios: () => Iterable<number | null>) {
    this.#ratios = ratios;
  }

  get ratio(): number {
    return this.#ratio;
  }

  /** Recomputes it if due. @param now monotonic ms */
  refresh(now: number): void {
    if (now - this.#at < REFRESH_MS) return;
    this.#at = now;
    const known = [...this.#ratios()].filter((ratio) => ratio !== null).sort((a, b) => a - b);
    const typical = known[Math.floor(known.length * SHARE)] ?? known.at(-1) ?? LEAST_RATIO;
    this.#ratio = Math.max(LEAST_RATIO, typical);
  }
}

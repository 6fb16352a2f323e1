import type { Peers } from './silence-threshold.js';

/** Taken while no market is known well: of silences without any pattern hardly one in 10^8 is longer. */
const LEAST_RATIO = 20;
/** Where among the markets the ratio is taken: a few may be odd. */
const SHARE = 0.95;
/** How often it is worked out, monotonic ms. */
const REFRESH_MS = 60_000;

/** How uneven the rhythms of an exchange's markets are, learned from those that are known well. */
export class PeerRhythm implements Peers {
  readonly #ratios: () => Iterable<number | null>;
  #ratio = LEAST_RATIO;
  #at = -Infinity;

  /** @param ratios longest silence by usual one of each market; null where that is not known */
  constructor(ratios: () => Iterable<number | null>) {
    this.#ratios = ratios;
  }

  get ratio(): number {
    return this.#ratio;
  }

  /** Works it out again where it is time. @param now monotonic ms */
  refresh(now: number): void {
    if (now - this.#at < REFRESH_MS) return;
    this.#at = now;
    const known = [...this.#ratios()].filter((ratio) => ratio !== null).sort((a, b) => a - b);
    const typical = known[Math.floor(known.length * SHARE)] ?? known.at(-1) ?? LEAST_RATIO;
    this.#ratio = Math.max(LEAST_RATIO, typical);
  }
}

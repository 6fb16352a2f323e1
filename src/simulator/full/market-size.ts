import type { Rhythm } from './frame-pacer.js';

/**
 * How large and how busy an exchange is: its whole market, as simulated in load tests. From the
 * `size` facts in docs/exchanges, counted and measured on 2026-09-23.
 */
export interface MarketSize {
  /** Markets by quote currency; there are none in other currencies. */
  readonly counts: Readonly<Record<string, number>>;
  /** Further markets on the list with status `stopped`. Default 0. */
  readonly stopped?: number;
  /** Set where books with few orders were seen; elsewhere every book is full on the wire. */
  readonly thinCoins?: true;
  /** Frames a second of all markets together. */
  readonly total: number;
  /** Greatest number of frames a second of one market. */
  readonly most: number;
  /** Share of markets made to send a frame a minute or fewer. */
  readonly quiet: number;
  /** Frames a second of markets that were measured, by `BTC-KRW`. */
  readonly measured: Readonly<Record<string, number>>;
  /** How its frames are spaced, ms. */
  readonly rhythm: Omit<Rhythm, 'perSecond'>;
  /** Set where each changed level is a separate frame. */
  readonly framePerLevel?: true;
}

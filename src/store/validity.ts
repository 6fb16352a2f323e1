import type { Breaks } from './reader-types.js';

/** The moments for which a market's last book holds: none in a gap or after a stop. Moments ascend. */
export class Validity {
  readonly #gaps: Breaks['gaps'];
  readonly #stops: readonly number[];
  #gap = 0;
  #stop = 0;

  constructor({ gaps, stops }: Breaks) {
    this.#gaps = gaps;
    this.#stops = stops;
  }

  /** @param received when the market's last book was received */
  holds(moment: number, received: number): boolean {
    while (this.#gap < this.#gaps.length && this.#gaps[this.#gap]!.end <= moment) this.#gap++;
    const gap = this.#gaps[this.#gap];
    if (gap !== undefined && gap.start < moment) return false;
    while (this.#stop < this.#stops.length && this.#stops[this.#stop]! < received) this.#stop++;
    const stop = this.#stops[this.#stop];
    return stop === undefined || stop >= moment;
  }
}

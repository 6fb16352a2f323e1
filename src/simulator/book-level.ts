import { plainText } from './number-text.js';

/** One resting level. Immutable: a changed level is a new object, so texts may be cached by it. */
export class BookLevel {
  /** Price in units of 1e-8. */
  readonly price: bigint;
  /** Resting volume in units of 1e-8; `0n` in a list of changes means the level is gone. */
  readonly volume: bigint;
  #text: readonly [string, string] | undefined;

  constructor(price: bigint, volume: bigint) {
    this.price = price;
    this.volume = volume;
  }

  /** Canonical decimal text of price and volume; made once and shared, so do not change it. */
  get text(): readonly [price: string, volume: string] {
    return (this.#text ??= [plainText(this.price), plainText(this.volume)]);
  }
}

import { type Pair, pairText } from '../../market/market.js';

/** Pairs whose first books arrive within this time are subscribed for trades together, ms. */
const TOGETHER_MS = 50;

/** Trades of a connection's pairs, where subscribed separately: for each pair once its book has arrived. */
export class TradeSubscriptions {
  readonly #subscribe: (pairs: readonly Pair[]) => void;
  /** Pairs whose trades are subscribed, or about to be. */
  readonly #pairs = new Set<string>();
  #waiting: Pair[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** @param subscribe called with pairs of which some may have been {@link forget forgotten} meanwhile */
  constructor(subscribe: (pairs: readonly Pair[]) => void) {
    this.#subscribe = subscribe;
  }

  /** Whether the trades of a pair are subscribed, or about to be. */
  has(pair: Pair): boolean {
    return this.#pairs.has(pairText(pair));
  }

  /** A book of a pair arrived. @param code the pair as `BTC-KRW` */
  bookCame(code: string, pair: Pair): void {
    if (this.#pairs.has(code)) return;
    this.#pairs.add(code);
    this.#waiting.push(pair);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#subscribe(this.#waiting.splice(0));
    }, TOGETHER_MS);
  }

  /** A pair is no longer carried. */
  forget(pair: Pair): void {
    this.#pairs.delete(pairText(pair));
  }

  /** The connection is gone. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting = [];
    this.#pairs.clear();
  }
}

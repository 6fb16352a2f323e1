import type { Pair } from '../../../market/market.js';

/** A subscribe request awaiting its answer. */
interface Request {
  readonly pairs: readonly Pair[];
  /** The refused request of which this is one half. */
  readonly half: Halved | null;
}

/** A refused request that was split in two. */
interface Halved {
  readonly size: number;
  /** Halves not answered yet. */
  open: number;
  refused: boolean;
}

/** What to do after a refusal. */
export interface AfterRefusal {
  /** Pairs to give up, each with the words of its refusal. */
  readonly refused: readonly { readonly pair: Pair; readonly reason: string }[];
  /** Requests to send in place of the refused one; register them with {@link SubscribeRequests.open}. */
  readonly again: readonly { readonly pairs: readonly Pair[]; readonly half: object | null }[];
  /** Nothing was accepted and nothing is left to try: the connection itself is refused. */
  readonly hopeless: boolean;
}

/**
 * Subscribe requests of one connection, and the judgement of refusals that fail a whole request.
 * Pairs named by the refusal are removed; without a name the request is split until the refused
 * pair stands alone, at most two requests per pair. Two accepted halves show that the size was
 * refused.
 */
export class SubscribeRequests {
  readonly #open = new Map<string, Request>();
  /** Pairs refused individually in words that need not mean the pair. */
  #alone: { pair: Pair; reason: string }[] = [];
  #accepted = false;
  readonly #onTooLarge: (size: number) => void;

  /** @param onTooLarge called with the size of a request that was refused for its size */
  constructor(onTooLarge: (size: number) => void) {
    this.#onTooLarge = onTooLarge;
  }

  /** Starts with a new connection. */
  clear(): void {
    this.#open.clear();
    this.#alone = [];
    this.#accepted = false;
  }

  /** A request is sent. @param half from {@link AfterRefusal.again} */
  open(id: string, pairs: readonly Pair[], half: object | null = null): void {
    this.#open.set(id, { pairs, half: half as Halved | null });
  }

  /** A request was accepted: returns the pairs that are now certain to be refused. */
  accepted(id: string): AfterRefusal['refused'] {
    const request = this.#open.get(id);
    if (request === undefined) return [];
    this.#open.delete(id);
    this.#accepted = true;
    const { half } = request;
    if (half !== null && --half.open === 0 && !half.refused) this.#onTooLarge(half.size);
    return this.#alone.splice(0);
  }

  /**
   * A request was refused.
   * @param names whether the words of the refusal name a pair
   * @param ofPair whether the refusal certainly concerns a pair rather than the request
   * @returns null for an unknown request
   */
  refused(
    id: string,
    reason: string,
    names: (pair: Pair) => boolean,
    ofPair: boolean,
  ): AfterRefusal | null {
    // Without an id a refusal can only mean the sole pending request.
    const key = id === '' && this.#open.size === 1 ? [...this.#open.keys()][0]! : id;
    const request = this.#open.get(key);
    if (request === undefined) return null;
    this.#open.delete(key);
    const { pairs, half } = request;
    if (half !== null) {
      half.open--;
      half.refused = true;
    }
    const named = pairs.filter(names);
    // Words that name every pair merely echo the request.
    const namesSome = named.length > 0 && (named.length < pairs.length || pairs.length === 1);
    if (ofPair && (namesSome || pairs.length === 1)) {
      const gone = namesSome ? named : pairs;
      const others = pairs.filter((pair) => !gone.includes(pair));
      return {
        refused: gone.map((pair) => ({ pair, reason })),
        again: others.length > 0 ? [{ pairs: others, half: null }] : [],
        hopeless: false,
      };
    }
    if (pairs.length > 1)
      return { refused: [], again: this.#parts(pairs, named, namesSome), hopeless: false };
    this.#alone.push({ pair: pairs[0]!, reason });
    if (this.#accepted) return { refused: this.#alone.splice(0), again: [], hopeless: false };
    return { refused: [], again: [], hopeless: this.#open.size === 0 };
  }

  #parts(
    pairs: readonly Pair[],
    named: readonly Pair[],
    namesSome: boolean,
  ): AfterRefusal['again'] {
    if (namesSome) {
      // Named, but perhaps only as an example: it is requested alone before it is given up.
      const others = pairs.filter((pair) => !named.includes(pair));
      return [others, ...named.map((pair) => [pair])].map((part) => ({ pairs: part, half: null }));
    }
    const middle = pairs.length >> 1;
    const half: Halved = { size: pairs.length, open: 2, refused: false };
    return [pairs.slice(0, middle), pairs.slice(middle)].map((part) => ({ pairs: part, half }));
  }
}

/** The names in a text, in lower case and joined by `_`, whatever surrounds them. */
export function namesIn(text: string): Set<string> {
  const words = text.toLowerCase().match(/[\p{L}\p{N}][\p{L}\p{N}._/-]*/gu) ?? [];
  return new Set(words.map((word) => word.replace(/[.\-/_]+$/, '').replace(/[-/]/g, '_')));
}

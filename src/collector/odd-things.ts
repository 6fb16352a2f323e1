import {
  MOST_OF_ODDITY,
  ODDITIES,
  type Oddity,
  type OddityTally,
  type OddThing,
} from '../market/oddity.js';
import { cutText } from '../market/outside-text.js';

/** Most things of one exchange that are logged and kept; further ones are only counted. */
const MOST_REPORTED = 100;

/** What is known of one kind. */
interface Kind {
  count: number;
  lastText: string;
  lastAt: number;
  readonly things: Map<string, OddThing>;
}

/** What it needs. */
interface OddThingsParts {
  /** Hears of each thing when it is first met. */
  readonly report: (kind: Oddity, text: string) => void;
  /** A text without what must not be shown: a refusal may repeat the key that it refuses. */
  readonly hide: (text: string) => string;
  /** Unix ms. */
  readonly clock: () => number;
}

/** Counts where an exchange departs from its known protocol, and reports each thing once. */
export class OddThings {
  readonly #kinds = new Map<Oddity, Kind>();
  #reported = 0;
  readonly #parts: OddThingsParts;

  constructor(parts: OddThingsParts) {
    this.#parts = parts;
  }

  /** Those kinds that were met, in the order of {@link ODDITIES}. */
  get tallies(): OddityTally[] {
    return ODDITIES.flatMap((kind) => {
      const met = this.#kinds.get(kind);
      return met === undefined ? [] : [{ ...met, kind, things: [...met.things.values()] }];
    });
  }

  /** @param what the thing itself, such as the name of a key. @param text what was sent */
  note(kind: Oddity, what: string, text: string): void {
    const { report, hide, clock } = this.#parts;
    const at = clock();
    const thing = hide(cutText(what));
    const kept = hide(cutText(text, MOST_OF_ODDITY));
    const met = this.#kinds.get(kind) ?? { count: 0, lastText: '', lastAt: at, things: new Map() };
    if (met.count === 0) this.#kinds.set(kind, met);
    met.count++;
    met.lastText = kept;
    met.lastAt = at;
    if (met.things.has(thing) || this.#reported >= MOST_REPORTED) return;
    this.#reported++;
    met.things.set(thing, { what: thing, text: kept, at });
    report(kind, kept);
  }
}

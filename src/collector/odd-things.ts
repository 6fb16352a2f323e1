import {
  MOST_OF_ODDITY,
  ODDITIES,
  type Oddity,
  type OddityTally,
  type OddThing,
} from '../market/oddity.js';
import { cutText } from '../market/outside-text.js';

/** Maximum deviations per exchange that are logged and kept; others are only counted. */
const MOST_REPORTED = 100;

/** What is known about one kind. */
interface Kind {
  count: number;
  lastText: string;
  lastAt: number;
  readonly things: Map<string, OddThing>;
}

/** Dependencies. */
interface OddThingsParts {
  /** Receives each instance when it is first seen. */
  readonly report: (kind: Oddity, text: string) => void;
  /** Redacts a text: a refusal may repeat the key that it refuses. */
  readonly hide: (text: string) => string;
  /** Unix ms. */
  readonly clock: () => number;
}

/** Counts an exchange's deviations from its known protocol, and reports each instance once. */
export class OddThings {
  readonly #kinds = new Map<Oddity, Kind>();
  #reported = 0;
  readonly #parts: OddThingsParts;

  constructor(parts: OddThingsParts) {
    this.#parts = parts;
  }

  /** The kinds that occurred, in the order of {@link ODDITIES}. */
  get tallies(): OddityTally[] {
    return ODDITIES.flatMap((kind) => {
      const met = this.#kinds.get(kind);
      return met === undefined ? [] : [{ ...met, kind, things: [...met.things.values()] }];
    });
  }

  /** @param what identifies it, such as the name of a key. @param text what was sent */
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

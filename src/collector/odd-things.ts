import { ODDITIES, type Oddity, type OddityCounts } from '../market/oddity.js';

/** Things of one exchange that are told of; beyond them they are only counted. */
const MOST_TOLD = 100;

/** Counts what an exchange does otherwise than it is known to, and tells of each thing once. */
export class OddThings {
  readonly #counts = Object.fromEntries(ODDITIES.map((kind) => [kind, 0])) as Record<
    Oddity,
    number
  >;
  readonly #told = new Set<string>();
  readonly #tell: (kind: Oddity, detail: string) => void;

  constructor(tell: (kind: Oddity, detail: string) => void) {
    this.#tell = tell;
  }

  /** How often each kind was met. */
  get counts(): OddityCounts {
    return { ...this.#counts };
  }

  /** @param what the thing itself, such as the name of a key. @param detail for people */
  note(kind: Oddity, what: string, detail: string): void {
    this.#counts[kind]++;
    const thing = `${kind} ${what}`;
    if (this.#told.has(thing) || this.#told.size >= MOST_TOLD) return;
    this.#told.add(thing);
    this.#tell(kind, detail);
  }
}

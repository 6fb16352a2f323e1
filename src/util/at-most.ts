/** Has at most so many pieces of work under way; the others wait for their turn, in order. */
export class AtMost {
  readonly #most: number;
  readonly #waiting: (() => void)[] = [];
  #underWay = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Does `work` in its turn; settles as it does. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#underWay >= this.#most)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#underWay++;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      // It takes over this one's place.
      if (next !== undefined) next();
      else this.#underWay--;
    }
  }
}

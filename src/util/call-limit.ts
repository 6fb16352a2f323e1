/**
 * Aborts a call when it takes too long, or when whatever it belongs to ends. Not `AbortSignal.any`: in
 * Node 20 every call would stay noted in a long-lived signal forever.
 */
export class CallLimit {
  readonly #call = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #ending: AbortSignal | undefined;
  readonly #abort = (): void => this.#call.abort();
  #late = false;

  /** @param ms longest time. @param ending aborts it earlier */
  constructor(ms: number, ending?: AbortSignal) {
    this.#ending = ending;
    this.#timer = setTimeout(() => {
      this.#late = true;
      this.#abort();
    }, ms);
    ending?.addEventListener('abort', this.#abort);
    if (ending?.aborted === true) this.#abort();
  }

  /** For the call. */
  get signal(): AbortSignal {
    return this.#call.signal;
  }

  /** Whether its time ran out. */
  get late(): boolean {
    return this.#late;
  }

  /** The call is over. */
  done(): void {
    clearTimeout(this.#timer);
    this.#ending?.removeEventListener('abort', this.#abort);
  }
}

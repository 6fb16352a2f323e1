/** Books due for the pairs of one connection: which were requested, since when, which arrived. */
export class PendingSnapshots {
  /** Pairs subscribed without a book yet, and since when (monotonic ms). */
  readonly #awaiting = new Map<string, number>();
  /** Pairs of a change whose messages have not been sent yet. */
  readonly #unsent = new Set<string>();
  /** Pairs requested again, and since when (monotonic ms): without a book the socket is not trusted. */
  readonly #resyncing = new Map<string, number>();
  /** Pairs that have had a book on this connection. */
  readonly #delivering = new Set<string>();
  readonly #withinMs: number;

  /** @param withinMs a book requested this long ago is overdue */
  constructor(withinMs: number) {
    this.#withinMs = withinMs;
  }

  /** Starts over with another connection. */
  clear(): void {
    this.#awaiting.clear();
    this.#unsent.clear();
    this.#resyncing.clear();
    this.#delivering.clear();
  }

  /** A pair is about to be requested. */
  asking(code: string): void {
    this.#unsent.add(code);
  }

  /** Everything has been sent: the waits start now, since a limit may hold a request back. */
  asked(): void {
    for (const code of this.#unsent) this.#awaiting.set(code, performance.now());
    this.#unsent.clear();
  }

  /** A pair is requested again because its stream is not trusted. */
  resyncing(code: string): void {
    this.#resyncing.set(code, performance.now());
  }

  /** A book arrived. */
  came(code: string): void {
    // Nor is a pair pending whose book is at hand before anything was requested (GOPAX).
    this.#unsent.delete(code);
    this.#awaiting.delete(code);
    this.#resyncing.delete(code);
    this.#delivering.add(code);
  }

  /** Whether a pair has had a book on this connection. */
  delivering(code: string): boolean {
    return this.#delivering.has(code);
  }

  /** Number of pairs that have had one. */
  get deliveringCount(): number {
    return this.#delivering.size;
  }

  /** Whether any pair has had one. */
  get anyDelivering(): boolean {
    return this.#delivering.size > 0;
  }

  /** Pairs awaiting their first book, in the order of subscription. */
  get withoutFirst(): string[] {
    return [...this.#awaiting.keys()].filter((code) => !this.#delivering.has(code));
  }

  /** A pair requested again whose book is overdue, returned once; null when there is none. */
  takeOverdueResync(now: number): string | null {
    for (const [code, since] of this.#resyncing) {
      if (now - since < this.#withinMs) continue;
      this.#resyncing.delete(code);
      return code;
    }
    return null;
  }

  /** Pairs whose books are overdue, each returned once: it stays subscribed, and its book is welcome. */
  takeOverdue(now: number): string[] {
    const overdue: string[] = [];
    for (const [code, since] of this.#awaiting) {
      if (now - since < this.#withinMs) continue;
      this.#awaiting.delete(code);
      overdue.push(code);
    }
    return overdue;
  }

  /** A pair is no longer wanted. */
  forget(code: string): void {
    this.#unsent.delete(code);
    this.#awaiting.delete(code);
    this.#delivering.delete(code);
  }
}

/**
 * Shares the event loop between live deliveries and everything else. A delivery costs some 100 µs
 * and a chain of them is made of microtasks, which never let the loop turn: one new reader of the
 * whole market would hold up the collectors' sockets for 2,000 deliveries. Here at most
 * `perTurn` go in one turn of the loop, over all readers, first come first served; what waits is
 * conflated by the bus meanwhile.
 */
export class LoopTurns {
  readonly #perTurn: number;
  #left: number;
  #armed = false;
  readonly #waiting: (() => void)[] = [];

  constructor(perTurn: number) {
    this.#perTurn = perTurn;
    this.#left = perTurn;
  }

  /** Asks to deliver once: null to go ahead, else a promise of the turn in which it may. */
  take(): Promise<void> | null {
    this.#arm();
    if (this.#left > 0 && this.#waiting.length === 0) {
      this.#left--;
      return null;
    }
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  #arm(): void {
    if (this.#armed) return;
    this.#armed = true;
    setImmediate(() => {
      this.#armed = false;
      const ready = this.#waiting.splice(0, this.#perTurn);
      this.#left = this.#perTurn - ready.length;
      if (ready.length > 0) this.#arm();
      for (const resolve of ready) resolve();
    });
  }
}

import type { CoverageMinute } from '../../market/coverage.js';
import type { Market } from '../../market/market.js';

const MINUTE_MS = 60_000;

/** Counts what one market receives, per minute of the receive clock. */
export class CoverageCounter {
  readonly #market: Market;
  readonly #publish: (record: CoverageMinute) => void;
  #minute = 0;
  #frames = 0;
  #changed = 0;
  #longestSilenceMs = 0;
  #audits = 0;
  #auditDifferences = 0;
  #lateBooks = 0;
  #lastFrameAt: number | null = null;

  /** @param publish receives the record of each minute with a frame, once it is over */
  constructor(market: Market, publish: (record: CoverageMinute) => void) {
    this.#market = market;
    this.#publish = publish;
  }

  /** Counts a valid book. @param receivedAt Unix ms. @param changed whether it was numbered */
  count(receivedAt: number, changed: boolean): void {
    this.#enter(receivedAt);
    this.#frames++;
    if (changed) this.#changed++;
    if (this.#lastFrameAt !== null) {
      const silence = receivedAt - this.#lastFrameAt;
      if (silence > this.#longestSilenceMs) this.#longestSilenceMs = silence;
    }
    this.#lastFrameAt = receivedAt;
  }

  /** Counts an audit. @param at Unix ms */
  audited(at: number, agreed: boolean): void {
    this.#enter(at);
    this.#audits++;
    if (!agreed) this.#auditDifferences++;
  }

  /** Counts a book that arrived too late. @param at Unix ms */
  late(at: number): void {
    this.#enter(at);
    this.#lateBooks++;
  }

  /** Publishes a minute that ended before `before`, Unix ms, without waiting for the next frame. */
  flush(before: number): void {
    if (this.#minute + MINUTE_MS <= before) this.#flush();
  }

  /** The clock was set by this much, ms: that is not silence. */
  clockSet(byMs: number): void {
    this.#flush();
    if (this.#lastFrameAt !== null) this.#lastFrameAt += byMs;
  }

  /** Starts over: silence up to now was not observed. */
  restart(): void {
    this.#flush();
    this.#lastFrameAt = null;
  }

  /** Closes the previous minute if `at` is in another one. */
  #enter(at: number): void {
    if (at < this.#minute + MINUTE_MS && at >= this.#minute) return;
    this.#flush();
    this.#minute = at - (at % MINUTE_MS);
  }

  #flush(): void {
    if (this.#frames + this.#audits + this.#lateBooks === 0) return;
    this.#publish({
      market: this.#market,
      minute: this.#minute,
      frames: this.#frames,
      changed: this.#changed,
      repeats: this.#frames - this.#changed,
      longestSilenceMs: this.#longestSilenceMs,
      ...(this.#audits === 0
        ? {}
        : { audits: this.#audits, auditDifferences: this.#auditDifferences }),
      ...(this.#lateBooks === 0 ? {} : { lateBooks: this.#lateBooks }),
    });
    this.#audits = 0;
    this.#auditDifferences = 0;
    this.#lateBooks = 0;
    this.#frames = 0;
    this.#changed = 0;
    this.#longestSilenceMs = 0;
  }
}

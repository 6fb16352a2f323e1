/** A connection that ends this soon after a subscription ended because of it, ms. */
const SOON_MS = 10_000;
/** Close codes that say so: policy, size, try again later, and an exchange's own. */
const REFUSING = new Set([1003, 1008, 1009, 1013]);
/** This many consecutive ends that could also be network faults count as a refusal. */
const IN_A_ROW = 2;

/** How a connection ended, as far as it matters here. */
export interface TrialEnd {
  /** Close code; 1006 without a closing handshake. */
  readonly code: number;
  /** What the exchange, or the network, said about it. */
  readonly words: string;
  /** Whether every pair had had its first book. */
  readonly complete: boolean;
  /** Whether some of many requests had been served while others were outstanding. */
  readonly partial: boolean;
}

/**
 * Judges whether the ends of one socket's connections are refusals of its subscription: by an error
 * frame, by the close code, or because they recur right after subscribing.
 */
export class SubscriptionTrial {
  /** When the last request was sent, monotonic ms; Infinity until then. */
  #askedAt: number | null = null;
  #error: string | null = null;
  #suspicions = 0;

  /** A fresh connection. */
  restart(): void {
    this.#askedAt = null;
    this.#error = null;
  }

  /** Sending of the subscription starts. */
  begin(): void {
    this.#askedAt ??= Infinity;
  }

  /** All of it has been sent. @param now monotonic ms */
  asked(now: number): void {
    if (this.#askedAt !== null) this.#askedAt = Math.min(this.#askedAt, now);
  }

  /** Whether the exchange said so on this connection. */
  get said(): boolean {
    return this.#error !== null;
  }

  /** What it said, if it did. */
  get words(): string | null {
    return this.#error;
  }

  /** The exchange answered with an error that names no pair. */
  error(words: string): void {
    this.#error ??= words;
  }

  /**
   * A connection ended, not by us.
   * @param now monotonic ms
   * @returns the words of the refusal; null when it was not one, or need not have been
   */
  ended({ code, words, complete, partial }: TrialEnd, now: number): string | null {
    const soon = this.#askedAt !== null && now - Math.min(this.#askedAt, now) < SOON_MS;
    if (!soon || complete) {
      this.#suspicions = 0;
      return null;
    }
    const said = this.#error !== null || partial;
    const certain = said || REFUSING.has(code) || (code >= 4000 && code < 5000);
    this.#suspicions++;
    if (!certain && this.#suspicions < IN_A_ROW) return null;
    this.#suspicions = 0;
    return this.#error ?? words;
  }
}

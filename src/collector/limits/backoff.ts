/** Waits between attempts: doubling, capped, with jitter so that many clients do not retry at once. */
export interface BackoffOptions {
  /** First wait, ms. */
  readonly firstMs: number;
  /** Longest wait, ms. */
  readonly mostMs: number;
}

/** Ordinary reconnects; 1 s doubling to 30 s as in `korbit.ws.client-advice`. */
export const RECONNECT: BackoffOptions = { firstMs: 1000, mostMs: 30_000 };

/** After a refusal for too many requests: Bithumb blocks for 10 minutes, Upbit for ever longer (418). */
export const RATE_LIMITED: BackoffOptions = { firstMs: 10_000, mostMs: 600_000 };

/** Wait before attempt `attempt` (from 1), ms: half to all of the doubled time, by `random`. */
export function backoffMs(attempt: number, random: number, options = RECONNECT): number {
  const most = Math.min(options.mostMs, options.firstMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(most * (0.5 + random / 2));
}

/** Waits of one socket before it reconnects: they grow with each consecutive loss. */
export class ReconnectWaits {
  /** Losses since the connection was last stable. */
  #losses = 0;
  /** Consecutive refusals for too many requests; their waits are longer and grow separately. */
  #rateRefusals = 0;

  /** The next loss counts as the first again. */
  restart(): void {
    this.#losses = 0;
  }

  /** A connection was lost, or refused for its rate. @param random in [0, 1) */
  lost(rateLimited: boolean, random: number): { waitMs: number; attempt: number } {
    this.#losses++;
    this.#rateRefusals = rateLimited ? this.#rateRefusals + 1 : 0;
    const waitMs = rateLimited
      ? backoffMs(this.#rateRefusals, random, RATE_LIMITED)
      : backoffMs(this.#losses, random);
    return { waitMs, attempt: this.#losses };
  }
}

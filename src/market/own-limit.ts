/**
 * Limits that the program imposes on itself towards an exchange: `REST_RATE` REST calls per second,
 * `REST_BATCH` markets per REST call, `HISTORY_RATE` calls per second for past trades, `WS_MARKETS`
 * markets per socket, `WS_REQUEST` markets per subscribe request, `WS_MESSAGES` messages per second
 * on one socket.
 */
export type LimitName =
  'REST_RATE' | 'REST_BATCH' | 'HISTORY_RATE' | 'WS_MARKETS' | 'WS_REQUEST' | 'WS_MESSAGES';

/** A limit as it stands now. */
export interface OwnLimit {
  readonly name: LimitName;
  /** The current limit. */
  readonly value: number;
  /** The initial limit, from the exchange's documentation and our measurements. */
  readonly atStart: number;
  /** How often a refusal has lowered it since the program started. */
  readonly refusals: number;
  /** The last refusal in the exchange's words, truncated; null when there was none. */
  readonly reason: string | null;
  /** When it last changed, Unix ms; null if never. */
  readonly since: number | null;
}

/**
 * What the program limits by its own choice when it deals with an exchange: `REST_RATE` REST calls a
 * second, `REST_BATCH` markets of one REST call, `HISTORY_RATE` calls a second for trades of the past,
 * `WS_MARKETS` markets of one socket, `WS_REQUEST` markets of one subscribe request, `WS_MESSAGES`
 * messages a second on one socket.
 */
export type LimitName =
  'REST_RATE' | 'REST_BATCH' | 'HISTORY_RATE' | 'WS_MARKETS' | 'WS_REQUEST' | 'WS_MESSAGES';

/** A limit as it stands now. */
export interface OwnLimit {
  readonly name: LimitName;
  /** The most that is asked for now. */
  readonly value: number;
  /** The most that was asked for at the start, by the exchange's documents and our measurements. */
  readonly atStart: number;
  /** How often a refusal has narrowed it since the program began. */
  readonly refusals: number;
  /** The last refusal in the exchange's words, cut; null when there was none. */
  readonly reason: string | null;
  /** When it was last narrowed or widened, Unix ms; null when it never was. */
  readonly since: number | null;
}

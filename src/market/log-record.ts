import type { Exchange } from './exchange.js';
import type { Pair } from './market.js';

/** Severity of a log event. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** Severity of a log event, lower case as in `LOG_LEVEL`. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** A log entry: what goes to the files, to the `log` table and to `logs`. */
export interface LogRecord {
  /** Unix ms. */
  readonly timestamp: number;
  readonly level: LogLevel;
  /** Name of the event in the catalogue (`logging/events.ts`), e.g. `WS_CONNECTED`. */
  readonly event: string;
  /** Null for the program itself. */
  readonly exchange: Exchange | null;
  /** Null for a socket or poller as a whole. */
  readonly pair: Pair | null;
  /** The text in the language of `LOG_LANG`; never contains a secret. */
  readonly message: string;
  /**
   * Parameters of the event's text as JSON, so that it can be rendered in either language; never
   * contains a secret. Null or absent where only the text is known: records of older versions.
   */
  readonly params?: string | null;
}

import type { OddityTally } from './oddity.js';
import type { OwnLimit } from './own-limit.js';
import type { SilenceTally } from './silence-tally.js';
import { NO_TRADES, type TradeTally } from './trade-tally.js';

/** What an exchange has sent and done since the process started, beyond the counts per market. */
export interface ExchangeTally {
  /** Unreadable messages whose market is unknown. */
  readonly unreadableMessages: number;
  /** Books received for markets that were not subscribed. */
  readonly unaskedBooks: number;
  /** Rows of its newest market list that are not markets and were skipped. */
  readonly skippedRows: number;
  /** Counts of its trades by outcome. */
  readonly trades: TradeTally;
  /** Deviations from its known protocol: the kinds that occurred. */
  readonly oddities: readonly OddityTally[];
  /** Outcomes of silences longer than usual for their market. */
  readonly silence: SilenceTally;
  /** The program's own limits towards it, as they stand now. */
  readonly limits: readonly OwnLimit[];
}

/** The tally of an exchange that nothing is known about. */
export const NO_TALLY: ExchangeTally = {
  unreadableMessages: 0,
  unaskedBooks: 0,
  skippedRows: 0,
  trades: NO_TRADES,
  oddities: [],
  silence: { asked: 0, quiet: 0, lost: 0, falseAlarms: 0 },
  limits: [],
};

import type { OddityTally } from './oddity.js';
import type { OwnLimit } from './own-limit.js';
import type { SilenceTally } from './silence-tally.js';
import { NO_TRADES, type TradeTally } from './trade-tally.js';

/** What an exchange has sent and done since the process began, beside what each market counts. */
export interface ExchangeTally {
  /** Messages that could not be read and whose market is not known. */
  readonly unreadableMessages: number;
  /** Books that came for markets that were not asked for. */
  readonly unaskedBooks: number;
  /** Rows of its newest market list that were no markets and were left out. */
  readonly skippedRows: number;
  /** What has become of its trades. */
  readonly trades: TradeTally;
  /** Where it departed from its known protocol: the kinds that were met. */
  readonly oddities: readonly OddityTally[];
  /** What became of silences beyond the rhythm of their market. */
  readonly silence: SilenceTally;
  /** The program's own limits in dealing with it, as they stand now. */
  readonly limits: readonly OwnLimit[];
}

/** The tally of an exchange of which nothing is known. */
export const NO_TALLY: ExchangeTally = {
  unreadableMessages: 0,
  unaskedBooks: 0,
  skippedRows: 0,
  trades: NO_TRADES,
  oddities: [],
  silence: { asked: 0, quiet: 0, lost: 0, falseAlarms: 0 },
  limits: [],
};

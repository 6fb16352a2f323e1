/**
 * What an exchange did otherwise than docs/exchanges says, without being wrong. `SLOW_FRAME`: a book that
 * the fast reader left to the general one; `UNKNOWN_KEY`, `UNKNOWN_MESSAGE`: a member or a kind of message
 * that is not known; `TIME_DIGITS`, `LEVEL_COUNT`: a time in other digits, a book of more levels;
 * `NO_FIRST_BOOK`: a pair without one; `SHORT_CONNECTION`: one that ended within 5 s of subscribing;
 * `REFUSAL`: a REST answer that was none of 200.
 */
export const ODDITIES = [
  'SLOW_FRAME',
  'UNKNOWN_KEY',
  'UNKNOWN_MESSAGE',
  'TIME_DIGITS',
  'LEVEL_COUNT',
  'NO_FIRST_BOOK',
  'SHORT_CONNECTION',
  'REFUSAL',
] as const;

/** One kind of these. */
export type Oddity = (typeof ODDITIES)[number];

/** How often each was met. */
export type OddityCounts = Readonly<Record<Oddity, number>>;

/** Columns of tables written from several places, with their types, in writing order. */

/** Of `clock_step`. */
export const CLOCK_STEP = { sequence: 'integer', from_ms: 'integer', to_ms: 'integer' } as const;

/** Of `coverage`. */
export const COVERAGE = {
  minute: 'integer',
  market_id: 'integer',
  frames: 'integer',
  changed: 'integer',
  repeats: 'integer',
  longest_silence_ms: 'integer',
  audits: 'integer',
  audit_differences: 'integer',
  late_books: 'integer',
} as const;

/** Of `log`, without its `id`. */
export const LOG = {
  timestamp: 'integer',
  level: 'text',
  event: 'text',
  exchange: 'text',
  symbol: 'text',
  currency: 'text',
  message: 'text',
  params: 'text',
} as const;

import { COLLECT_GRAMMAR } from '../../market/collect-pattern.js';
import { MAX_EVERY, MIN_EVERY } from '../inputs.js';
import { DEFAULT_LIMITS } from '../../settings/config.js';
import { DEFAULT_FIRST } from '../paging.js';
import { builder } from './builder.js';
import { ExchangeEnum } from './exchange-enum.js';

/** `exchange`, required. */
export const exchangeArg = builder.args((t) => ({
  exchange: t.field({ type: ExchangeEnum, required: true, description: 'The exchange.' }),
}));

/** `pattern` of markets, required. */
export const patternArg = builder.args((t) => ({
  pattern: t.string({
    required: true,
    description: `Which markets: ${COLLECT_GRAMMAR}; case does not matter.`,
  }),
}));

/** `symbol` and `currency` that narrow a selection; left out they match all. */
export const pairFilterArgs = builder.args((t) => ({
  symbol: t.string({ description: 'Only this base asset, such as `BTC`; case does not matter.' }),
  currency: t.string({
    description: 'Only this quote currency, such as `KRW`; case does not matter.',
  }),
}));

/** `exchange`, `symbol` and `currency` that narrow a selection; left out they match all. */
export const marketFilterArgs = builder.args((t) => ({
  exchange: t.field({ type: ExchangeEnum, description: 'Only this exchange.' }),
  ...pairFilterArgs,
}));

/** `symbol` and `currency` naming one pair; it defaults to BTC-KRW. */
export const pairArgs = builder.args((t) => ({
  symbol: t.string({
    required: true,
    defaultValue: 'BTC',
    description: 'Base asset, such as `BTC`; case does not matter.',
  }),
  currency: t.string({
    required: true,
    defaultValue: 'KRW',
    description: 'Quote currency, such as `KRW`; case does not matter.',
  }),
}));

/** `exchange`, `symbol`, `currency` naming one market; the pair defaults to BTC-KRW. */
export const marketArgs = builder.args((t) => ({
  exchange: t.field({ type: ExchangeEnum, required: true, description: 'The exchange.' }),
  ...pairArgs,
}));

/** `every`. */
export const everyArg = builder.args((t) => ({
  every: t.int({
    description: `At most one delivery of each market in so many milliseconds, from ${MIN_EVERY} to ${MAX_EVERY}; the last one always is the newest. Left out: every change.`,
  }),
}));

/** `from` (included) and `to` (excluded). */
export const windowArgs = builder.args((t) => ({
  from: t.field({ type: 'DateTime', description: 'From this moment on, itself included.' }),
  to: t.field({ type: 'DateTime', description: 'Before this moment, itself excluded.' }),
}));

/** `first` and `after` of a connection that is read forward. */
export const pageArgs = builder.args((t) => ({
  first: t.int({
    description: `Items at most, from 1 to \`MAX_PAGE_SIZE\` (${DEFAULT_LIMITS.pageSize} unless set); ${DEFAULT_FIRST} when left out.`,
  }),
  after: t.string({
    description: 'Cursor behind which to go on: the `endCursor` of the page before.',
  }),
}));

/** `every` of what is delivered at intervals. */
export const periodArg = builder.args((t) => ({
  every: t.int({
    required: true,
    defaultValue: 1000,
    description: `Time between two deliveries in milliseconds, from ${MIN_EVERY} to ${MAX_EVERY}.`,
  }),
}));

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

/** `symbol` and `currency` that narrow a selection; absent ones match all. */
export const pairFilterArgs = builder.args((t) => ({
  symbol: t.string({ description: 'Only this base asset, such as `BTC`; case does not matter.' }),
  currency: t.string({
    description: 'Only this quote currency, such as `KRW`; case does not matter.',
  }),
}));

/** `exchange`, `symbol` and `currency` that narrow a selection; absent ones match all. */
export const marketFilterArgs = builder.args((t) => ({
  exchange: t.field({ type: ExchangeEnum, description: 'Only this exchange.' }),
  ...pairFilterArgs,
}));

/** `symbol` and `currency` of one pair; defaults to BTC-KRW. */
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

/** `exchange`, `symbol`, `currency` of one market; the pair defaults to BTC-KRW. */
export const marketArgs = builder.args((t) => ({
  exchange: t.field({ type: ExchangeEnum, required: true, description: 'The exchange.' }),
  ...pairArgs,
}));

/** `every`. */
export const everyArg = builder.args((t) => ({
  every: t.int({
    description: `Minimum milliseconds between two deliveries of a market, from ${MIN_EVERY} to ${MAX_EVERY}; the last one is always the newest. Every change when omitted.`,
  }),
}));

/** `from` (inclusive) and `to` (exclusive). */
export const windowArgs = builder.args((t) => ({
  from: t.field({ type: 'DateTime', description: 'Start of the window, inclusive.' }),
  to: t.field({ type: 'DateTime', description: 'End of the window, exclusive.' }),
}));

/** `first` and `after` of a connection that pages forward. */
export const pageArgs = builder.args((t) => ({
  first: t.int({
    description: `Maximum number of items, from 1 to \`MAX_PAGE_SIZE\` (${DEFAULT_LIMITS.pageSize} unless set); ${DEFAULT_FIRST} when omitted.`,
  }),
  after: t.string({
    description: 'Return items after this cursor: the `endCursor` of the previous page.',
  }),
}));

/** `every` of a periodic subscription. */
export const periodArg = builder.args((t) => ({
  every: t.int({
    required: true,
    defaultValue: 1000,
    description: `Milliseconds between two deliveries, from ${MIN_EVERY} to ${MAX_EVERY}.`,
  }),
}));

import type { Market } from '../../market/market.js';
import { badInput } from '../errors.js';
import { MAX_MARKETS, marketOf } from '../inputs.js';
import { builder } from './builder.js';
import { ExchangeEnum } from './exchange-enum.js';
import { exposed } from './fields.js';
import { MarketInput } from './live-orderbook.js';

/** Smallest step and longest window, ms: for longer windows there are `coverage` and `series`. */
const MIN_STEP = 100;
const MAX_WINDOW = 600_000;

/** The number of books of a market in each step of a window. */
interface BookCounts extends Market {
  readonly counts: readonly number[];
}

const BookCountsType = builder.objectRef<BookCounts>('BookCounts').implement({
  description: 'Number of books of a market stored in each step of a window.',
  fields: (t) => ({
    exchange: t.expose('exchange', { type: ExchangeEnum, description: 'The exchange.' }),
    ...exposed(t, 'String', {
      symbol: 'Base asset, such as `BTC`.',
      currency: 'Quote currency, such as `KRW`.',
    }),
    counts: t.exposeIntList('counts', {
      description: 'Changed books in each step, by time of receipt, oldest first.',
    }),
  }),
});

builder.queryField('bookCounts', (t) =>
  t.field({
    type: [BookCountsType],
    description:
      'Number of stored books in each step of a window for several markets, in the order of `markets`: how busy they were, in one query. Repeats are not stored, so they are not counted.',
    args: {
      markets: t.arg({
        type: [MarketInput],
        required: true,
        description: `The markets, from 1 to ${MAX_MARKETS}.`,
      }),
      from: t.arg({
        type: 'DateTime',
        required: true,
        description: 'Start of the first step.',
      }),
      to: t.arg({
        type: 'DateTime',
        required: true,
        description: 'End of the window, exclusive; at most ten minutes after `from`.',
      }),
      step: t.arg.int({
        required: true,
        description: `Length of a step in milliseconds, at least ${MIN_STEP}.`,
      }),
    },
    resolve: async (_root, args, { reader, markets: known, rows }): Promise<BookCounts[]> => {
      const { from, to, step } = args;
      if (args.markets.length < 1 || args.markets.length > MAX_MARKETS) {
        throw badInput(
          'markets',
          `must name from 1 to ${MAX_MARKETS} markets; were ${args.markets.length}`,
        );
      }
      if (step < MIN_STEP) throw badInput('step', `must be ${MIN_STEP} or more; was ${step}`);
      if (to <= from) throw badInput('to', 'must be after from');
      if (to - from > MAX_WINDOW) throw badInput('from', 'must be at most ten minutes before to');
      const markets = args.markets.map(marketOf);
      rows.takePoints(markets.length * Math.ceil((to - from) / step));
      await known.check(markets);
      const counts = await reader.bookCounts({ markets, from, to, step });
      return markets.map((market, i) => ({ ...market, counts: counts[i]! }));
    },
  }),
);

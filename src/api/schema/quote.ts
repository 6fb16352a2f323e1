import type { ConsolidatedBook } from '../../market/consolidated.js';
import { AVERAGE_DECIMALS, fill, type Fill, type Leg } from '../../market/consolidated.js';
import type { Level } from '../../market/order-book.js';
import { takenSide, type TradeSide } from '../../market/trade.js';
import { badInput } from '../errors.js';
import { pairOf } from '../inputs.js';
import { consolidate } from '../../live/sources/consolidated-books.js';
import { pairArgs } from './arguments.js';
import { builder } from './builder.js';
import { ExchangeEnum } from './exchange-enum.js';
import { pairFields, exposed, exposedOrNull } from './fields.js';
import { legFields } from './leg-fields.js';
import { TradeSideEnum } from './trade-side.js';

const QuoteFillType = builder.objectRef<Fill>('QuoteFill').implement({
  description: 'What an amount costs, or yields, when filled from the levels best first.',
  fields: (t) => ({
    ...exposed(t, 'Decimal', {
      filled: 'How much of the amount the levels can fill, in the base asset.',
      cost: 'Price times volume, summed over the fill, exact, in the quote currency.',
    }),
    ...exposed(t, 'Boolean', {
      complete: 'Whether the levels can fill the whole amount.',
      averageExact: 'Whether `average` is exact, that is, not rounded.',
    }),
    ...exposedOrNull(t, 'Decimal', {
      average: `\`cost\` divided by \`filled\`, to at most ${AVERAGE_DECIMALS} decimals, a half rounded up; for the exact value divide the two fields. Null when nothing is filled.`,
      worst: 'Price of the last level touched; null when nothing is filled.',
    }),
    ...exposed(t, 'Int', { levels: 'Number of levels touched.' }),
  }),
});

/** A requested quote. */
interface QuoteShape {
  readonly book: ConsolidatedBook;
  readonly side: TradeSide;
  readonly amount: string;
}

const QuoteLegType = builder.objectRef<{ leg: Leg; quote: QuoteShape }>('QuoteLeg').implement({
  description: 'What the amount costs on one exchange alone.',
  fields: (t) => ({
    exchange: t.field({
      type: ExchangeEnum,
      description: 'The exchange.',
      resolve: ({ leg }) => leg.exchange,
    }),
    ...legFields(
      t,
      'Whether its book is unreliable; excluded from `total` unless `includeStale` is set.',
      ({ leg }) => leg,
    ),
    fill: t.field({
      type: QuoteFillType,
      description: 'What the amount costs there.',
      resolve: ({ leg, quote: { side, amount } }) => {
        const levels = (side === 'buy' ? leg.book?.asks : leg.book?.bids) ?? [];
        return fill(levels, amount);
      },
    }),
  }),
});

function* levelsOf({ book, side }: QuoteShape): Generator<Level> {
  for (const { level } of book.levels(takenSide(side))) yield level;
}

const QuoteType = builder.objectRef<QuoteShape>('Quote').implement({
  description:
    'What it costs to buy, or yields to sell, an amount immediately against the current books. Excludes fees.',
  fields: (t) => ({
    ...pairFields(t, ({ book }) => book.pair),
    side: t.expose('side', { type: TradeSideEnum, description: 'Direction of the trade.' }),
    ...exposed(t, 'Decimal', { amount: 'The amount, in the base asset.' }),
    timestamp: t.field({
      type: 'DateTime',
      description: 'When it was computed.',
      resolve: ({ book }) => book.at,
    }),
    total: t.field({
      type: QuoteFillType,
      description: 'Across all exchanges, best level first wherever it is.',
      resolve: (quote) => fill(levelsOf(quote), quote.amount),
    }),
    legs: t.field({
      type: [QuoteLegType],
      description: 'On each exchange alone.',
      resolve: (quote) => quote.book.legs.map((leg) => ({ leg, quote })),
    }),
  }),
});

builder.queryField('quote', (t) =>
  t.field({
    type: QuoteType,
    description:
      'Average and worst price to buy or sell an amount now, on each exchange and across all. Exact decimals.',
    args: {
      ...pairArgs,
      side: t.arg({ type: TradeSideEnum, required: true, description: 'Buy or sell.' }),
      amount: t.arg({
        type: 'Decimal',
        required: true,
        description: 'The amount in the base asset, greater than 0.',
      }),
      includeStale: t.arg.boolean({
        required: true,
        defaultValue: false,
        description: 'Whether stale exchanges count in `total`.',
      }),
    },
    resolve: async (_root, args, { bus, control, markets }) => {
      const pair = pairOf(args);
      if (args.amount === '0') throw badInput('amount', 'must be more than 0');
      await markets.check([{ exchange: null, ...pair }]);
      const book = consolidate({ bus, control }, pair, args.includeStale);
      return { book, side: args.side, amount: args.amount };
    },
  }),
);

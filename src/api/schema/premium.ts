import { compareDecimal, multiplyDecimal } from '../../market/decimal.js';
import {
  type Crossing,
  type Margin,
  marginOf,
  PERCENT_DECIMALS,
  Premium,
  type PremiumPrice,
  widestFirst,
} from '../../market/premium.js';
import { type Pair, pairText } from '../../market/market.js';
import { consolidate, ConsolidatedBooks } from '../../live/sources/consolidated-books.js';
import type { ApiContext } from '../context.js';
import { badInput } from '../errors.js';
import { checkedEvery, marketPart, pairOf } from '../inputs.js';
import { everyArg, pairArgs } from './arguments.js';
import { builder } from './builder.js';
import { ExchangeEnum } from './exchange-enum.js';
import { exposed, pairFields, exposedOrNull } from './fields.js';
import { ageField, legFields } from './leg-fields.js';

const ROUNDED = `a half rounded away from zero`;
const PERCENT = `to at most ${PERCENT_DECIMALS} decimals, ${ROUNDED}`;
const POINTS = `to at most ${PERCENT_DECIMALS - 2} decimals, ${ROUNDED}`;

/** Basis points of a percentage. */
const points = (percent: string): string => multiplyDecimal(percent, '100');

const PremiumPriceType = builder.objectRef<PremiumPrice>('PremiumPrice').implement({
  description: "The pair's price at one source, compared with the reference price.",
  fields: (t) => ({
    source: t.string({
      description:
        'Source of the price: a recorded exchange, by its name in `Exchange`, or another price source.',
      resolve: ({ leg }) => leg.exchange,
    }),
    exchange: t.field({
      type: ExchangeEnum,
      nullable: true,
      description: 'The exchange; null where the source is not a recorded exchange.',
      resolve: ({ leg }) => leg.exchange,
    }),
    ...legFields(
      t,
      'Whether it is unreliable: its collector is not `LIVE` or it has no book.',
      ({ leg }) => leg,
    ),
    ageMs: ageField(t),
    midPrice: t.field({
      type: 'Decimal',
      nullable: true,
      description: 'Midpoint of its best ask and best bid, exact; null when a side is empty.',
      resolve: ({ mid }) => mid,
    }),
    difference: t.field({
      type: 'Decimal',
      nullable: true,
      description: 'Difference from the reference price, exact; negative when below it.',
      resolve: ({ difference }) => difference?.amount ?? null,
    }),
    percent: t.field({
      type: 'Decimal',
      nullable: true,
      description: `The same in percent of the reference price, ${PERCENT}.`,
      resolve: ({ difference }) => difference?.percent ?? null,
    }),
    bp: t.field({
      type: 'Decimal',
      nullable: true,
      description: `The same in basis points, ${POINTS}.`,
      resolve: ({ difference }) => (difference === null ? null : points(difference.percent)),
    }),
  }),
});

const MarginType = builder.objectRef<Margin>('CrossingMargin').implement({
  description: 'Profit from buying on one exchange and selling on the other, after fees.',
  fields: (t) => ({
    ...exposed(t, 'Decimal', {
      perUnit: 'Per unit of the base asset, exact, in the quote currency; negative for a loss.',
      total: 'For the `volume` that both best levels hold, exact.',
      percent: `In percent of the amount paid, ${PERCENT}.`,
    }),
    bp: t.field({
      type: 'Decimal',
      description: `In basis points of the amount paid, ${POINTS}.`,
      resolve: ({ percent }) => points(percent),
    }),
  }),
});

const CrossingType = builder.objectRef<Crossing>('Crossing').implement({
  description:
    'A pair whose ask on one exchange is below its bid on another. The cost and time of transferring it between them are not considered.',
  fields: (t) => ({
    buyAt: t.expose('buyAt', {
      type: ExchangeEnum,
      description: 'The exchange with the lower ask.',
    }),
    ...exposed(t, 'Decimal', {
      buyPrice: 'The lowest ask there.',
      sellPrice: 'The highest bid there.',
      volume: 'Volume available at both of these levels, in the base asset.',
    }),
    sellAt: t.expose('sellAt', {
      type: ExchangeEnum,
      description: 'The exchange with the higher bid.',
    }),
    left: t.field({
      type: MarginType,
      description: 'Profit after fees.',
      args: {
        fee: t.arg({
          type: 'Decimal',
          required: true,
          defaultValue: '0',
          description: 'Fee of each of the two trades in percent, from 0 to 100: `"0.05"`.',
        }),
      },
      resolve: (crossing, { fee }) => {
        if (compareDecimal(fee, '100') > 0)
          throw badInput('fee', `must be from 0 to 100 percent; was ${fee}`);
        return marginOf(crossing, fee);
      },
    }),
  }),
});

const PremiumType = builder.objectRef<Premium>('Premium').implement({
  description:
    "A pair's price on each exchange compared with its price on one of them. Prices are midpoints of best ask and best bid; those of stale exchanges are included and marked, but count neither in `widestPercent` nor in `crossing`.",
  fields: (t) => ({
    ...pairFields(t, ({ book }) => book.pair),
    timestamp: t.field({
      type: 'DateTime',
      description: 'When it was computed.',
      resolve: ({ at }) => at,
    }),
    against: t.expose('against', {
      type: ExchangeEnum,
      description: 'The reference exchange.',
    }),
    basePrice: t.field({
      type: 'Decimal',
      nullable: true,
      description: 'Its mid price, exact; null when it has none.',
      resolve: ({ base }) => base,
    }),
    prices: t.expose('prices', {
      type: [PremiumPriceType],
      description:
        'Every exchange with a collector or a book for the pair, including the reference, by name.',
    }),
    ...exposed(t, 'Int', { compared: 'Number of exchanges with a reliable price.' }),
    ...exposedOrNull(t, 'Decimal', {
      widestPercent: `How far the highest price is above the lowest, in percent of the lowest, ${PERCENT}. Null with fewer than two prices.`,
    }),
    crossing: t.expose('crossing', {
      type: CrossingType,
      nullable: true,
      description:
        'Where to buy and where to sell when a bid exceeds the ask of another exchange; null when none does.',
    }),
  }),
});

const againstArg = builder.args((t) => ({
  against: t.field({
    type: ExchangeEnum,
    required: true,
    defaultValue: 'UPBIT',
    description: 'The reference exchange.',
  }),
}));

/** The pairs in a currency for which two or more exchanges have a book. */
function sharedPairs({ bus }: ApiContext, currency: string): Pair[] {
  const pairs = new Map<string, { readonly pair: Pair; exchanges: number }>();
  for (const { market } of bus.currentBooks()) {
    if (market.currency !== currency) continue;
    const { symbol } = market;
    const known = pairs.get(pairText(market));
    if (known === undefined)
      pairs.set(pairText(market), { pair: { symbol, currency }, exchanges: 1 });
    else known.exchanges++;
  }
  return [...pairs.values()].filter(({ exchanges }) => exchanges > 1).map(({ pair }) => pair);
}

builder.queryFields((t) => ({
  premium: t.field({
    type: PremiumType,
    description: "A pair's current price on each exchange compared with its price on one of them.",
    args: { ...pairArgs, ...againstArg },
    resolve: async (_root, args, { bus, control, markets }) => {
      const pair = pairOf(args);
      await markets.check([{ exchange: null, ...pair }]);
      return new Premium(consolidate({ bus, control }, pair, true), args.against);
    },
  }),
  premiums: t.field({
    type: [PremiumType],
    description:
      'The same for every pair with a live book on two or more exchanges, largest `widestPercent` first.',
    args: {
      currency: t.arg.string({
        required: true,
        defaultValue: 'KRW',
        description: 'Quote currency, such as `KRW`; case does not matter.',
      }),
      ...againstArg,
      first: t.arg.int({
        description:
          'Maximum number of pairs, from 1 to `MAX_PAGE_SIZE` (1000 unless set); 100 when omitted.',
      }),
    },
    resolve: (_root, args, context) => {
      const limit = context.rows.take(args.first);
      const premiums = sharedPairs(context, marketPart('currency', args.currency)).map(
        (pair) => new Premium(consolidate(context, pair, true), args.against),
      );
      return widestFirst(premiums).slice(0, limit);
    },
  }),
}));

builder.subscriptionField('premium', (t) =>
  t.field({
    type: PremiumType,
    description:
      'The same for one pair: the current state first, then an update whenever the book or the state of one of its exchanges changes. Shared by equal subscriptions.',
    args: { ...pairArgs, ...againstArg, ...everyArg },
    extensions: { shared: true },
    subscribe: async (_root, args, { bus, books, control, markets }) => {
      const pair = pairOf(args);
      const everyMs = checkedEvery(args.every);
      await markets.check([{ exchange: null, ...pair }]);
      return new ConsolidatedBooks({ bus, books, control }, pair, true, everyMs);
    },
    resolve: ({ value }, { against }) => new Premium(value, against),
  }),
);

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
  description: 'A price of the pair somewhere, against the price that all are compared with.',
  fields: (t) => ({
    source: t.string({
      description:
        'Whose price it is: an exchange that is recorded, by its name in `Exchange`, or another source of prices.',
      resolve: ({ leg }) => leg.exchange,
    }),
    exchange: t.field({
      type: ExchangeEnum,
      nullable: true,
      description: 'The exchange; null where the source is none that is recorded.',
      resolve: ({ leg }) => leg.exchange,
    }),
    ...legFields(
      t,
      'Whether it cannot be relied on: its collector is not `LIVE` or it has no book.',
      ({ leg }) => leg,
    ),
    ageMs: ageField(t),
    midPrice: t.field({
      type: 'Decimal',
      nullable: true,
      description: 'Middle of its best ask and best bid, exact; null when a side is empty.',
      resolve: ({ mid }) => mid,
    }),
    difference: t.field({
      type: 'Decimal',
      nullable: true,
      description: 'How far it lies above the price compared with, exact; negative when below.',
      resolve: ({ difference }) => difference?.amount ?? null,
    }),
    percent: t.field({
      type: 'Decimal',
      nullable: true,
      description: `The same in percent of the price compared with, ${PERCENT}.`,
      resolve: ({ difference }) => difference?.percent ?? null,
    }),
    bp: t.field({
      type: 'Decimal',
      nullable: true,
      description: `The same in basis points, hundredths of a percent, ${POINTS}.`,
      resolve: ({ difference }) => (difference === null ? null : points(difference.percent)),
    }),
  }),
});

const MarginType = builder.objectRef<Margin>('CrossingMargin').implement({
  description: 'What is left of buying on one exchange and selling on the other after the fees.',
  fields: (t) => ({
    ...exposed(t, 'Decimal', {
      perUnit:
        'Of one unit of the base asset, exact, in the quote currency; negative when it is a loss.',
      total: 'Of the `volume` that both best levels hold, exact.',
      percent: `In percent of what is paid, ${PERCENT}.`,
    }),
    bp: t.field({
      type: 'Decimal',
      description: `In basis points of what is paid, ${POINTS}.`,
      resolve: ({ percent }) => points(percent),
    }),
  }),
});

const CrossingType = builder.objectRef<Crossing>('Crossing').implement({
  description:
    'A pair that is offered on one exchange for less than is bid for it on another. What moving it between them costs, or takes in time, is not counted.',
  fields: (t) => ({
    buyAt: t.expose('buyAt', { type: ExchangeEnum, description: 'Where it is offered for less.' }),
    ...exposed(t, 'Decimal', {
      buyPrice: 'The lowest ask there.',
      sellPrice: 'The highest bid there.',
      volume: 'What both of these levels hold, in the base asset.',
    }),
    sellAt: t.expose('sellAt', { type: ExchangeEnum, description: 'Where more is bid for it.' }),
    left: t.field({
      type: MarginType,
      description: 'What is left after the fees.',
      args: {
        fee: t.arg({
          type: 'Decimal',
          required: true,
          defaultValue: '0',
          description:
            'What each of the two trades costs, in percent of its amount, from 0 to 100: `"0.05"`.',
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
    'What a pair costs on each exchange, against its price on one of them. Prices are the middle of best ask and best bid; those of stale exchanges are there and marked, and count neither in `widestPercent` nor in `crossing`.',
  fields: (t) => ({
    ...pairFields(t, ({ book }) => book.pair),
    timestamp: t.field({
      type: 'DateTime',
      description: 'When it was worked out.',
      resolve: ({ at }) => at,
    }),
    against: t.expose('against', {
      type: ExchangeEnum,
      description: 'The exchange with whose price the others are compared.',
    }),
    basePrice: t.field({
      type: 'Decimal',
      nullable: true,
      description: 'Its middle price, exact; null when it has none.',
      resolve: ({ base }) => base,
    }),
    prices: t.expose('prices', {
      type: [PremiumPriceType],
      description:
        'Each exchange that has a collector or a book of the pair, that one too, by name.',
    }),
    ...exposed(t, 'Int', { compared: 'How many exchanges have a price that can be relied on.' }),
    ...exposedOrNull(t, 'Decimal', {
      widestPercent: `By how much the highest price lies above the lowest, in percent of the lowest, ${PERCENT}. Null with fewer than two prices.`,
    }),
    crossing: t.expose('crossing', {
      type: CrossingType,
      nullable: true,
      description:
        'Where to buy and where to sell when a bid lies above an ask of another exchange; null when none does.',
    }),
  }),
});

const againstArg = builder.args((t) => ({
  against: t.field({
    type: ExchangeEnum,
    required: true,
    defaultValue: 'UPBIT',
    description: 'The exchange with whose price the others are compared.',
  }),
}));

/** The pairs of a currency that two exchanges or more have a book of. */
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
    description: 'What a pair costs on each exchange now, against its price on one of them.',
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
      'The same of every pair that two exchanges or more have a live book of, the widest `widestPercent` first.',
    args: {
      currency: t.arg.string({
        required: true,
        defaultValue: 'KRW',
        description: 'Quote currency, such as `KRW`; case does not matter.',
      }),
      ...againstArg,
      first: t.arg.int({
        description:
          'Pairs at most, from 1 to `MAX_PAGE_SIZE` (1000 unless set); 100 when left out.',
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
      'The same of one pair: as it is now, then whenever a book or the state of one of its exchanges changes. Shared by equal subscriptions.',
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

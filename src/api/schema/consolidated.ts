import { type ConsolidatedBook, type ExchangeLevel, type Leg } from '../../market/consolidated.js';
import { midDecimal, subtractDecimal } from '../../market/decimal.js';
import type { Side } from '../../market/order-book.js';
import { checkedDepth, checkedEvery, pairOf } from '../inputs.js';
import { consolidate, ConsolidatedBooks } from '../../live/sources/consolidated-books.js';
import { everyArg, pairArgs } from './arguments.js';
import { builder } from './builder.js';
import { ExchangeEnum } from './exchange-enum.js';
import { pairFields } from './fields.js';
import { ageField, legFields } from './leg-fields.js';
import { OrderbookType } from './orderbook.js';

const ConsolidatedLevelType = builder.objectRef<ExchangeLevel>('ConsolidatedLevel').implement({
  description: 'A level and the exchange it rests on.',
  fields: (t) => ({
    exchange: t.expose('exchange', { type: ExchangeEnum, description: 'The exchange.' }),
    price: t.field({
      type: 'Decimal',
      description: 'Price of one unit of the base asset, in the quote currency.',
      resolve: ({ level: [price] }) => price,
    }),
    volume: t.field({
      type: 'Decimal',
      description: 'Volume resting at that price on that exchange, in the base asset.',
      resolve: ({ level: [, volume] }) => volume,
    }),
  }),
});

/** A leg, and when it was read. */
interface LegShape {
  readonly leg: Leg;
  readonly at: number;
}

const ConsolidatedLegType = builder.objectRef<LegShape>('ConsolidatedLeg').implement({
  description: "One exchange's part in a consolidated book.",
  fields: (t) => ({
    exchange: t.field({
      type: ExchangeEnum,
      description: 'The exchange.',
      resolve: ({ leg }) => leg.exchange,
    }),
    ...legFields(
      t,
      'Whether it is unreliable: its collector is not `LIVE` or it has no book. Stale legs are excluded from the prices unless `includeStale` is set.',
      ({ leg }) => leg,
    ),
    ageMs: ageField(t),
    orderbook: t.field({
      type: OrderbookType,
      nullable: true,
      description: 'Its newest book; null when there is none.',
      resolve: ({ leg }) => leg.book,
    }),
  }),
});

function side(book: ConsolidatedBook, of: Side, depth: number | null | undefined): ExchangeLevel[] {
  const limit = checkedDepth(depth) ?? Infinity;
  const levels: ExchangeLevel[] = [];
  for (const level of book.levels(of)) {
    levels.push(level);
    if (levels.length >= limit) break;
  }
  return levels;
}

const ConsolidatedType = builder.objectRef<ConsolidatedBook>('ConsolidatedOrderbook').implement({
  description:
    'The order books of one pair on all collected exchanges, side by side and merged. The best bid may exceed the best ask of another exchange; `spread` is then negative.',
  fields: (t) => ({
    ...pairFields(t, ({ pair }) => pair),
    timestamp: t.field({
      type: 'DateTime',
      description: 'When the book was merged.',
      resolve: ({ at }) => at,
    }),
    bestAsk: t.field({
      type: ConsolidatedLevelType,
      nullable: true,
      description: 'The lowest ask across exchanges; null when there is none.',
      resolve: (book) => book.best('ask'),
    }),
    bestBid: t.field({
      type: ConsolidatedLevelType,
      nullable: true,
      description: 'The highest bid across exchanges; null when there is none.',
      resolve: (book) => book.best('bid'),
    }),
    spread: t.field({
      type: 'Decimal',
      nullable: true,
      description: 'Best ask minus best bid, exact; null when a side is empty.',
      resolve: (book) => {
        const [ask, bid] = [book.best('ask'), book.best('bid')];
        return ask && bid ? subtractDecimal(ask.level[0], bid.level[0]) : null;
      },
    }),
    midPrice: t.field({
      type: 'Decimal',
      nullable: true,
      description: 'Midpoint of best ask and best bid, exact; null when a side is empty.',
      resolve: (book) => {
        const [ask, bid] = [book.best('ask'), book.best('bid')];
        return ask && bid ? midDecimal(ask.level[0], bid.level[0]) : null;
      },
    }),
    asks: t.field({
      type: [ConsolidatedLevelType],
      description:
        'Offers to sell (매도) of all exchanges, lowest price first; equal prices by name of the exchange.',
      args: {
        depth: t.arg.int({
          description: 'Maximum number of levels, at least 1; all when omitted.',
        }),
      },
      resolve: (book, { depth }) => side(book, 'ask', depth),
    }),
    bids: t.field({
      type: [ConsolidatedLevelType],
      description:
        'Offers to buy (매수) of all exchanges, highest price first; equal prices by name of the exchange.',
      args: {
        depth: t.arg.int({
          description: 'Maximum number of levels, at least 1; all when omitted.',
        }),
      },
      resolve: (book, { depth }) => side(book, 'bid', depth),
    }),
    legs: t.field({
      type: [ConsolidatedLegType],
      description: 'The exchanges with a collector or a book for the pair, stale ones included.',
      resolve: ({ legs, at }) => legs.map((leg) => ({ leg, at })),
    }),
  }),
});

const consolidatedArgs = builder.args((t) => ({
  ...pairArgs,
  includeStale: t.boolean({
    required: true,
    defaultValue: false,
    description: 'Whether stale legs count in prices and depth; they are marked either way.',
  }),
}));

builder.queryField('consolidated', (t) =>
  t.field({
    type: ConsolidatedType,
    description: 'The newest books of a pair across all collected exchanges, merged.',
    args: consolidatedArgs,
    resolve: async (_root, args, { bus, control, markets }) => {
      const pair = pairOf(args);
      await markets.check([{ exchange: null, ...pair }]);
      return consolidate({ bus, control }, pair, args.includeStale);
    },
  }),
);

builder.subscriptionField('consolidated', (t) =>
  t.field({
    type: ConsolidatedType,
    description:
      'The newest books of a pair across all collected exchanges, merged: the current state first, then an update whenever the book or the state of one of them changes. Shared by equal subscriptions.',
    args: { ...consolidatedArgs, ...everyArg },
    extensions: { shared: true },
    subscribe: async (_root, args, { bus, books, control, markets }) => {
      const pair = pairOf(args);
      const everyMs = checkedEvery(args.every);
      await markets.check([{ exchange: null, ...pair }]);
      return new ConsolidatedBooks({ bus, books, control }, pair, args.includeStale, everyMs);
    },
    resolve: ({ value }) => value,
  }),
);

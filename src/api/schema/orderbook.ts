import { midDecimal, subtractDecimal } from '../../market/decimal.js';
import type { Market } from '../../market/market.js';
import type { Level, OrderBook } from '../../market/order-book.js';
import type { StoreReader } from '../../store/reader-types.js';
import type { Gap } from '../../market/gap.js';
import { checkedDepth, marketOf } from '../inputs.js';
import { marketArgs } from './arguments.js';
import { builder } from './builder.js';
import { marketFields, exposed, exposedOrNull } from './fields.js';
import { GapType } from './gap.js';

/** A level of a book. */
const LevelType = builder.objectRef<Level>('Level').implement({
  description: 'A price and the volume resting there.',
  fields: (t) => ({
    price: t.field({
      type: 'Decimal',
      description: 'Price of one unit of the base asset, in the quote currency.',
      resolve: ([price]) => price,
    }),
    volume: t.field({
      type: 'Decimal',
      description: 'Volume resting at that price, in the base asset.',
      resolve: ([, volume]) => volume,
    }),
  }),
});

/** The best levels of a side, up to `depth`. */
function levels(side: readonly Level[], depth: number | null | undefined): readonly Level[] {
  const limit = checkedDepth(depth);
  return limit === undefined ? side : side.slice(0, limit);
}

/** A book as the API shows it; what a delivery to a subscriber adds is absent elsewhere. */
export interface OrderbookShape extends OrderBook {
  /** The requested moment, Unix ms; absent for a newest or live book. */
  readonly at?: number;
  readonly skipped?: number;
  readonly gapBefore?: Gap | null;
}

const CompletenessEnum = builder.enumType('Completeness', {
  description: 'What guarantees that books are complete and none is missed.',
  values: {
    SNAPSHOT: { description: 'Every message is a whole book.' },
    ORDERED: { description: 'Every message is a whole book, and a growing id gives the order.' },
    DELTA: {
      description:
        'Maintained from deltas after one snapshot. A lost delta is not visible in the messages; REST audits find it.',
    },
    MAY_DROP: {
      description:
        'Every message is a whole book; the exchange states that it may drop some under heavy traffic.',
    },
    POLLED: {
      description: 'Whole books, polled; changes between two responses go unseen.',
    },
  } as const,
});

/** The stored gap of a market that contains a moment, Unix ms; null when it was covered then. */
async function gapAt(reader: StoreReader, market: Market, at: number): Promise<Gap | null> {
  const { items } = await reader.gaps({ ...market, from: at, to: at + 1, limit: 10 });
  // At its start the market was covered for the last time, at its end it is covered again.
  const isIn = ({ start, end }: Gap): boolean => start < at && (end === null || at < end);
  return items.map((item) => item.value).find(isIn) ?? null;
}

/** The order book of one market. */
export const OrderbookType = builder.objectRef<OrderbookShape>('Orderbook').implement({
  description: 'The order book of one market at one moment, as the exchange sent it.',
  fields: (t) => ({
    ...marketFields(t, (book) => book.market),
    completeness: t.field({
      type: CompletenessEnum,
      description:
        "What guarantees that this exchange's books are complete, given the transport currently set.",
      resolve: (book, _args, { control }) => control.completeness(book.market.exchange),
    }),
    ...exposed(t, 'DateTime', { timestamp: 'When this server received the book.' }),
    ...exposedOrNull(t, 'DateTime', {
      exchangeTimestamp: 'The exchange’s own time of the book; null when it gives none.',
    }),
    ...exposed(t, 'BigInt', {
      sequence: 'Receive number of the book; only grows, across restarts of one database.',
    }),
    skipped: t.int({
      description:
        'In a subscription: books of this market skipped between the previously delivered one and this one, because the subscriber was slow or set a rate with `every`. 0 elsewhere.',
      resolve: (book) => book.skipped ?? 0,
    }),
    gapBefore: t.field({
      type: GapType,
      nullable: true,
      description:
        'In a subscription and in `books`: the gap directly before this book or before a skipped one; null if there is none, and elsewhere.',
      resolve: (book) => book.gapBefore ?? null,
    }),
    asks: t.field({
      type: [LevelType],
      description: 'Offers to sell (매도), lowest price first.',
      args: {
        depth: t.arg.int({
          description: 'Maximum number of levels, at least 1; all when omitted.',
        }),
      },
      resolve: (book, { depth }) => levels(book.asks, depth),
    }),
    bids: t.field({
      type: [LevelType],
      description: 'Offers to buy (매수), highest price first.',
      args: {
        depth: t.arg.int({
          description: 'Maximum number of levels, at least 1; all when omitted.',
        }),
      },
      resolve: (book, { depth }) => levels(book.bids, depth),
    }),
    age: t.int({
      description:
        'Age of the book in ms, at the moment requested with `at`, otherwise now. A quiet market has an old book that still holds; `gap` tells the difference.',
      resolve: ({ at, timestamp }) =>
        Math.min(Math.max(0, (at ?? Date.now()) - timestamp), 2 ** 31 - 1),
    }),
    gap: t.field({
      type: GapType,
      nullable: true,
      description:
        'The gap that contains the moment requested with `at`: the market was not covered then, and the book is the last one known before it. Null when it was covered, and for live books.',
      // A live book has none: no promise then, or a subscription would have to wait for it.
      resolve: ({ at, market }, _args, { reader }) =>
        at === undefined ? null : gapAt(reader, market, at),
    }),
    bestAsk: t.field({
      type: LevelType,
      nullable: true,
      description: 'The lowest ask; null when there is none.',
      resolve: (book) => book.asks[0] ?? null,
    }),
    bestBid: t.field({
      type: LevelType,
      nullable: true,
      description: 'The highest bid; null when there is none.',
      resolve: (book) => book.bids[0] ?? null,
    }),
    spread: t.field({
      type: 'Decimal',
      nullable: true,
      description: 'Best ask minus best bid, exact; null when a side is empty.',
      resolve: ({ asks: [ask], bids: [bid] }) =>
        ask && bid ? subtractDecimal(ask[0], bid[0]) : null,
    }),
    midPrice: t.field({
      type: 'Decimal',
      nullable: true,
      description: 'Midpoint of best ask and best bid, exact; null when a side is empty.',
      resolve: ({ asks: [ask], bids: [bid] }) => (ask && bid ? midDecimal(ask[0], bid[0]) : null),
    }),
  }),
});

builder.queryField('orderbook', (t) =>
  t.field({
    type: OrderbookType,
    nullable: true,
    description:
      'Without `at`, the newest order book of a market: the live one, otherwise the newest stored. With `at`, the stored book as of that moment. Null when there is none; `UNKNOWN_MARKET` for a market that its exchange does not list and nothing is stored for.',
    args: {
      ...marketArgs,
      at: t.arg({ type: 'DateTime', description: 'The moment; the newest book when omitted.' }),
    },
    resolve: async (_root, args, { bus, reader, markets }) => {
      const market = marketOf(args);
      await markets.check([market]);
      const at = args.at ?? undefined;
      if (at !== undefined) {
        const book = await reader.bookAt(market, at);
        return book && { ...book, at };
      }
      return bus.current(market) ?? (await reader.newestBook(market));
    },
  }),
);

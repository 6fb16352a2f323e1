import { midDecimal, subtractDecimal } from '../../market/decimal.js';
import type { Level, OrderBook } from '../../market/order-book.js';
import { checkedDepth, marketPart, optionalMarketPart } from '../inputs.js';
import { marketArgs, marketFilterArgs } from './arguments.js';
import { builder } from './builder.js';
import { ExchangeEnum } from './exchange-enum.js';

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

function levels(side: readonly Level[], depth: number | null | undefined): readonly Level[] {
  const limit = checkedDepth(depth);
  return limit === undefined ? side : side.slice(0, limit);
}

const OrderbookType = builder.objectRef<OrderBook>('Orderbook').implement({
  description: 'The order book of one market at one moment, as the exchange sent it.',
  fields: (t) => ({
    exchange: t.field({
      type: ExchangeEnum,
      description: 'The exchange.',
      resolve: (book) => book.market.exchange,
    }),
    symbol: t.string({
      description: 'Base asset, such as `BTC`.',
      resolve: (book) => book.market.symbol,
    }),
    currency: t.string({
      description: 'Quote currency, such as `KRW`.',
      resolve: (book) => book.market.currency,
    }),
    timestamp: t.expose('timestamp', {
      type: 'DateTime',
      description: 'When this server received the book.',
    }),
    exchangeTimestamp: t.expose('exchangeTimestamp', {
      type: 'DateTime',
      nullable: true,
      description: 'The exchange’s own time of the book; null when it did not say.',
    }),
    sequence: t.expose('sequence', {
      type: 'BigInt',
      description: 'Receive number of the book: only grows, across restarts of one database.',
    }),
    asks: t.field({
      type: [LevelType],
      description: 'Offers to sell (매도), lowest price first.',
      args: {
        depth: t.arg.int({ description: 'Levels at most, 1 or more; all when left out.' }),
      },
      resolve: (book, { depth }) => levels(book.asks, depth),
    }),
    bids: t.field({
      type: [LevelType],
      description: 'Offers to buy (매수), highest price first.',
      args: {
        depth: t.arg.int({ description: 'Levels at most, 1 or more; all when left out.' }),
      },
      resolve: (book, { depth }) => levels(book.bids, depth),
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
      description: 'The middle of best ask and best bid, exact; null when a side is empty.',
      resolve: ({ asks: [ask], bids: [bid] }) => (ask && bid ? midDecimal(ask[0], bid[0]) : null),
    }),
  }),
});

builder.queryField('orderbook', (t) =>
  t.field({
    type: OrderbookType,
    nullable: true,
    description:
      'Without `at` the newest order book of a market: the live one, else the newest stored. With `at` the stored book as it was at that moment. Null when there is none.',
    args: {
      ...marketArgs,
      at: t.arg({ type: 'DateTime', description: 'The moment; left out for the newest book.' }),
    },
    resolve: async (_root, args, { bus, reader }) => {
      const market = {
        exchange: args.exchange,
        symbol: marketPart('symbol', args.symbol),
        currency: marketPart('currency', args.currency),
      };
      if (args.at !== null && args.at !== undefined) return reader.bookAt(market, args.at);
      return bus.current(market) ?? (await reader.newestBook(market));
    },
  }),
);

builder.subscriptionField('orderbook', (t) =>
  t.field({
    type: OrderbookType,
    description:
      'Live order books: first the current book of each matching market, then every change. A subscriber too slow for all changes gets the newest book of each market.',
    args: marketFilterArgs,
    subscribe: (_root, args, { streams }) =>
      streams.open({
        exchange: args.exchange ?? undefined,
        symbol: optionalMarketPart('symbol', args.symbol),
        currency: optionalMarketPart('currency', args.currency),
      }),
    resolve: (book) => book,
  }),
);

import type { Delivery } from '../../live/delivery.js';
import type { CollectPattern } from '../../market/collect-pattern.js';
import { MarketSelection } from '../../market/market-selection.js';
import type { ApiContext } from '../context.js';
import {
  checkedEvery,
  checkedSince,
  checkedSpeed,
  marketOf,
  marketPatterns,
  filterPattern,
  timeWindow,
  MAX_MARKETS,
  MAX_SPEED,
} from '../inputs.js';
import { ExactBooks } from '../../live/sources/exact-books.js';
import { LatestBooks } from '../../live/sources/latest-books.js';
import { ReplayBooks } from '../../live/sources/replay-books.js';
import { everyArg, marketArgs, marketFilterArgs, windowArgs } from './arguments.js';
import { builder } from './builder.js';
import { ExchangeEnum } from './exchange-enum.js';
import { type OrderbookShape, OrderbookType } from './orderbook.js';

/** A market in a list. */
export const MarketInput = builder.inputType('MarketInput', {
  description: 'One market.',
  fields: (t) => ({
    exchange: t.field({ type: ExchangeEnum, required: true, description: 'The exchange.' }),
    symbol: t.string({
      required: true,
      description: 'Base asset, such as `BTC`; case does not matter.',
    }),
    currency: t.string({
      required: true,
      defaultValue: 'KRW',
      description: 'Quote currency, such as `KRW`; case does not matter.',
    }),
  }),
});

const sinceArg = builder.args((t) => ({
  since: t.field({
    type: 'BigInt',
    description:
      'Resume after this sequence: every book after it exactly once and in order, first from the store, then live, without an initial current book. Pass the `sequence` of the last book you received to miss nothing. Not together with `every`.',
  }),
}));

/** The requested books: the newest of each market, or every one after a sequence. */
async function liveBooks(
  patterns: readonly CollectPattern[],
  args: { readonly every?: number | null | undefined; readonly since?: number | null | undefined },
  { bus, books, reader, tail, sequences, unkeptAt, markets }: ApiContext,
): Promise<LatestBooks | ExactBooks> {
  const everyMs = checkedEvery(args.every);
  const since = checkedSince(args.since, args.every, sequences());
  await markets.check(patterns);
  const selection = new MarketSelection(patterns);
  if (since === undefined) return new LatestBooks({ bus, books }, selection, everyMs);
  const settled = (): number => sequences().settled;
  return new ExactBooks({ reader, tail, settled, unkeptAt }, selection, since);
}

/** The book, plus what its delivery adds: the number of books skipped, the gap before. */
function withDelivery({ value, skipped, gapBefore }: Delivery): OrderbookShape {
  if (skipped === 0 && gapBefore === null) return value;
  const { market, timestamp, exchangeTimestamp, sequence } = value;
  return {
    market,
    timestamp,
    exchangeTimestamp,
    sequence,
    // Decoded on access for a book from the log.
    get asks() {
      return value.asks;
    },
    get bids() {
      return value.bids;
    },
    skipped,
    gapBefore,
  };
}

const SHARED = 'Shared by equal subscriptions.';

builder.subscriptionFields((t) => ({
  orderbook: t.field({
    type: OrderbookType,
    description: `Live order books: first the current book of each matching market, then every change. A subscriber too slow for all changes gets the newest book of each market, with the number missed in \`skipped\`. ${SHARED}`,
    args: { ...marketFilterArgs, ...everyArg, ...sinceArg },
    extensions: { shared: true },
    subscribe: (_root, args, context) => liveBooks([filterPattern(args)], args, context),
    resolve: withDelivery,
  }),
  orderbooks: t.field({
    type: OrderbookType,
    description: `As \`orderbook\`, for many markets: a list, or all that match a pattern. Give exactly one of the two. ${SHARED}`,
    args: {
      markets: t.arg({
        type: [MarketInput],
        description: `The markets, from 1 to ${MAX_MARKETS}.`,
      }),
      pattern: t.arg.string({
        description:
          'Comma list of `[EXCHANGE:]SYMBOL-CURRENCY`, where `*` stands for a whole part, as in `COLLECT`: `UPBIT:*-KRW,KORBIT:BTC-KRW`.',
      }),
      ...everyArg,
      ...sinceArg,
    },
    extensions: { shared: true },
    subscribe: (_root, args, context) => liveBooks(marketPatterns(args), args, context),
    resolve: withDelivery,
  }),
  replay: t.field({
    type: OrderbookType,
    description:
      'Replays the stored books of a market, each exactly once, at their original timing; completes after the last one. A subscriber that cannot keep up gets them as fast as it reads. Each subscriber has its own replay.',
    args: {
      ...marketArgs,
      ...windowArgs,
      speed: t.arg.float({
        required: true,
        defaultValue: 1,
        description: `Speed as a multiple of the original, up to ${MAX_SPEED}; 0: as fast as you read.`,
      }),
    },
    subscribe: async (_root, args, { reader, sequences, markets }) => {
      const market = marketOf(args);
      const { from, to } = timeWindow(args);
      const options = { market, from, to, speed: checkedSpeed(args.speed) };
      await markets.check([market]);
      return new ReplayBooks({ reader, sequences }, options);
    },
    resolve: withDelivery,
  }),
}));

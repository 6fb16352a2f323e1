import { ExactTrades } from '../../live/sources/exact-trades.js';
import type { Market } from '../../market/market.js';
import { MarketSelection } from '../../market/market-selection.js';
import type { Trade } from '../../market/trade.js';
import { completenessAt, type TradePiece } from '../../market/trade-span.js';
import type { TradeTally } from '../../market/trade-tally.js';
import { checkedSince, marketPart, filterPattern, timeWindow } from '../inputs.js';
import { fromCursor, toConnection, toCursor } from '../paging.js';
import { marketArgs, marketFilterArgs, pageArgs, windowArgs } from './arguments.js';
import { builder } from './builder.js';
import { exposed, marketFields, exposedOrNull } from './fields.js';
import { allSpans, TradeCompletenessEnum } from './trade-coverage.js';
import { TradeSideEnum } from './trade-side.js';

const TradeOriginEnum = builder.enumType('TradeOrigin', {
  description: 'How a trade came.',
  values: {
    LIVE: { description: 'As it happened.' },
    SNAPSHOT: {
      description:
        'As the last one on record when the stream was subscribed; it may have been old then.',
    },
    BACKFILL: { description: "Out of the exchange's REST history." },
  } as const,
});

const TradeIdKindEnum = builder.enumType('TradeIdKind', {
  description: "Which of an exchange's ids a trade id is.",
  values: {
    EXCHANGE: { description: 'The one that its stream and its REST history share.' },
    STREAM: { description: 'One of the stream alone (Bithumb).' },
    REST: {
      description:
        'One of the REST history alone; several trades of a millisecond may share it (Bithumb).',
    },
  } as const,
});

/** A trade, with what gives the spans of the page that it is on. */
interface ListedTrade extends Trade {
  readonly spans?: () => Promise<readonly TradePiece[]>;
}

const TradeType = builder.objectRef<ListedTrade>('Trade').implement({
  description: 'A recorded trade, 체결.',
  fields: (t) => ({
    ...marketFields(t, (trade) => trade.market),
    ...exposed(t, 'DateTime', { timestamp: 'When this server received it.' }),
    ...exposedOrNull(t, 'DateTime', {
      exchangeTimestamp: "The exchange's own time of the trade.",
      messageTimestamp: 'When the exchange sent the message; null where it does not say.',
    }),
    ...exposed(t, 'Int', {
      resolutionMs: 'How fine that time is, in ms: 1, or 1000 where the exchange gives seconds.',
    }),
    ...exposed(t, 'BigInt', {
      sequence:
        'Receive number, of the same counter as those of the books: books and trades sort by receipt.',
    }),
    ...exposed(t, 'String', { tradeId: "The exchange's id, as it wrote it." }),
    tradeIdKind: t.expose('idKind', {
      type: TradeIdKindEnum,
      description: 'Which of its ids that is.',
    }),
    side: t.expose('side', { type: TradeSideEnum, description: 'The side of the taker.' }),
    ...exposed(t, 'Decimal', {
      price: 'Price, in the quote currency.',
      volume: 'Volume, in the base asset.',
    }),
    origin: t.expose('origin', { type: TradeOriginEnum, description: 'How it came.' }),
    backfilled: t.boolean({
      description: "Whether it came out of the exchange's REST history, after the fact.",
      resolve: (trade) => trade.origin === 'BACKFILL',
    }),
    completeness: t.field({
      type: TradeCompletenessEnum,
      description:
        'What is known of the completeness of the trades around it; UNPROVEN of a live one.',
      // A live one must be answered at once: its field may not wait.
      resolve: ({ spans, exchangeTimestamp }) =>
        spans === undefined
          ? 'UNPROVEN'
          : spans().then((known) => completenessAt(known, exchangeTimestamp)),
    }),
  }),
});

const TradeConnection = builder.connectionObject(
  {
    type: TradeType,
    name: 'TradeConnection',
    description: "A page of trades of a market, in order of the exchange's time, then of id.",
  },
  { name: 'TradeEdge', description: 'A trade and its cursor.' },
);

/** What has become of the trades of an exchange, for its entry in the list of exchanges. */
export const TradeTallyType = builder.objectRef<TradeTally>('TradeTally').implement({
  description:
    'What has become of the trades of an exchange since the server began. What is not recorded is counted here.',
  fields: (t) => ({
    ...exposed(t, 'BigInt', {
      received: 'Trades received, repeated ones included.',
      recorded: 'Of those, recorded.',
      backfilled: "Of the recorded ones, those out of the exchange's REST history.",
      repeats: 'Trades that had been recorded before, and were left out.',
      reusedIds: 'Recorded trades whose id had come before with other contents.',
      late: 'Recorded trades that came after a later one of their market.',
      absurdTimes: 'Trades left out because their time cannot be that of a trade received then.',
      unreadable:
        'Messages about trades that could not be read; the `logs` of the event `TRADE_UNREADABLE` show them.',
      unasked: 'Trades of markets that were not asked for; they are dropped.',
      sideAgreed:
        'Live trades at the best ask or bid of the book before them that took the side that they name.',
      sideDiffered:
        'Those that took the other side. Few are normal, since the book may have moved meanwhile; many mean that the side is read the wrong way round.',
      otherClock:
        'Live trades whose time is ten minutes and more from their receipt: of another clock or time zone, or late.',
      lost: "Recorded trades that could not be stored. Their time is a gap until the exchange's history has filled it.",
      historyPages: "Pages of the exchange's REST history that were read.",
      historyFailures: 'Calls for it that failed; they are made again.',
      historyAgreed: 'Trades that it has like the store.',
      historyDiffered: 'Trades that it has with another side, price, volume or time.',
      historyLacked: 'Stored trades that it lacks.',
      otherIds: 'Equal trades with other ids, though both feeds are said to share them.',
      otherZones: 'Its rows whose text of the time is not of the time zone that it is known to be.',
      historyFaults: 'Checks that were broken off, because its pages made no sense.',
      volumesAgreed: "Minutes whose volume by the exchange's candles equals that of the store.",
      volumesDiffered: 'Minutes whose volume differs.',
    }),
  }),
});

builder.queryField('trades', (t) =>
  t.field({
    type: TradeConnection,
    description:
      "Recorded trades of a market in order of the exchange's time, then of id; `from` and `to` refer to that time. Trades are recorded where `CHANNELS` has `trade`.",
    args: { ...marketArgs, ...windowArgs, ...pageArgs },
    resolve: async (_root, args, { reader, markets, rows }) => {
      const market: Market = {
        exchange: args.exchange,
        symbol: marketPart('symbol', args.symbol),
        currency: marketPart('currency', args.currency),
      };
      const place = fromCursor('trade', 2, args.after);
      const limit = rows.take(args.first);
      const window = timeWindow(args);
      await markets.check([market]);
      const page = await reader.trades({
        market,
        ...window,
        after: place && { time: place[0]!, sequence: place[1]! },
        limit,
      });
      let read: Promise<readonly TradePiece[]> | undefined;
      const spans = (): Promise<readonly TradePiece[]> => {
        const [first, last] = [page.items[0]!, page.items.at(-1)!];
        const times = { from: first.exchangeTimestamp, to: last.exchangeTimestamp + 1 };
        return (read ??= allSpans(reader, market, times));
      };
      return toConnection(
        page,
        args.after,
        ({ exchangeTimestamp, sequence }) => toCursor('trade', exchangeTimestamp, sequence),
        (trade) => ({ ...trade, spans }),
      );
    },
  }),
);

builder.subscriptionField('trades', (t) =>
  t.field({
    type: TradeType,
    description:
      'Live trades in order of receipt. None is left out: a subscriber that cannot keep up gets what it missed out of the store. Shared by equal subscriptions.',
    args: {
      ...marketFilterArgs,
      since: t.arg({
        type: 'BigInt',
        description:
          'Go on behind this sequence: every trade after it, stored ones first, then live ones, each exactly once. Left out: what is received from now on.',
      }),
    },
    extensions: { shared: true },
    subscribe: async (_root, args, { reader, tradeTail, sequences, markets }) => {
      const pattern = filterPattern(args);
      const since = checkedSince(args.since, null, sequences());
      await markets.check([pattern]);
      const sources = { reader, tail: tradeTail, sequences };
      return new ExactTrades(sources, new MarketSelection([pattern]), since);
    },
    resolve: ({ value }) => value,
  }),
);

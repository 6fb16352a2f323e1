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
  description: 'How a trade was obtained.',
  values: {
    LIVE: { description: 'Streamed as it happened.' },
    SNAPSHOT: {
      description:
        'The last trade on record when the stream was subscribed; it may already have been old.',
    },
    BACKFILL: { description: "From the exchange's REST history." },
  } as const,
});

const TradeIdKindEnum = builder.enumType('TradeIdKind', {
  description: "Which of an exchange's ids a trade id is.",
  values: {
    EXCHANGE: { description: 'The id shared by its stream and its REST history.' },
    STREAM: { description: 'An id of the stream only (Bithumb).' },
    REST: {
      description:
        'An id of the REST history only; several trades of a millisecond may share it (Bithumb).',
    },
  } as const,
});

/** A trade, with a way to read the completeness spans of its page. */
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
      messageTimestamp: 'When the exchange sent the message; null where it gives none.',
    }),
    ...exposed(t, 'Int', {
      resolutionMs:
        'Resolution of `exchangeTimestamp` in ms: 1, or 1000 where the exchange gives seconds.',
    }),
    ...exposed(t, 'BigInt', {
      sequence:
        "Receive number, from the same counter as the books': books and trades sort by receipt.",
    }),
    ...exposed(t, 'String', { tradeId: "The exchange's id, verbatim." }),
    tradeIdKind: t.expose('idKind', {
      type: TradeIdKindEnum,
      description: 'The kind of that id.',
    }),
    side: t.expose('side', { type: TradeSideEnum, description: 'The side of the taker.' }),
    ...exposed(t, 'Decimal', {
      price: 'Price, in the quote currency.',
      volume: 'Volume, in the base asset.',
    }),
    origin: t.expose('origin', { type: TradeOriginEnum, description: 'How it was obtained.' }),
    backfilled: t.boolean({
      description: "Whether it was backfilled from the exchange's REST history.",
      resolve: (trade) => trade.origin === 'BACKFILL',
    }),
    completeness: t.field({
      type: TradeCompletenessEnum,
      description: 'Completeness of the trades around it; UNPROVEN for a live one.',
      // A live one must resolve synchronously.
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
    description: 'A page of trades of a market, ordered by exchange time, then id.',
  },
  { name: 'TradeEdge', description: 'A trade and its cursor.' },
);

/** Trade counts of an exchange, for its entry in the list of exchanges. */
export const TradeTallyType = builder.objectRef<TradeTally>('TradeTally').implement({
  description:
    'Trade counts of an exchange by outcome since the server started. Whatever is not recorded is counted here.',
  fields: (t) => ({
    ...exposed(t, 'BigInt', {
      received: 'Trades received, repeats included.',
      recorded: 'Of those, the number recorded.',
      backfilled: "Of the recorded ones, those backfilled from the exchange's REST history.",
      repeats: 'Trades skipped because they had been recorded before.',
      reusedIds: 'Recorded trades whose id had been seen before with different contents.',
      late: 'Recorded trades that arrived after a later one of their market.',
      absurdTimes: 'Trades skipped because their time is impossible for a trade received then.',
      unreadable: 'Unreadable trade messages; `logs` with the event `TRADE_UNREADABLE` show them.',
      unasked: 'Trades of markets that were not subscribed; they are dropped.',
      sideAgreed:
        'Live trades at the best ask or bid of the preceding book that took the side they name.',
      sideDiffered:
        'Those that took the other side. A few are normal, since the book may have moved meanwhile; many mean that the side is interpreted the wrong way round.',
      otherClock:
        'Live trades whose time is ten minutes or more from their receipt: a different clock or time zone, or late.',
      lost: "Recorded trades that could not be stored. Their time is a gap until backfilled from the exchange's history.",
      historyPages: "Pages read from the exchange's REST history.",
      historyFailures: 'Failed calls for such pages; they are retried.',
      historyAgreed: 'Trades that match the store.',
      historyDiffered: 'Trades with a different side, price, volume or time than in the store.',
      historyLacked: 'Stored trades missing from the history.',
      otherIds: 'Equal trades with different ids, although both feeds should share them.',
      otherZones: 'History rows whose time text is not in the expected time zone.',
      historyFaults: "Checks aborted because the history's pages made no sense.",
      volumesAgreed: "Minutes whose volume in the exchange's candles equals that of the store.",
      volumesDiffered: 'Minutes whose volume differs.',
    }),
  }),
});

builder.queryField('trades', (t) =>
  t.field({
    type: TradeConnection,
    description:
      'Recorded trades of a market, ordered by exchange time, then id; `from` and `to` refer to that time. Trades are recorded if `CHANNELS` contains `trade`.',
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
      'Live trades in order of receipt. None is skipped: a subscriber that cannot keep up gets what it missed from the store. Shared by equal subscriptions.',
    args: {
      ...marketFilterArgs,
      since: t.arg({
        type: 'BigInt',
        description:
          'Resume after this sequence: every trade after it exactly once, first from the store, then live. Only new trades when omitted.',
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

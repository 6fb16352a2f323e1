import type { BookRow } from '../../store/reader-types.js';
import { marketFilter, timeWindow } from '../inputs.js';
import { fromCursor, toConnection, toCursor } from '../paging.js';
import { exchangeArg, pageArgs, pairFilterArgs, windowArgs } from './arguments.js';
import { builder } from './builder.js';
import { exposed, marketFields } from './fields.js';
import { GapConnection, gapPage } from './gap.js';

const SideEnum = builder.enumType('Side', {
  description: 'A side of an order book.',
  values: {
    ASK: { value: 'ask', description: 'Offers to sell, 매도.' },
    BID: { value: 'bid', description: 'Offers to buy, 매수.' },
  } as const,
});

const OrderbookRowType = builder.objectRef<BookRow>('OrderbookRow').implement({
  description: 'One stored level: the volume resting at a price from that moment on.',
  fields: (t) => ({
    ...marketFields(t, (row) => row.market),
    ...exposed(t, 'DateTime', {
      timestamp: "When this server received the level's book.",
    }),
    side: t.expose('side', { type: SideEnum, description: 'Ask or bid.' }),
    ...exposed(t, 'Decimal', {
      price: 'Price, in the quote currency.',
      volume: 'Volume, in the base asset; `0` when the level vanished.',
    }),
    ...exposed(t, 'BigInt', { sequence: "Receive number of the level's book." }),
  }),
});

/** The request of a page, which determines the gaps of its window. */
interface WindowedPage {
  readonly window: Parameters<typeof gapPage>[0];
}

const OrderbookRowConnection = builder.connectionObject(
  {
    type: OrderbookRowType,
    name: 'OrderbookRowConnection',
    description: 'A page of stored levels, in order of receipt.',
    fields: (t) => ({
      gaps: t.field({
        type: GapConnection,
        description:
          'The gaps that overlap the requested window, oldest first: where nothing was observed, as opposed to where nothing happened.',
        args: pageArgs,
        resolve: (page, args, { reader, rows }) =>
          gapPage((page as unknown as WindowedPage).window, args, reader, rows),
      }),
    }),
  },
  { name: 'OrderbookRowEdge', description: 'A stored level and its cursor.' },
);

builder.queryField('orderbookRows', (t) =>
  t.field({
    type: OrderbookRowConnection,
    description:
      'Stored levels of an exchange, oldest first: the rows of the relation `orderbook` in the database.',
    args: {
      ...exchangeArg,
      ...pairFilterArgs,
      side: t.arg({ type: SideEnum, description: 'Only asks or only bids.' }),
      ...windowArgs,
      ...pageArgs,
    },
    resolve: async (_root, args, { reader, rows }) => {
      const place = fromCursor('row', 2, args.after);
      const selection = {
        ...marketFilter(args),
        exchange: args.exchange,
        ...timeWindow(args),
      };
      const page = await reader.rows({
        ...selection,
        side: args.side ?? undefined,
        after: place && { sequence: place[0]!, index: place[1]! },
        limit: rows.take(args.first),
      });
      const connection = toConnection(
        page,
        args.after,
        (row) => toCursor('row', row.sequence, row.index),
        (row) => row,
      );
      return { ...connection, window: selection } satisfies WindowedPage;
    },
  }),
);

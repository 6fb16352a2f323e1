import { badInput } from '../errors.js';
import { marketOf, timeWindow } from '../inputs.js';
import { DEFAULT_FIRST, fromCursor, toCursor } from '../paging.js';
import { marketArgs, pageArgs, windowArgs } from './arguments.js';
import { builder } from './builder.js';
import { type OrderbookShape, OrderbookType } from './orderbook.js';

const OrderbookConnection = builder.connectionObject(
  {
    type: OrderbookType,
    name: 'OrderbookConnection',
    description: 'A page of past order books of a market, in order of `sequence`.',
  },
  { name: 'OrderbookEdge', description: 'A book and its cursor.' },
);

/** Arguments of a connection that pages both ways. */
interface BothWays {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
  readonly last?: number | null | undefined;
  readonly before?: string | null | undefined;
}

/** Direction of a page: backward when `last`, or only `before`, is given. */
function isBackward({ first, after, last, before }: BothWays): boolean {
  const given = (value: unknown): boolean => value !== null && value !== undefined;
  if (given(first) && given(last)) {
    throw badInput('last', 'give either first, to read forward, or last, to read backward');
  }
  return given(last) || (given(before) && !given(first) && !given(after));
}

builder.queryField('books', (t) =>
  t.field({
    type: OrderbookConnection,
    description:
      'Every stored book of a market, whole and in order of `sequence`: forward with `first` and `after`, backward from the newest with `last` and `before`. Pages of very deep books may be shorter than requested; `pageInfo` says whether there is more.',
    args: {
      ...marketArgs,
      ...windowArgs,
      ...pageArgs,
      last: t.arg.int({
        description: `Number of items to return from the end, from 1 to \`MAX_PAGE_SIZE\`; ${DEFAULT_FIRST} when only \`before\` is given.`,
      }),
      before: t.arg.string({
        description: 'Return items before this cursor: the `startCursor` of the following page.',
      }),
    },
    resolve: async (_root, args, { reader, markets, rows }) => {
      const market = marketOf(args);
      const last = isBackward(args);
      const after = fromCursor('book', 1, args.after)?.[0];
      const before = fromCursor('book', 1, args.before, 'before')?.[0];
      const limit = rows.take(last ? args.last : args.first, last ? 'last' : 'first');
      await markets.check([market]);
      const window = timeWindow(args);
      const { items, more } = await reader.bookPage({
        market,
        ...window,
        after,
        before,
        limit,
        last,
      });
      const edges = items.map(({ book, gapBefore }) => ({
        cursor: toCursor('book', book.sequence),
        node: { ...book, gapBefore } satisfies OrderbookShape,
      }));
      return {
        edges,
        pageInfo: {
          // There is something beyond the other end of a page exactly when a cursor led here.
          hasNextPage: last ? before !== undefined : more,
          hasPreviousPage: last ? more : after !== undefined,
          startCursor: edges[0]?.cursor ?? null,
          endCursor: edges.at(-1)?.cursor ?? null,
        },
      };
    },
  }),
);

import {
  getDirectiveValues,
  GraphQLIncludeDirective,
  type GraphQLResolveInfo,
  GraphQLSkipDirective,
  Kind,
  type SelectionNode,
} from 'graphql';
import type { SeriesPoint, SeriesQuery } from '../../store/reader-types.js';
import { badInput } from '../errors.js';
import { marketOf } from '../inputs.js';
import { MAX_SERIES_POINTS } from '../paging.js';
import { marketArgs } from './arguments.js';
import { builder } from './builder.js';
import { exposedOrNull } from './fields.js';

/** Smallest step, ms. */
const MIN_STEP = 100;

const SeriesPointType = builder.objectRef<SeriesPoint>('SeriesPoint').implement({
  description:
    'A market in one time step. A book holds until the next one, so a step without books has the prices of the last one before it; null where there was none, as inside a gap.',
  fields: (t) => {
    const decimal = (field: keyof SeriesPoint, description: string) =>
      t.field({
        type: 'Decimal',
        nullable: true,
        description,
        resolve: (point) => point[field] as string | null,
      });
    return {
      time: t.expose('time', { type: 'DateTime', description: 'Start of the step.' }),
      open: decimal('open', 'First mid price of the step, exact.'),
      high: decimal('high', 'Highest mid price of the step, exact.'),
      low: decimal('low', 'Lowest mid price of the step, exact.'),
      close: decimal('close', 'Last mid price of the step, exact; null when a side was empty.'),
      bestBid: decimal('bestBid', 'Highest bid of the last book.'),
      bestBidVolume: decimal('bestBidVolume', 'Volume resting there.'),
      bestAsk: decimal('bestAsk', 'Lowest ask of the last book.'),
      bestAskVolume: decimal('bestAskVolume', 'Volume resting there.'),
      spread: decimal('spread', 'Best ask minus best bid of the last book, exact.'),
      ...exposedOrNull(t, 'Float', {
        spreadBp: 'The spread in basis points of the mid price.',
        imbalance:
          '(bid volume - ask volume) / (bid volume + ask volume) at the best prices of the last book, from -1 to 1.',
      }),
      books: t.exposeInt('books', { description: 'Books received in the step.' }),
      trades: t.int({
        nullable: true,
        description:
          'Trades in the step, by exchange time; null, like all trade sums, where none were recorded.',
        resolve: (point) => point.trades ?? null,
      }),
      volume: decimal('volume', 'Total volume traded, exact.'),
      buyVolume: decimal('buyVolume', 'Volume of trades in which the taker bought.'),
      sellVolume: decimal('sellVolume', 'Volume of trades in which the taker sold.'),
      vwap: decimal(
        'vwap',
        'Volume-weighted average price of its trades, to 18 decimals; null without trades.',
      ),
      covered: t.exposeFloat('covered', {
        description:
          'Share of the step in which the market was recorded without a gap, from 0 to 1.',
      }),
    };
  },
});

/** The fields selected on each point, with their response keys. */
function selectedKeys(info: GraphQLResolveInfo): SeriesQuery['keys'] {
  const keys = new Map<string, keyof SeriesPoint | '__typename'>();
  const left = (node: SelectionNode): boolean =>
    getDirectiveValues(GraphQLSkipDirective, node, info.variableValues)?.['if'] === true ||
    getDirectiveValues(GraphQLIncludeDirective, node, info.variableValues)?.['if'] === false;
  const collect = (nodes: readonly SelectionNode[]): void => {
    for (const node of nodes) {
      if (left(node)) continue;
      if (node.kind === Kind.FIELD) {
        keys.set((node.alias ?? node.name).value, node.name.value as keyof SeriesPoint);
      } else if (node.kind === Kind.INLINE_FRAGMENT) collect(node.selectionSet.selections);
      else collect(info.fragments[node.name.value]!.selectionSet.selections);
    }
  };
  for (const { selectionSet } of info.fieldNodes) {
    collect(selectionSet?.selections ?? []);
  }
  return [...keys];
}

builder.queryField('series', (t) =>
  t.field({
    type: [SeriesPointType],
    description: `A market's time series from the store: mid price, best prices and coverage in each step of a window, at most ${MAX_SERIES_POINTS} points per operation.`,
    args: {
      ...marketArgs,
      from: t.arg({
        type: 'DateTime',
        required: true,
        description: 'Start of the first step.',
      }),
      to: t.arg({ type: 'DateTime', required: true, description: 'End of the window, exclusive.' }),
      step: t.arg.int({
        required: true,
        description: `Length of a step in milliseconds, at least ${MIN_STEP}.`,
      }),
    },
    resolve: async (_root, args, { reader, markets, rows, texts }, info) => {
      const market = marketOf(args);
      const { from, to, step } = args;
      if (step < MIN_STEP) throw badInput('step', `must be ${MIN_STEP} or more; was ${step}`);
      if (to <= from) throw badInput('to', 'must be after from');
      rows.takePoints(Math.ceil((to - from) / step));
      await markets.check([market]);
      const pieces: string[] = [];
      const keys = selectedKeys(info);
      for await (const piece of reader.seriesText({ market, from, to, step, keys })) {
        pieces.push(piece);
      }
      // Its text replaces the list in the response.
      texts.set(String(info.path.key), pieces);
      return [];
    },
  }),
);

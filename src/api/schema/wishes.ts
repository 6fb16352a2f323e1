import type { WantedPattern } from '../../market/managed-lists.js';
import { fromRestorePoint, toRestorePoint } from '../../market/restore-point.js';
import { withKnownErrors } from '../errors.js';
import { marketOf } from '../inputs.js';
import { exchangeArg, marketArgs } from './arguments.js';
import { builder } from './builder.js';
import { shownOrNull } from './fields.js';
import { CollectorType } from './collector.js';
import { ExchangeEnum } from './exchange-enum.js';
import { WishKindEnum } from './wish-kind.js';

const WishType = builder.objectRef<WantedPattern>('CollectorWish').implement({
  description:
    'A standing instruction left by a mutation about what to record; it outranks `COLLECT` and older wishes.',
  fields: (t) => ({
    kind: t.field({
      type: WishKindEnum,
      description: 'What was requested.',
      resolve: ({ wanted }) => (wanted === null ? 'COLLECT' : wanted ? 'START' : 'STOP'),
    }),
    exchange: t.field({
      type: ExchangeEnum,
      nullable: true,
      description: 'The exchange; null for all.',
      resolve: ({ pattern }) => pattern.exchange,
    }),
    ...shownOrNull(t, 'String', ({ pattern }) => pattern, {
      symbol: 'The base asset; null for all.',
      currency: 'The quote currency; null for all.',
    }),
  }),
});

builder.queryFields((t) => ({
  collectorWishes: t.field({
    type: [WishType],
    description:
      'The standing instructions of mutations, strongest last: patterns, single markets, exchanges stopped as a whole.',
    resolve: async (_root, _args, { control }): Promise<WantedPattern[]> => {
      const { disabled, patterns, markets } = await control.wishes();
      return [
        ...patterns,
        ...markets.map(({ market: { exchange, symbol, currency }, wanted }) => {
          return { pattern: { exchange, symbol, currency }, wanted };
        }),
        ...disabled.map((exchange) => {
          return { pattern: { exchange, symbol: null, currency: null }, wanted: false };
        }),
      ];
    },
  }),
  restorePoint: t.string({
    description:
      'All collector wishes as one text. Query it before a mutation, and `restoreCollectors` can undo that mutation.',
    resolve: async (_root, _args, { control }) => toRestorePoint(await control.wishes()),
  }),
}));

builder.mutationFields((t) => ({
  resetCollector: t.field({
    type: CollectorType,
    description:
      'Discards what mutations requested for a market, patterns included: `COLLECT` decides again whether it is recorded. `UNKNOWN_MARKET` when nothing is known about it.',
    args: marketArgs,
    resolve: (_root, args, { control }) => withKnownErrors(() => control.reset(marketOf(args))),
  }),
  resetExchange: t.field({
    type: [CollectorType],
    description:
      'Discards what mutations requested for an exchange and its markets, patterns included: it is enabled, and `COLLECT` decides again which of its markets are recorded. Returns its collectors.',
    args: exchangeArg,
    resolve: (_root, { exchange }, { control }) =>
      withKnownErrors(() => control.resetExchange(exchange)),
  }),
  restoreCollectors: t.field({
    type: [CollectorType],
    description:
      'Restores exactly what was to be recorded at a `restorePoint`, starting and stopping as needed; later mutations are discarded. Returns all collectors.',
    args: {
      point: t.arg.string({ required: true, description: 'What `restorePoint` gave.' }),
    },
    resolve: (_root, { point }, { control }) =>
      withKnownErrors(async () => control.restore(fromRestorePoint(point))),
  }),
}));

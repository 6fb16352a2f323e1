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
    'What a mutation left behind about what is to be recorded; it outranks `COLLECT`, and older wishes.',
  fields: (t) => ({
    kind: t.field({
      type: WishKindEnum,
      description: 'What was asked for.',
      resolve: ({ wanted }) => (wanted === null ? 'COLLECT' : wanted ? 'START' : 'STOP'),
    }),
    exchange: t.field({
      type: ExchangeEnum,
      nullable: true,
      description: 'Of which exchange; null for all.',
      resolve: ({ pattern }) => pattern.exchange,
    }),
    ...shownOrNull(t, 'String', ({ pattern }) => pattern, {
      symbol: 'Of which base asset; null for all.',
      currency: 'Of which quote currency; null for all.',
    }),
  }),
});

builder.queryFields((t) => ({
  collectorWishes: t.field({
    type: [WishType],
    description:
      'What mutations have left behind, the strongest last: patterns, single markets, exchanges that were stopped as a whole.',
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
      'All of these wishes as one text. Ask for it before a mutation, and `restoreCollectors` undoes that mutation.',
    resolve: async (_root, _args, { control }) => toRestorePoint(await control.wishes()),
  }),
}));

builder.mutationFields((t) => ({
  resetCollector: t.field({
    type: CollectorType,
    description:
      'Forgets what mutations said about a market, patterns too: `COLLECT` decides again whether it is recorded. `UNKNOWN_MARKET` when nothing is known of it.',
    args: marketArgs,
    resolve: (_root, args, { control }) => withKnownErrors(() => control.reset(marketOf(args))),
  }),
  resetExchange: t.field({
    type: [CollectorType],
    description:
      'Forgets what mutations said about an exchange and its markets, patterns too: it is enabled, and `COLLECT` decides again what is recorded of it. Gives its collectors.',
    args: exchangeArg,
    resolve: (_root, { exchange }, { control }) =>
      withKnownErrors(() => control.resetExchange(exchange)),
  }),
  restoreCollectors: t.field({
    type: [CollectorType],
    description:
      'Puts back exactly what was to be recorded at a `restorePoint`, and starts and stops accordingly; what mutations said since is forgotten. Gives all collectors.',
    args: {
      point: t.arg.string({ required: true, description: 'What `restorePoint` gave.' }),
    },
    resolve: (_root, { point }, { control }) =>
      withKnownErrors(async () => control.restore(fromRestorePoint(point))),
  }),
}));

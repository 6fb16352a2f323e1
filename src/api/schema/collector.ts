import type { CollectorStatus } from '../../market/collector-status.js';
import { withKnownErrors } from '../errors.js';
import { MarketSelection } from '../../market/market-selection.js';
import { marketOf, marketPattern, filterPattern } from '../inputs.js';
import { CollectorStatuses } from '../../live/sources/collector-statuses.js';
import { exchangeArg, marketArgs, marketFilterArgs, patternArg } from './arguments.js';
import { builder } from './builder.js';
import { ExchangeEnum } from './exchange-enum.js';
import { exposed, exposedOrNull, marketFields } from './fields.js';
import { inWordsOf, ownWordsArgs } from './language.js';
import { WishKindEnum } from './wish-kind.js';

/** What a collector is doing. */
export const CollectorStateEnum = builder.enumType('CollectorState', {
  description: "What a market's collector is doing.",
  values: {
    STARTING: { description: 'Started; no book has arrived yet.' },
    LIVE: { description: 'Has a current book.' },
    STALE: {
      description: 'Silent for so long that a quiet market can no longer be told from lost data.',
    },
    RECONNECTING: { description: 'Its connection is down and being re-established.' },
    STOPPED: { description: 'Stopped on request.' },
    FAILED: {
      description: 'Needs manual action, such as for an unknown market or a refusal; see `error`.',
    },
  } as const,
});

/** The recording of one market. */
export const CollectorType = builder.objectRef<CollectorStatus>('Collector').implement({
  description: 'The recording of one market and its current state.',
  fields: (t) => ({
    ...marketFields(t, (status) => status.market),
    state: t.expose('state', { type: CollectorStateEnum, description: 'What it is doing.' }),
    stoppedByUser: t.boolean({
      description:
        'Whether a mutation stopped it or its exchange; `resetCollector` lets `COLLECT` decide again.',
      resolve: ({ market, state }, _args, { control }) =>
        state === 'STOPPED' && control.wish(market) === false,
    }),
    wish: t.field({
      type: WishKindEnum,
      nullable: true,
      description:
        'What the last mutation on it or its exchange requested: `START` or `STOP`; null where `COLLECT` decides. `resetCollector` sets it to null.',
      resolve: ({ market }, _args, { control }) => {
        const wanted = control.wish(market);
        return wanted === null ? null : wanted ? 'START' : 'STOP';
      },
    }),
    ...exposedOrNull(t, 'DateTime', {
      startedAt: 'When it was last started; null if never since the server started.',
      lastBookAt: 'When its last valid book was received.',
      auditAgreedAt: 'When an audit last found the REST book equal to the streamed one.',
    }),
    ...exposed(t, 'BigInt', {
      books: 'Valid books received since `startedAt`, repeats included.',
      repeats:
        'Of `books`, those equal to the one before: counted, but neither stored nor published.',
      lateBooks:
        'Valid books since `startedAt` with an exchange time older than that of the one before; counted and dropped.',
      doubtedTimes:
        'Books since `startedAt` whose exchange time was unreadable or implausibly far from the time of receipt; kept with a null `exchangeTimestamp`.',
      parseFailures: 'Messages about this market that could not be read since `startedAt`.',
    }),
    ...exposed(t, 'Int', {
      reconnects: 'Reconnects since `startedAt`.',
      audits: "Comparisons of its book with the exchange's REST book since `startedAt`.",
      auditDifferences:
        'Of `audits`, those where the REST book matched none of the streamed books nearest in time.',
    }),
    age: t.int({
      nullable: true,
      description: 'Time since `lastBookAt`, ms; null before the first book.',
      resolve: ({ lastBookAt }) =>
        lastBookAt === null ? null : Math.min(Math.max(0, Date.now() - lastBookAt), 2 ** 31 - 1),
    }),
    node: t.string({
      nullable: true,
      description:
        'The node that runs it (`NODE_NAME`), where several share a bus (`BUS_URL`); null in a single process.',
      resolve: ({ node }) => node ?? null,
    }),
    error: t.string({
      nullable: true,
      description: 'Why it is not `LIVE`, in words; null when it is.',
      args: ownWordsArgs,
      resolve: ({ error }, { lang }) => inWordsOf(lang, error),
    }),
  }),
});

builder.queryField('collectors', (t) =>
  t.field({
    type: [CollectorType],
    description: 'All collectors known since the server started, by exchange, symbol and currency.',
    args: {
      exchange: t.arg({ type: ExchangeEnum, description: 'Only this exchange.' }),
    },
    resolve: (_root, args, { control }) => control.collectors(args.exchange ?? undefined),
  }),
);

builder.subscriptionField('collectorStatus', (t) =>
  t.field({
    type: CollectorType,
    description:
      'The current state of each collector first, then every state change as it happens. A subscriber too slow for all changes gets the latest of each market. Shared by equal subscriptions.',
    args: marketFilterArgs,
    extensions: { shared: true },
    subscribe: (_root, args, { bus, control }) =>
      new CollectorStatuses(
        bus,
        () => control.collectors(),
        new MarketSelection([filterPattern(args)]),
      ),
    resolve: ({ value }) => value,
  }),
);

builder.mutationFields((t) => ({
  startCollector: t.field({
    type: CollectorType,
    description:
      'Starts recording a market; kept across restarts. No effect if it is already recorded. A disabled exchange is enabled, and its other wanted markets start too. `UNKNOWN_MARKET` when the exchange does not list it.',
    args: marketArgs,
    resolve: (_root, args, { control }) => withKnownErrors(() => control.start(marketOf(args))),
  }),
  stopCollector: t.field({
    type: CollectorType,
    description:
      'Stops recording a market; kept across restarts. No effect if it is already stopped.',
    args: marketArgs,
    resolve: (_root, args, { control }) => withKnownErrors(() => control.stop(marketOf(args))),
  }),
  startCollectors: t.field({
    type: [CollectorType],
    description:
      'Starts recording every matching market, including ones listed later; kept across restarts and outranks earlier mutations on these markets. A pattern that names its exchange enables it; `*` leaves disabled exchanges alone. Returns the collectors of all matching markets; `BAD_USER_INPUT` when there are none.',
    args: patternArg,
    resolve: (_root, { pattern }, { control }) =>
      withKnownErrors(() => control.startMatching(marketPattern(pattern))),
  }),
  stopCollectors: t.field({
    type: [CollectorType],
    description:
      'Stops recording every matching market and does not start ones listed later; kept across restarts and outranks earlier mutations on these markets. Returns the collectors of all matching markets; `BAD_USER_INPUT` when there are none.',
    args: patternArg,
    resolve: (_root, { pattern }, { control }) =>
      withKnownErrors(() => control.stopMatching(marketPattern(pattern))),
  }),
  startExchange: t.field({
    type: [CollectorType],
    description:
      'Enables an exchange and starts its wanted markets (BTC-KRW if there are none); kept across restarts.',
    args: exchangeArg,
    resolve: (_root, { exchange }, { control }) =>
      withKnownErrors(() => control.startExchange(exchange)),
  }),
  stopExchange: t.field({
    type: [CollectorType],
    description:
      'Stops all collectors of an exchange, closes its sockets and disables it; kept across restarts.',
    args: exchangeArg,
    resolve: (_root, { exchange }, { control }) =>
      withKnownErrors(() => control.stopExchange(exchange)),
  }),
}));

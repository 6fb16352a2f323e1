import type { CollectorControl } from '../../market/collector-control.js';
import type { CollectorStatus } from '../../market/collector-status.js';
import { EXCHANGE_FACTS, type Exchange, type ExchangeFacts } from '../../market/exchange.js';
import { marketKey } from '../../market/market.js';
import type { LimitName, OwnLimit } from '../../market/own-limit.js';
import type { ExchangeRecord, MarketRecord } from '../../market/managed-lists.js';
import { matchesPattern } from '../../market/collect-pattern.js';
import type { SilenceTally } from '../../market/silence-tally.js';
import type { StoreReader } from '../../store/reader-types.js';
import { filterPattern } from '../inputs.js';
import { exchangeArg, pairFilterArgs } from './arguments.js';
import { builder } from './builder.js';
import { CollectorStateEnum, CollectorType } from './collector.js';
import { ExchangeEnum } from './exchange-enum.js';
import { exposed, marketFields, shown, shownOrNull, exposedOrNull } from './fields.js';
import { OddityType } from './oddity.js';
import { TradeTallyType } from './trade.js';

const ExchangeColorType = builder.objectRef<ExchangeFacts['color']>('ExchangeColor').implement({
  description: 'The display colour of an exchange, legible as text on its background.',
  fields: (t) => ({
    ...exposed(t, 'String', {
      light: '`#rrggbb`, for a light background.',
      dark: '`#rrggbb`, for a dark background.',
    }),
  }),
});

const OwnLimitNameEnum = builder.enumType('OwnLimitName', {
  description: 'Limits that the recorder imposes on itself towards an exchange.',
  values: {
    REST_RATE: { description: 'REST calls per second.' },
    REST_BATCH: { description: 'Markets per REST call.' },
    HISTORY_RATE: { description: 'REST calls per second for past trades.' },
    WS_MARKETS: { description: 'Markets per socket.' },
    WS_REQUEST: { description: 'Markets per subscribe request.' },
    WS_MESSAGES: { description: 'Messages per second on one socket.' },
  } satisfies Record<LimitName, { description: string }>,
});

const OwnLimitType = builder.objectRef<OwnLimit>('OwnLimit').implement({
  description:
    'A limit that the recorder imposes on itself towards an exchange. A refusal lowers it; it recovers slowly.',
  fields: (t) => ({
    name: t.expose('name', { type: OwnLimitNameEnum, description: 'What it limits.' }),
    ...exposed(t, 'Float', {
      value: 'The current limit.',
      atStart: 'The initial limit.',
    }),
    ...exposed(t, 'Int', { refusals: 'Refusals that lowered it since the server started.' }),
    ...exposedOrNull(t, 'String', {
      reason: "The last refusal in the exchange's words, truncated; null when there was none.",
    }),
    ...exposedOrNull(t, 'DateTime', {
      since: 'When it last changed; null if never.',
    }),
  }),
});

const SilenceTallyType = builder.objectRef<SilenceTally>('SilenceTally').implement({
  description:
    'Outcomes of silences longer than usual for their market since the server started. The REST book is checked before a market is marked `STALE`.',
  fields: (t) => ({
    ...exposed(t, 'Int', {
      asked: 'Silences that were checked by REST.',
      quiet: 'Those that proved quiet: the REST book equalled the streamed one.',
      lost: 'Those that became a gap: the REST book had changed or could not be fetched.',
      falseAlarms: 'Quiet ones that had been marked `STALE` meanwhile.',
    }),
  }),
});

const ExchangeInfoType = builder.objectRef<ExchangeRecord>('ExchangeInfo').implement({
  description: 'An exchange in the managed list.',
  fields: (t) => ({
    exchange: t.expose('exchange', { type: ExchangeEnum, description: 'The exchange.' }),
    ...shown(t, 'String', ({ exchange }) => EXCHANGE_FACTS[exchange], {
      name: 'Its own spelling of its name, such as `Upbit`.',
      koreanName: 'Its Korean name.',
    }),
    ...shown(t, 'Int', ({ exchange }) => EXCHANGE_FACTS[exchange], {
      order: 'Display order among the exchanges, from 0.',
    }),
    color: t.field({
      type: ExchangeColorType,
      description: 'Its display colour.',
      resolve: ({ exchange }) => EXCHANGE_FACTS[exchange].color,
    }),
    ...exposed(t, 'Boolean', {
      enabled: 'Whether it may be recorded; changed by `startExchange` and `stopExchange`.',
    }),
    ...exposedOrNull(t, 'DateTime', {
      listedAt: 'When its market list was last fetched; null if never.',
    }),
    marketCount: t.int({
      description: 'Number of markets that its newest list contains.',
      resolve: async ({ exchange }, _args, { reader }) =>
        (await reader.markets(exchange)).filter((market) => market.listed).length,
    }),
    ...shown(t, 'BigInt', ({ exchange }, { control }) => control.tally(exchange), {
      unreadableMessages:
        'Unreadable messages that named no market, since the server started; `logs` with the event `API_ERROR` show when. Those that named a market count in its `parseFailures`.',
      unaskedBooks:
        'Order books received for markets that were not subscribed, since the server started; they are dropped.',
    }),
    silence: t.field({
      type: SilenceTallyType,
      description: 'Outcomes of silences longer than usual for their market.',
      resolve: ({ exchange }, _args, { control }) => control.tally(exchange).silence,
    }),
    oddities: t.field({
      type: [OddityType],
      description:
        'Deviations from its known protocol, by kind; kinds that never occurred are left out.',
      resolve: ({ exchange }, _args, { control }) => control.tally(exchange).oddities,
    }),
    trades: t.field({
      type: TradeTallyType,
      description: 'Counts of its trades by outcome.',
      resolve: ({ exchange }, _args, { control }) => control.tally(exchange).trades,
    }),
    ...shown(t, 'Int', ({ exchange }, { control }) => control.tally(exchange), {
      skippedRows:
        'Rows of its newest market list that are not markets and were skipped; `logs` with the event `MARKET_ROWS_SKIPPED` show them.',
    }),
    limits: t.field({
      type: [OwnLimitType],
      description: 'The limits currently imposed towards it; one appears when it is first used.',
      resolve: ({ exchange }, _args, { control }) => control.tally(exchange).limits,
    }),
    collectors: t.field({
      type: [CollectorType],
      description: 'Its collectors, by symbol and currency.',
      resolve: ({ exchange }, _args, { control }) => control.collectors(exchange),
    }),
    markets: t.field({
      type: [MarketType],
      description: 'The managed list of its markets, by symbol and currency.',
      resolve: ({ exchange }, _args, { reader, control }) => marketsOf(exchange, reader, control),
    }),
  }),
});

/** A market and its collector, if it has one. */
interface MarketShape {
  readonly record: MarketRecord;
  readonly collector: CollectorStatus | null;
}

const MarketType = builder.objectRef<MarketShape>('Market').implement({
  description: 'A market in the managed list.',
  fields: (t) => ({
    ...marketFields(t, ({ record }) => record),
    ...shownOrNull(t, 'String', ({ record }) => record, {
      koreanName: "The exchange's Korean name of the asset, if it gives one.",
      englishName: "The exchange's English name of the asset, if it gives one.",
    }),
    ...shown(t, 'Boolean', ({ record }) => record, {
      listed: "Whether the exchange's newest list contains it.",
    }),
    ...shownOrNull(t, 'Boolean', ({ record }) => record, {
      wanted:
        'The last mutation on it: true for start, false for stop, null for none (then `COLLECT` decides).',
    }),
    collector: t.expose('collector', {
      type: CollectorType,
      nullable: true,
      description: 'Its collector; null if it had none since the server started.',
    }),
    state: t.field({
      type: CollectorStateEnum,
      nullable: true,
      description: 'State of its collector; null when it has none.',
      resolve: ({ collector }) => collector?.state ?? null,
    }),
  }),
});

/** The markets of an exchange, each with its collector. */
async function marketsOf(
  exchange: Exchange,
  reader: Pick<StoreReader, 'markets'>,
  control: Pick<CollectorControl, 'collectors'>,
): Promise<MarketShape[]> {
  const collectors = new Map(
    control.collectors(exchange).map((status) => [marketKey(status.market), status]),
  );
  return (await reader.markets(exchange)).map((record) => ({
    record,
    collector: collectors.get(marketKey(record)) ?? null,
  }));
}

builder.queryFields((t) => ({
  exchanges: t.field({
    type: [ExchangeInfoType],
    description: 'The managed list of exchanges, all five.',
    resolve: (_root, _args, { reader }) => reader.exchanges(),
  }),
  markets: t.field({
    type: [MarketType],
    description: 'The managed list of an exchange’s markets, by symbol and currency.',
    args: {
      ...exchangeArg,
      ...pairFilterArgs,
      listed: t.arg.boolean({
        description: 'true: only markets in the newest list; false: only markets no longer in it.',
      }),
    },
    resolve: async (_root, args, { reader, control }) => {
      const pattern = filterPattern(args);
      return (await marketsOf(args.exchange, reader, control))
        .filter(({ record }) => matchesPattern(pattern, record))
        .filter(({ record }) => (args.listed ?? record.listed) === record.listed);
    },
  }),
}));

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
  description: 'The colour in which an exchange is drawn, readable as text on its ground.',
  fields: (t) => ({
    ...exposed(t, 'String', {
      light: '`#rrggbb`, for a light ground.',
      dark: '`#rrggbb`, for a dark ground.',
    }),
  }),
});

const OwnLimitNameEnum = builder.enumType('OwnLimitName', {
  description: 'What the recorder limits by its own choice when it deals with an exchange.',
  values: {
    REST_RATE: { description: 'REST calls a second.' },
    REST_BATCH: { description: 'Markets of one REST call.' },
    HISTORY_RATE: { description: 'REST calls a second for trades of the past.' },
    WS_MARKETS: { description: 'Markets of one socket.' },
    WS_REQUEST: { description: 'Markets of one subscribe request.' },
    WS_MESSAGES: { description: 'Messages a second on one socket.' },
  } satisfies Record<LimitName, { description: string }>,
});

const OwnLimitType = builder.objectRef<OwnLimit>('OwnLimit').implement({
  description:
    'A limit that the recorder keeps towards an exchange. A refusal narrows it; it recovers slowly.',
  fields: (t) => ({
    name: t.expose('name', { type: OwnLimitNameEnum, description: 'What it bounds.' }),
    ...exposed(t, 'Float', {
      value: 'The most that is asked for now.',
      atStart: 'The most that was asked for at the start.',
    }),
    ...exposed(t, 'Int', { refusals: 'Refusals about it since the server began.' }),
    ...exposedOrNull(t, 'String', {
      reason: "The last refusal in the exchange's words, cut; null when there was none.",
    }),
    ...exposedOrNull(t, 'DateTime', {
      since: 'When it was last narrowed or widened; null when it never was.',
    }),
  }),
});

const SilenceTallyType = builder.objectRef<SilenceTally>('SilenceTally').implement({
  description:
    'What became of silences beyond the rhythm of their market, since the server began. The exchange is asked by REST before a market is called `STALE`.',
  fields: (t) => ({
    ...exposed(t, 'Int', {
      asked: 'Silences about which it was asked.',
      quiet: 'Those that proved to be quiet: its book by REST was the streamed one.',
      lost: 'Those that became a gap: its book had changed, or could not be fetched.',
      falseAlarms: 'Quiet ones that had been called `STALE` meanwhile.',
    }),
  }),
});

const ExchangeInfoType = builder.objectRef<ExchangeRecord>('ExchangeInfo').implement({
  description: 'An exchange in the managed list.',
  fields: (t) => ({
    exchange: t.expose('exchange', { type: ExchangeEnum, description: 'The exchange.' }),
    ...shown(t, 'String', ({ exchange }) => EXCHANGE_FACTS[exchange], {
      name: 'Its name as it writes it itself, such as `Upbit`.',
      koreanName: 'Its Korean name.',
    }),
    ...shown(t, 'Int', ({ exchange }) => EXCHANGE_FACTS[exchange], {
      order: 'Its place when the exchanges are shown side by side, from 0.',
    }),
    color: t.field({
      type: ExchangeColorType,
      description: 'In which colour it is drawn.',
      resolve: ({ exchange }) => EXCHANGE_FACTS[exchange].color,
    }),
    ...exposed(t, 'Boolean', {
      enabled: 'Whether it may be recorded; `startExchange` and `stopExchange` change it.',
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
        'Its messages that could not be read and named no market, since the server began; the `logs` of the event `API_ERROR` show when. Those that named one are in its `parseFailures`.',
      unaskedBooks:
        'Order books that came for markets that were not asked for, since the server began; they are dropped.',
    }),
    silence: t.field({
      type: SilenceTallyType,
      description: 'What became of silences beyond the rhythm of their market.',
      resolve: ({ exchange }, _args, { control }) => control.tally(exchange).silence,
    }),
    oddities: t.field({
      type: [OddityType],
      description:
        'What it did otherwise than its protocol is known, by kind; kinds that were not met are left out.',
      resolve: ({ exchange }, _args, { control }) => control.tally(exchange).oddities,
    }),
    trades: t.field({
      type: TradeTallyType,
      description: 'What has become of its trades.',
      resolve: ({ exchange }, _args, { control }) => control.tally(exchange).trades,
    }),
    ...shown(t, 'Int', ({ exchange }, { control }) => control.tally(exchange), {
      skippedRows:
        'Rows of its newest market list that were no markets and were left out; the `logs` of the event `MARKET_ROWS_SKIPPED` show them.',
    }),
    limits: t.field({
      type: [OwnLimitType],
      description: 'The limits that are kept towards it now; one appears when it is first used.',
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
        'The last mutation about it: true for start, false for stop, null for none (then `COLLECT` decides).',
    }),
    collector: t.expose('collector', {
      type: CollectorType,
      nullable: true,
      description: 'Its collector; null when it had none since the server began.',
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
        description: 'true: only those in the newest list; false: only those gone from it.',
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

import type { Timekeeping } from '../../market/collector-control.js';
import { COLLECTOR_STATES, type CollectorState } from '../../market/collector-status.js';
import type { DiskStats, StoreStats } from '../../store/store-types.js';
import type { ApiServices } from '../context.js';
import { statesByExchange } from '../http/health.js';
import { checkedEvery } from '../inputs.js';
import { Periodic } from '../../live/sources/periodic.js';
import type { ExchangeRates } from '../recorder-meter.js';
import type { Verdict } from '../verdict/judge.js';
import { periodArg } from './arguments.js';
import { builder } from './builder.js';
import { CollectorStateEnum } from './collector.js';
import { ExchangeEnum } from './exchange-enum.js';
import { exposed, shown, shownOrNull } from './fields.js';
import { ReasonType, VerdictStateEnum } from './verdict.js';

/** Number of collectors in a state. */
interface StateCount {
  readonly state: CollectorState;
  readonly count: number;
}

/** Rates of an exchange and the states of its collectors. */
interface ExchangeFigures extends ExchangeRates {
  readonly states: readonly StateCount[];
}

/** The recorder's figures at one moment. */
interface RecorderFigures {
  readonly at: number;
  readonly version: string;
  readonly exchanges: readonly ExchangeFigures[];
  readonly recentFramesPerSecond: readonly number[];
  readonly storedPerSecond: number;
  readonly openGaps: number;
  readonly store: StoreStats;
  readonly time: Timekeeping;
  readonly disk: DiskStats;
  readonly subscriptions: number;
  readonly verdict: Verdict;
}

/** Everything the recorder knows about itself right now. */
function recorderFigures(services: ApiServices): RecorderFigures {
  const { control, meter, stats, streams, verdict, version } = services;
  const store = stats();
  const states = statesByExchange(control);
  return {
    at: Date.now(),
    version,
    exchanges: meter.exchangeRates().map((rates) => ({
      ...rates,
      states: COLLECTOR_STATES.flatMap((state) => {
        const count = states[rates.exchange][state] ?? 0;
        return count === 0 ? [] : [{ state, count }];
      }),
    })),
    recentFramesPerSecond: meter.recentFramesPerSecond,
    storedPerSecond: meter.storedPerSecond,
    openGaps: meter.openGaps,
    store,
    time: control.timekeeping,
    disk: store.disk,
    subscriptions: streams.size,
    verdict: verdict.verdict,
  };
}

const StateCountType = builder.objectRef<StateCount>('CollectorStateCount').implement({
  description: 'Number of collectors in a state.',
  fields: (t) => ({
    state: t.expose('state', { type: CollectorStateEnum, description: 'The state.' }),
    ...exposed(t, 'Int', { count: 'Collectors in that state, at least 1.' }),
  }),
});

const ExchangeFiguresType = builder.objectRef<ExchangeFigures>('ExchangeFigures').implement({
  description: 'Recording rates of an exchange.',
  fields: (t) => ({
    exchange: t.expose('exchange', { type: ExchangeEnum, description: 'The exchange.' }),
    ...exposed(t, 'Float', {
      framesPerSecond:
        'Valid books received per second over the last ten seconds, repeats included.',
      changedPerSecond: 'Of those, books that differed from the one before.',
    }),
    states: t.expose('states', {
      type: [StateCountType],
      description: 'Its collectors by state; states without any are left out.',
    }),
  }),
});

const sum = (figures: RecorderFigures, of: 'framesPerSecond' | 'changedPerSecond'): number =>
  Math.round(figures.exchanges.reduce((total, rates) => total + rates[of], 0) * 100) / 100;

const RecorderType = builder.objectRef<RecorderFigures>('Recorder').implement({
  description: 'The recorder as a whole, at one moment.',
  fields: (t) => ({
    timestamp: t.expose('at', { type: 'DateTime', description: 'The moment.' }),
    ...exposed(t, 'String', { version: 'Version of the program.' }),
    state: t.field({
      type: VerdictStateEnum,
      description:
        'Whether everything that should be recorded is; the same as in `/health` and on the dashboard.',
      resolve: ({ verdict }) => verdict.state,
    }),
    reasons: t.field({
      type: [ReasonType],
      description: 'The reasons, worst first, notes last. Empty when there is nothing to report.',
      resolve: ({ verdict }) => verdict.reasons,
    }),
    uptimeSeconds: t.int({
      description: 'Age of the process.',
      resolve: () => Math.floor(process.uptime()),
    }),
    exchanges: t.expose('exchanges', {
      type: [ExchangeFiguresType],
      description: 'The five exchanges.',
    }),
    framesPerSecond: t.float({
      description:
        'Valid books received per second over the last ten seconds, repeats included, all exchanges.',
      resolve: (figures) => sum(figures, 'framesPerSecond'),
    }),
    recentFramesPerSecond: t.exposeFloatList('recentFramesPerSecond', {
      description: '`framesPerSecond` in each second of the last minute, oldest first.',
    }),
    changedPerSecond: t.float({
      description: 'Of those, books that differed from the one before.',
      resolve: (figures) => sum(figures, 'changedPerSecond'),
    }),
    ...exposed(t, 'Float', {
      storedPerSecond: 'Books written to the database per second over the last ten seconds.',
    }),
    ...exposed(t, 'Int', {
      openGaps: 'Markets currently in a gap.',
      subscriptions: 'Open live subscriptions.',
    }),
    ...shown(t, 'Int', ({ store }) => store, { queuedBooks: 'Books waiting to be written.' }),
    ...shown(t, 'BigInt', ({ store }) => store, {
      queuedBytes: 'Estimated bytes of those.',
      storedBooks: 'Books written since the process started.',
      droppedBooks: 'Books that could not be kept since the process started; each is inside a gap.',
      storedTrades: 'Trades written since the process started.',
      droppedTrades:
        'Trades that could not be kept since the process started: the store was full or failed.',
    }),
    ...shownOrNull(t, 'Float', ({ store }) => store, {
      lastFlushMs: 'Duration of the last write, ms; null before the first.',
    }),
    storeFailure: t.string({
      nullable: true,
      description: 'Why nothing can be written right now; null when all is well.',
      resolve: ({ store }) => store.failure,
    }),
    ...shownOrNull(t, 'BigInt', ({ disk }) => disk, {
      databaseBytes: 'Size of the database; null when unknown.',
      maxDatabaseBytes: 'Maximum size of the database (`MAX_DB_GB`); null when unlimited.',
      freeBytes: "Free space on the database's disk; null when unknown.",
    }),
    growthBytesPerDay: t.field({
      type: 'BigInt',
      nullable: true,
      description: 'Growth of the database per day; null when unknown.',
      resolve: ({ disk }) =>
        typeof disk.growthBytesPerDay === 'number' ? Math.round(disk.growthBytesPerDay) : null,
    }),
    ...shownOrNull(t, 'Float', ({ disk }) => disk, {
      daysUntilFull: 'Days until the disk is full at that growth; null when unknown, or never.',
    }),
    diskWarning: t.string({
      nullable: true,
      description: 'Set when the disk will soon be full; null when all is well.',
      resolve: ({ disk }) => disk.warning,
    }),
    retentionHeldAt: t.field({
      type: 'DateTime',
      nullable: true,
      description:
        'Set while the system clock has jumped by more than a day and is not yet trusted: the time from which `RETENTION_DAYS` counts meanwhile. Null when all is well.',
      resolve: ({ store }) => store.retentionHeld?.believed ?? null,
    }),
    ...shown(t, 'Int', ({ time }) => time, {
      standstills:
        'How often the program has stood still for two seconds or more since it started: paused, suspended with its machine, or blocked. Each time is a gap in every market.',
      clockSteps:
        'How often the system clock was adjusted by more than a second since the program started.',
    }),
    ...shown(t, 'BigInt', ({ time }) => time, {
      stoodStillMs: 'Total time it has stood still, in milliseconds.',
    }),
  }),
});

builder.queryField('recorder', (t) =>
  t.field({
    type: RecorderType,
    description: 'The recorder as a whole: rates, queue, database.',
    resolve: (_root, _args, services) => recorderFigures(services),
  }),
);

builder.subscriptionField('recorder', (t) =>
  t.field({
    type: RecorderType,
    description:
      'The recorder as a whole, immediately and then at the interval `every`. Shared by equal subscriptions.',
    args: periodArg,
    extensions: { shared: true },
    subscribe: (_root, { every }, services) =>
      new Periodic(() => recorderFigures(services), checkedEvery(every)),
    resolve: ({ value }) => value,
  }),
);

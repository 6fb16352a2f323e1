import type { CoverageMinute } from '../../market/coverage.js';
import type { Market } from '../../market/market.js';
import type { CoverageTotals } from '../../store/reader-types.js';
import { marketOf, timeWindow } from '../inputs.js';
import { fromCursor, toConnection, toCursor } from '../paging.js';
import { marketArgs, pageArgs, windowArgs } from './arguments.js';
import { builder } from './builder.js';
import { exposed, marketFields, exposedOrNull } from './fields.js';
import { GapConnection, gapPage } from './gap.js';
import { tradeCoverage, TradeCoverageType } from './trade-coverage.js';

const CoverageMinuteType = builder.objectRef<CoverageMinute>('CoverageMinute').implement({
  description: 'What was received for a market in one minute.',
  fields: (t) => ({
    ...exposed(t, 'DateTime', { minute: 'Start of the minute.' }),
    ...exposed(t, 'Int', {
      frames: 'Valid books received.',
      repeats: 'Those equal to the one before.',
    }),
    changedBooks: t.exposeInt('changed', {
      description: 'Those that differed from the one before, or were the first after a gap.',
    }),
    ...exposed(t, 'BigInt', {
      longestSilenceMs:
        'Longest time between two books, the later one received in this minute, in milliseconds.',
    }),
  }),
});

const CoverageMinuteConnection = builder.connectionObject(
  {
    type: CoverageMinuteType,
    name: 'CoverageMinuteConnection',
    description: 'A page of minutes, oldest first. Minutes without any book are left out.',
  },
  { name: 'CoverageMinuteEdge', description: 'A minute and its cursor.' },
);

const StopType = builder.objectRef<CoverageTotals['stopped'][number]>('RecordingStop').implement({
  description: 'A part of a window during which a market was deliberately not recorded.',
  fields: (t) => ({
    ...exposed(t, 'DateTime', {
      start: 'Its start within the window.',
      end: 'Its end, or the end of the window if it is ongoing.',
    }),
  }),
});

/** Totals with the market they belong to. */
interface MarketCoverage extends CoverageTotals {
  readonly market: Market;
}

const CoverageType = builder.objectRef<MarketCoverage>('Coverage').implement({
  description: 'How well a market was covered in a time window.',
  fields: (t) => ({
    ...marketFields(t, (coverage) => coverage.market),
    ...exposed(t, 'DateTime', {
      from: 'Start of the window; the start of the recording when none was given.',
      to: 'End of the window; now, if none or a later one was given.',
    }),
    percent: t.float({
      description:
        'Share of the window in which the market was recorded without a gap, from 0 to 100. Time before its first book and time stopped on request do not count as covered.',
      resolve: ({ from, to, coveredMs }) => (from === to ? 0 : (coveredMs / (to - from)) * 100),
    }),
    percentOfRecorded: t.float({
      nullable: true,
      description:
        'Share of the recorded time in the window outside gaps, from 0 to 100; null when nothing was recorded. Time before recording began is neither covered nor missing.',
      resolve: ({ recordedMs, coveredMs }) =>
        recordedMs === 0 ? null : (coveredMs / recordedMs) * 100,
    }),
    ...exposedOrNull(t, 'DateTime', {
      recordedFrom: 'When the market was first recorded, inside the window or not; null if never.',
    }),
    stopped: t.expose('stopped', {
      type: [StopType],
      description:
        'The parts of the window in which it was stopped on request, oldest first: neither covered nor missing. Limited to the first thousand.',
    }),
    ...exposed(t, 'BigInt', {
      recordedMs: 'Recorded time in the window, gaps included, in milliseconds.',
      coveredMs: 'Of that, the time outside gaps.',
      frames: 'Valid books received.',
      repeats: 'Books equal to the one before: counted, not stored.',
      longestSilenceMs: 'Longest time between two books, in milliseconds.',
    }),
    changedBooks: t.expose('changed', {
      type: 'BigInt',
      description:
        'Books that differed from the one before, or were the first after a gap: these are stored.',
    }),
    trades: t.field({
      type: TradeCoverageType,
      nullable: true,
      description:
        'How complete its trades in the window are; null where none were recorded (`CHANNELS`). All other fields concern the books.',
      resolve: ({ market, from, to }, _args, { reader }) =>
        tradeCoverage(reader, market, { from, to }),
    }),
    gaps: t.field({
      type: GapConnection,
      description: 'The gaps that overlap the window, oldest first.',
      args: pageArgs,
      resolve: ({ market, from, to }, args, { reader, rows }) =>
        gapPage({ ...market, from, to }, args, reader, rows),
    }),
    minutes: t.field({
      type: CoverageMinuteConnection,
      description: 'What was received in each minute that overlaps the window.',
      args: pageArgs,
      resolve: async ({ market, from, to }, args, { reader, rows }) => {
        const after = fromCursor('minute', 1, args.after)?.[0];
        const limit = rows.take(args.first);
        const page = await reader.coverageMinutes({ market, from, to, after, limit });
        return toConnection(
          page,
          args.after,
          (record) => toCursor('minute', record.minute),
          (record) => record,
        );
      },
    }),
  }),
});

builder.queryField('coverage', (t) =>
  t.field({
    type: CoverageType,
    description:
      'How much of a window a market was covered, and what was received for it. Frames are counted in whole minutes: all that overlap the window.',
    args: { ...marketArgs, ...windowArgs },
    resolve: async (_root, args, { reader }) => {
      const market = marketOf(args);
      return { market, ...(await reader.coverage({ market, ...timeWindow(args) })) };
    },
  }),
);

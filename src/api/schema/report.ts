import {
  type CauseReport,
  type DayReport,
  dayStart,
  type MarketReport,
} from '../../market/day-report.js';
import { badInput } from '../errors.js';
import { builder } from './builder.js';
import { exposed, marketFields } from './fields.js';
import { GapCauseEnum } from './gap.js';

/** Default and maximum number of markets in a report. */
const DEFAULT_MARKETS = 100;
const MAX_MARKETS = 5_000;

/** The gaps of one cause. */
export const GapSum = builder.objectRef<CauseReport>('GapSum').implement({
  description: 'The gaps of one cause in a window.',
  fields: (t) => ({
    cause: t.expose('cause', { type: GapCauseEnum, description: 'Why they occurred.' }),
    ...exposed(t, 'Int', { count: 'Number of gaps.' }),
    ...exposed(t, 'BigInt', { ms: 'Time they take up in the window, ms.' }),
  }),
});

const MarketReportType = builder.objectRef<MarketReport>('MarketReport').implement({
  description: 'How well a market was recorded on a day.',
  fields: (t) => ({
    ...marketFields(t, ({ market }) => market),
    ...exposed(t, 'Float', {
      percent: 'Share of the recorded time outside gaps, from 0 to 100.',
    }),
    ...exposed(t, 'BigInt', {
      recordedMs: 'Recorded time in the day, gaps included, ms.',
      coveredMs: 'Of that, the time outside gaps, ms.',
      frames: 'Valid books received.',
      repeats: 'Those equal to the one before: counted, not stored.',
      longestSilenceMs: 'Longest time between two books, ms.',
    }),
    changedBooks: t.expose('changed', {
      type: 'BigInt',
      description: 'Those that differed from the one before, or were the first after a gap.',
    }),
    gaps: t.expose('gaps', {
      type: [GapSum],
      description: 'The gaps by cause, longest first.',
    }),
    ...exposed(t, 'Int', {
      audits: 'REST audits of its book.',
      auditDifferences: 'Audits that found a different book.',
      lateBooks: 'Books that arrived after newer ones and were dropped.',
    }),
    trades: t.field({
      type: TradeReportType,
      nullable: true,
      description: 'How complete its trades are; null where none were recorded.',
      resolve: ({ trades }) => trades ?? null,
    }),
  }),
});

/** How complete the trades of a market are on a day. */
const TradeReportType = builder
  .objectRef<NonNullable<MarketReport['trades']>>('TradeReport')
  .implement({
    description:
      'How complete the trades of a market are on a day, in milliseconds per completeness.',
    fields: (t) => ({
      unprovenMs: t.field({
        type: 'BigInt',
        description: 'UNPROVEN.',
        resolve: ({ UNPROVEN }) => UNPROVEN ?? 0,
      }),
      verifiedByRestMs: t.field({
        type: 'BigInt',
        description: 'VERIFIED_BY_REST.',
        resolve: ({ VERIFIED_BY_REST }) => VERIFIED_BY_REST ?? 0,
      }),
      verifiedByVolumeMs: t.field({
        type: 'BigInt',
        description: 'VERIFIED_BY_VOLUME.',
        resolve: ({ VERIFIED_BY_VOLUME }) => VERIFIED_BY_VOLUME ?? 0,
      }),
      gapMs: t.field({ type: 'BigInt', description: 'GAP.', resolve: ({ GAP }) => GAP ?? 0 }),
    }),
  });

const DayReportType = builder.objectRef<DayReport>('DayReport').implement({
  description: 'How well a day was recorded.',
  fields: (t) => ({
    ...exposed(t, 'String', { date: 'The day, `2026-11-25`, UTC.' }),
    ...exposed(t, 'DateTime', { from: 'Its start.', to: 'Its end; now, for the current day.' }),
    ...exposed(t, 'Int', { clockSteps: 'How often the clock was set back.' }),
    marketCount: t.int({
      description: 'Number of markets recorded.',
      resolve: ({ markets }) => markets.length,
    }),
    markets: t.field({
      type: [MarketReportType],
      description: 'The recorded markets, worst first.',
      args: {
        first: t.arg.int({
          required: true,
          defaultValue: DEFAULT_MARKETS,
          description: `Maximum number of markets, from 1 to ${MAX_MARKETS}.`,
        }),
      },
      resolve: ({ markets }, { first }) => {
        if (first >= 1 && first <= MAX_MARKETS) return markets.slice(0, first);
        throw badInput('first', `must be from 1 to ${MAX_MARKETS}; was ${first}`);
      },
    }),
  }),
});

builder.queryField('report', (t) =>
  t.field({
    type: DayReportType,
    nullable: true,
    description:
      'How well each market was recorded on a day (UTC), worst first. Null when nothing has been recorded.',
    args: {
      date: t.arg.string({
        description: 'The day, such as `2026-11-25`; the newest with any recording when omitted.',
      }),
    },
    resolve: (_root, { date }, { reader }) => {
      if (date === null || date === undefined) return reader.dayReport();
      const from = dayStart(date);
      if (from === null) {
        throw badInput('date', `must be a day such as 2026-11-25; was "${date.slice(0, 40)}"`);
      }
      return reader.dayReport(from);
    },
  }),
);

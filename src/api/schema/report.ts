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

/** Markets of a report when `first` is left out, and at most. */
const DEFAULT_MARKETS = 100;
const MAX_MARKETS = 5_000;

/** The gaps of one cause. */
export const GapSum = builder.objectRef<CauseReport>('GapSum').implement({
  description: 'The gaps of one cause in a window.',
  fields: (t) => ({
    cause: t.expose('cause', { type: GapCauseEnum, description: 'Why they came about.' }),
    ...exposed(t, 'Int', { count: 'How many there were.' }),
    ...exposed(t, 'BigInt', { ms: 'How much of the window they take, ms.' }),
  }),
});

const MarketReportType = builder.objectRef<MarketReport>('MarketReport').implement({
  description: 'How well a market was recorded in a day.',
  fields: (t) => ({
    ...marketFields(t, ({ market }) => market),
    ...exposed(t, 'Float', {
      percent: 'Share of the recorded time that lies outside gaps, from 0 to 100.',
    }),
    ...exposed(t, 'BigInt', {
      recordedMs: 'How much of the day it was being recorded, gaps included, ms.',
      coveredMs: 'How much of that lies outside gaps, ms.',
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
      description: 'The gaps by their cause, the longest first.',
    }),
    ...exposed(t, 'Int', {
      audits: 'Audits of its book by REST.',
      auditDifferences: 'Those that found another book.',
      lateBooks: 'Books that came later than newer ones and were not taken.',
    }),
    trades: t.field({
      type: TradeReportType,
      nullable: true,
      description: 'How well its trades are known; null where none were recorded.',
      resolve: ({ trades }) => trades ?? null,
    }),
  }),
});

/** How well the trades of a market are known in a day. */
const TradeReportType = builder
  .objectRef<NonNullable<MarketReport['trades']>>('TradeReport')
  .implement({
    description: 'How well the trades of a market are known in a day, in milliseconds of it.',
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
    ...exposed(t, 'DateTime', { from: 'Its beginning.', to: 'Its end; now, while it lasts.' }),
    ...exposed(t, 'Int', { clockSteps: 'How often the clock was set back.' }),
    marketCount: t.int({
      description: 'How many markets were recorded.',
      resolve: ({ markets }) => markets.length,
    }),
    markets: t.field({
      type: [MarketReportType],
      description: 'The markets that were recorded, the worst first.',
      args: {
        first: t.arg.int({
          required: true,
          defaultValue: DEFAULT_MARKETS,
          description: `Markets at most, from 1 to ${MAX_MARKETS}.`,
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
      'How well each market was recorded in a day (UTC), the worst first. Null when nothing has been recorded.',
    args: {
      date: t.arg.string({
        description: 'The day, such as `2026-11-25`; left out for the newest that has something.',
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

import type { RecordingStrip, StripSlot } from '../../market/recording-strip.js';
import { badInput } from '../errors.js';
import { timeWindow } from '../inputs.js';
import { windowArgs } from './arguments.js';
import { builder } from './builder.js';
import { ExchangeEnum } from './exchange-enum.js';
import { exposed, exposedOrNull } from './fields.js';
import { GapSum } from './report.js';

const DAY = 86_400_000;
/** Longest window of a strip, ms. */
const MAX_WINDOW = 31 * DAY;
/** Maximum number of slots in a strip. */
const MAX_SLOTS = 500;

const SlotType = builder.objectRef<StripSlot>('StripSlot').implement({
  description:
    "A slot of a strip. Times are summed over the exchange's markets: with ten markets, a minute counts ten minutes.",
  fields: (t) => ({
    time: t.expose('at', { type: 'DateTime', description: 'Its start.' }),
    ...exposed(t, 'BigInt', {
      recordedMs:
        'Recorded market time in it, gaps included, ms. 0 before recording began or while everything was stopped: neither covered nor missing.',
      coveredMs: 'Of that, the time outside gaps, ms.',
    }),
    percent: t.float({
      nullable: true,
      description:
        'Share of the recorded time outside gaps, from 0 to 100; null when there is none.',
      resolve: ({ recordedMs, coveredMs }) =>
        recordedMs === 0 ? null : (coveredMs / recordedMs) * 100,
    }),
    ...exposed(t, 'Int', { gaps: 'Gaps that overlap it.' }),
  }),
});

const StripType = builder.objectRef<RecordingStrip>('RecordingStrip').implement({
  description: 'How an exchange was recorded over a window, in slots of equal length.',
  fields: (t) => ({
    exchange: t.expose('exchange', { type: ExchangeEnum, description: 'The exchange.' }),
    ...exposed(t, 'DateTime', { from: 'Start of the window.', to: 'End of the window.' }),
    ...exposedOrNull(t, 'DateTime', {
      recordedFrom: 'When any of its markets was first recorded; null if none ever was.',
    }),
    slots: t.expose('slots', { type: [SlotType], description: 'The slots, oldest first.' }),
    causes: t.expose('causes', {
      type: [GapSum],
      description: 'The gaps that overlap the window, by cause, longest first.',
    }),
  }),
});

builder.queryField('recordingStrips', (t) =>
  t.field({
    type: [StripType],
    description:
      'How each exchange was recorded over a window, as a strip: covered, in gaps, or not being recorded. Defaults to the last 24 hours.',
    args: {
      ...windowArgs,
      slots: t.arg.int({
        required: true,
        defaultValue: 96,
        description: `Number of slots, from 1 to ${MAX_SLOTS}.`,
      }),
    },
    resolve: (_root, args, { reader }) => {
      const window = timeWindow(args);
      const to = Math.min(window.to ?? Infinity, Date.now());
      const from = window.from ?? to - DAY;
      if (from >= to) throw badInput('from', 'must be before to, and in the past');
      if (to - from > MAX_WINDOW) throw badInput('from', 'must be at most 31 days before to');
      if (args.slots < 1 || args.slots > MAX_SLOTS)
        throw badInput('slots', `must be from 1 to ${MAX_SLOTS}; was ${args.slots}`);
      return reader.recordingStrips({ from, to, slots: args.slots });
    },
  }),
);

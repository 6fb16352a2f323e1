import { optionalEvent, marketFilter } from '../inputs.js';
import { LogLines } from '../../live/sources/log-lines.js';
import { builder } from './builder.js';
import { LogEntryType, logFilterArgs } from './log.js';

builder.subscriptionField('log', (t) =>
  t.field({
    type: LogEntryType,
    description:
      'Log entries from now on, as they happen. A subscriber more than a thousand entries behind misses the oldest; `logs` has them all.',
    args: logFilterArgs,
    subscribe: (_root, args, { bus }) =>
      new LogLines(bus, {
        ...marketFilter(args),
        level: args.level ?? undefined,
        event: optionalEvent(args.event),
      }),
    resolve: ({ value }) => value,
  }),
);

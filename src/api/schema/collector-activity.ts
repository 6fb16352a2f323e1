import { checkedEvery } from '../inputs.js';
import { ActivityChanges, type CollectorActivity } from '../../live/sources/collector-activity.js';
import { periodArg } from './arguments.js';
import { builder } from './builder.js';
import { exposed } from './fields.js';
import { CollectorType } from './collector.js';
import { GapType } from './gap.js';

const CollectorActivityType = builder.objectRef<CollectorActivity>('CollectorActivity').implement({
  description: 'A collector with its rate and open gap.',
  fields: (t) => ({
    collector: t.field({
      type: CollectorType,
      description: 'The collector.',
      resolve: ({ status }) => status,
    }),
    ...exposed(t, 'Float', {
      booksPerSecond: 'Valid books per second over the last ten seconds, repeats included.',
    }),
    openGap: t.expose('openGap', {
      type: GapType,
      nullable: true,
      description: 'The open gap of the market; null when there is none.',
    }),
  }),
});

builder.subscriptionField('collectorActivity', (t) =>
  t.field({
    type: [CollectorActivityType],
    description:
      'All collectors first; then, at the interval `every`, those that changed since. Apply the lists in order to keep the latest state of each.',
    args: periodArg,
    subscribe: (_root, { every }, { control, meter }) =>
      new ActivityChanges({ control, meter }, checkedEvery(every)),
    resolve: ({ value }) => value,
  }),
);

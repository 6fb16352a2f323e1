import { checkedEvery } from '../inputs.js';
import { ActivityChanges, type CollectorActivity } from '../../live/sources/collector-activity.js';
import { periodArg } from './arguments.js';
import { builder } from './builder.js';
import { exposed } from './fields.js';
import { CollectorType } from './collector.js';
import { GapType } from './gap.js';

const CollectorActivityType = builder.objectRef<CollectorActivity>('CollectorActivity').implement({
  description: 'A collector, how fast it goes and what is missing.',
  fields: (t) => ({
    collector: t.field({
      type: CollectorType,
      description: 'The collector.',
      resolve: ({ status }) => status,
    }),
    ...exposed(t, 'Float', {
      booksPerSecond: 'Valid books a second over the last ten seconds, repeats included.',
    }),
    openGap: t.expose('openGap', {
      type: GapType,
      nullable: true,
      description: 'The gap that it is in; null when it is in none.',
    }),
  }),
});

builder.subscriptionField('collectorActivity', (t) =>
  t.field({
    type: [CollectorActivityType],
    description:
      'All collectors, then, as often as `every` says, those that have changed since. Apply the lists in order and you have the newest of each.',
    args: periodArg,
    subscribe: (_root, { every }, { control, meter }) =>
      new ActivityChanges({ control, meter }, checkedEvery(every)),
    resolve: ({ value }) => value,
  }),
);

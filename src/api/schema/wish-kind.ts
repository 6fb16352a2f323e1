import { builder } from './builder.js';

/** What a mutation asked for. */
export const WishKindEnum = builder.enumType('CollectorWishKind', {
  description: 'What a mutation asked for.',
  values: {
    START: { description: 'To record.' },
    STOP: { description: 'Not to record.' },
    COLLECT: { description: 'That `COLLECT` decides again, above older wishes.' },
  } as const,
});

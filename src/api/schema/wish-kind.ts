import { builder } from './builder.js';

/** What a mutation requested. */
export const WishKindEnum = builder.enumType('CollectorWishKind', {
  description: 'What a mutation requested.',
  values: {
    START: { description: 'To record.' },
    STOP: { description: 'Not to record.' },
    COLLECT: { description: 'To let `COLLECT` decide again, outranking older wishes.' },
  } as const,
});

import { isStale, type Leg } from '../../market/consolidated.js';
import { CollectorStateEnum } from './collector.js';
import type { FieldsOf } from './fields.js';

/**
 * `state` and `stale` of one exchange's leg; the argument `stale` describes what that means here.
 */
export function legFields<Shape>(t: FieldsOf<Shape>, stale: string, legOf: (shape: Shape) => Leg) {
  return {
    state: t.field({
      type: CollectorStateEnum,
      nullable: true,
      description: 'State of its collector; null when it has none.',
      resolve: (shape) => legOf(shape).state,
    }),
    stale: t.boolean({ description: stale, resolve: (shape) => isStale(legOf(shape)) }),
  };
}

/** `ageMs` of a leg as read at a time, Unix ms. */
export function ageField<Shape extends { readonly leg: Leg; readonly at: number }>(
  t: FieldsOf<Shape>,
) {
  return t.field({
    type: 'BigInt',
    nullable: true,
    description:
      'Milliseconds since its book was last confirmed: received, or received again unchanged. Null before the first.',
    resolve: ({ leg, at }) => (leg.confirmedAt === null ? null : Math.max(0, at - leg.confirmedAt)),
  });
}

import { isStale, type Leg } from '../../market/consolidated.js';
import type { Pair } from '../../market/market.js';
import type { builder } from './builder.js';
import { CollectorStateEnum } from './collector.js';

/** How the fields of the object type of a shape are made. */
type FieldsOf<Shape> = PothosSchemaTypes.ObjectFieldBuilder<
  typeof builder extends PothosSchemaTypes.SchemaBuilder<infer Types> ? Types : never,
  Shape
>;

/** `symbol` and `currency` of what is about one pair. */
export function pairFields<Shape>(t: FieldsOf<Shape>, pairOf: (shape: Shape) => Pair) {
  return {
    symbol: t.string({
      description: 'Base asset, such as `BTC`.',
      resolve: (shape) => pairOf(shape).symbol,
    }),
    currency: t.string({
      description: 'Quote currency, such as `KRW`.',
      resolve: (shape) => pairOf(shape).currency,
    }),
  };
}

/** `state` and `stale` of one exchange's part in something; `stale` says what that means for it. */
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

/** `ageMs` of a leg that was looked at at a time, ms since the epoch. */
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

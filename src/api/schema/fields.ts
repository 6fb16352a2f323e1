import type { Market, Pair } from '../../market/market.js';
import type { ApiContext } from '../context.js';
import type { builder } from './builder.js';
import { ExchangeEnum } from './exchange-enum.js';

/** The field builder for an object type of a given shape. */
export type FieldsOf<Shape> = PothosSchemaTypes.ObjectFieldBuilder<
  typeof builder extends PothosSchemaTypes.SchemaBuilder<infer Types> ? Types : never,
  Shape
>;

/** Scalars of the schema, each with its TypeScript type. Times are Unix ms. */
interface Scalars {
  BigInt: number;
  DateTime: number;
  Decimal: string;
  Float: number;
  Int: number;
  String: string;
  Boolean: boolean;
}

/** Descriptions of some properties of a shape; only properties holding a `Value` may be named. */
type Meanings<Shape, Value> = {
  readonly [K in keyof Shape as Shape[K] extends Value ? K : never]?: string;
};

/**
 * Fields of one scalar type that expose properties of the shape as they are, each with its
 * description.
 */
export function exposed<Shape, Type extends keyof Scalars>(
  t: FieldsOf<Shape>,
  type: Type,
  meanings: Meanings<Shape, Scalars[Type]>,
  nullable = false,
) {
  return eachField(meanings, (name, description) =>
    t.expose(name as never, { type, nullable, description } as never),
  );
}

/** As {@link exposed}, for nullable properties. */
export function exposedOrNull<Shape, Type extends keyof Scalars>(
  t: FieldsOf<Shape>,
  type: Type,
  meanings: Meanings<Shape, Scalars[Type] | null>,
) {
  return exposed(t, type, meanings as Meanings<Shape, Scalars[Type]>, true);
}

/**
 * Fields of one scalar type that expose properties of something within the shape, each with its
 * description.
 */
export function shown<Shape, Type extends keyof Scalars, Source>(
  t: FieldsOf<Shape>,
  type: Type,
  sourceOf: (shape: Shape, context: ApiContext) => Source,
  meanings: Meanings<Source, Scalars[Type]>,
  nullable = false,
) {
  return eachField(meanings, (name, description) => {
    const resolve = (shape: Shape, _args: unknown, context: ApiContext): unknown =>
      sourceOf(shape, context)[name as keyof Source];
    return t.field({ type, nullable, description, resolve } as never);
  });
}

/** As {@link shown}, for nullable properties. */
export function shownOrNull<Shape, Type extends keyof Scalars, Source>(
  t: FieldsOf<Shape>,
  type: Type,
  sourceOf: (shape: Shape, context: ApiContext) => Source,
  meanings: Meanings<Source, Scalars[Type] | null>,
) {
  return shown(t, type, sourceOf, meanings as Meanings<Source, Scalars[Type]>, true);
}

function eachField<Ref>(meanings: object, make: (name: string, description: string) => Ref) {
  const entries = Object.entries(meanings) as [string, string][];
  return Object.fromEntries(
    entries.map(([name, description]) => [name, make(name, description)] as const),
  );
}

/** `symbol` and `currency` of a shape that concerns one pair. */
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

/** `exchange`, `symbol` and `currency` of a shape that concerns one market. */
export function marketFields<Shape>(t: FieldsOf<Shape>, marketOf: (shape: Shape) => Market) {
  return {
    exchange: t.field({
      type: ExchangeEnum,
      description: 'The exchange.',
      resolve: (shape) => marketOf(shape).exchange,
    }),
    ...pairFields(t, marketOf),
  };
}

import {
  type DocumentNode,
  type ExecutionArgs,
  type FieldNode,
  type FragmentDefinitionNode,
  getArgumentValues,
  getNamedType,
  getNullableType,
  getOperationAST,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  isListType,
  isObjectType,
  Kind,
  SchemaMetaFieldDef,
  type SelectionSetNode,
  TypeMetaFieldDef,
} from 'graphql';
import { DEFAULT_FIRST } from '../paging.js';

/** Assumed length of a list that no argument bounds, by item type. */
const ASSUMED: Readonly<Record<string, number>> = {
  // The size of a market list: the largest has 855 markets, the five together some 2,000.
  Market: 500,
  Collector: 500,
  // A side of a book: 15 to 30 levels on four exchanges, up to 1,000 on GOPAX.
  Level: 50,
  ConsolidatedLevel: 200,
  ConsolidatedLeg: 5,
  QuoteLeg: 5,
  ExchangeInfo: 5,
  // The store reader writes these as text; their number is bounded separately.
  SeriesPoint: 1,
  GapSum: 2,
  RecordingStrip: 5,
  StripSlot: 96,
  PremiumPrice: 5,
  Premium: DEFAULT_FIRST,
  // For introspection of this schema.
  __Type: 50,
  __Field: 8,
  __InputValue: 2,
  __EnumValue: 5,
  __Directive: 6,
};
/** As {@link ASSUMED}, for types not named there. */
const ASSUMED_OTHERWISE = 20;

/**
 * Counts the fields of an operation before it is executed. Not `@pothos/plugin-complexity` (tried,
 * 4.2.3): it counts introspection as one field, and only counts once the first field is resolved.
 */
class Counter {
  readonly #schema: GraphQLSchema;
  readonly #variables: Readonly<Record<string, unknown>>;
  readonly #fragments = new Map<string, FragmentDefinitionNode>();
  readonly #known = new Map<string, number>();

  constructor(
    schema: GraphQLSchema,
    document: DocumentNode,
    variables: Readonly<Record<string, unknown>>,
  ) {
    this.#schema = schema;
    this.#variables = variables;
    for (const definition of document.definitions) {
      if (definition.kind === Kind.FRAGMENT_DEFINITION) {
        this.#fragments.set(definition.name.value, definition);
      }
    }
  }

  /** Fields below `set`, which is selected on `type`. @param first size of the enclosing page */
  below(set: SelectionSetNode, type: GraphQLNamedType | undefined, first: number): number {
    const spread = new Set<string>();
    let sum = 0;
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) sum += this.#field(selection, type, first);
      else if (selection.kind === Kind.INLINE_FRAGMENT) {
        const name = selection.typeCondition?.name.value;
        const on = name === undefined ? type : this.#schema.getType(name);
        sum += this.below(selection.selectionSet, on, first);
      } else if (!spread.has(selection.name.value)) {
        // Executed once, however often it is spread here.
        spread.add(selection.name.value);
        sum += this.#fragment(selection.name.value, first);
      }
    }
    return sum;
  }

  #fragment(name: string, first: number): number {
    const fragment = this.#fragments.get(name);
    if (fragment === undefined) return 0;
    const key = `${name}:${first}`;
    let fields = this.#known.get(key);
    if (fields === undefined) {
      const type = this.#schema.getType(fragment.typeCondition.name.value);
      fields = this.below(fragment.selectionSet, type, first);
      this.#known.set(key, fields);
    }
    return fields;
  }

  #field(node: FieldNode, type: GraphQLNamedType | undefined, first: number): number {
    const field = this.#definition(node.name.value, type);
    if (field === undefined) return 1;
    const given = this.#argumentsOf(field, node);
    const asked = given['first'] ?? given['last'];
    const page = typeof asked === 'number' ? asked : DEFAULT_FIRST;
    const children =
      node.selectionSet === undefined
        ? 0
        : this.below(node.selectionSet, getNamedType(field.type), page);
    return this.#itemsOf(field, given, first) * (1 + children);
  }

  #definition(
    name: string,
    type: GraphQLNamedType | undefined,
  ): GraphQLField<unknown, unknown> | undefined {
    if (name === SchemaMetaFieldDef.name) return SchemaMetaFieldDef;
    if (name === TypeMetaFieldDef.name) return TypeMetaFieldDef;
    return isObjectType(type) ? type.getFields()[name] : undefined;
  }

  #argumentsOf(
    field: GraphQLField<unknown, unknown>,
    node: FieldNode,
  ): Readonly<Record<string, unknown>> {
    try {
      return getArgumentValues(field, node, this.#variables);
    } catch {
      // Execution will reject the value and say why.
      return {};
    }
  }

  #itemsOf(
    field: GraphQLField<unknown, unknown>,
    given: Readonly<Record<string, unknown>>,
    first: number,
  ): number {
    // GraphiQL nests the type of a type nine deep, but few types go that far.
    if (field.name === 'ofType') return 0.5;
    if (!isListType(getNullableType(field.type))) return 1;
    if (field.name === 'edges') return Math.max(1, first);
    const assumed = ASSUMED[getNamedType(field.type).name] ?? ASSUMED_OTHERWISE;
    const most = given['depth'] ?? given['first'];
    return typeof most === 'number' && most > 0 ? Math.min(most, 1_000) : assumed;
  }
}

/** Estimated fields of a response or event: lists as long as `first` or `depth`, or assumed. */
export function costOf(args: ExecutionArgs): number {
  const { schema, document, operationName, variableValues } = args;
  const operation = getOperationAST(document, operationName);
  if (operation === null || operation === undefined) return 0;
  const counter = new Counter(schema, document, variableValues ?? {});
  const root = schema.getRootType(operation.operation) ?? undefined;
  return Math.ceil(counter.below(operation.selectionSet, root, DEFAULT_FIRST));
}

import {
  BREAK,
  type DocumentNode,
  type ExecutionArgs,
  type FieldNode,
  type FragmentSpreadNode,
  getDirectiveValues,
  getOperationAST,
  getVariableValues,
  GraphQLError,
  type GraphQLFormattedError,
  GraphQLIncludeDirective,
  GraphQLSkipDirective,
  type InlineFragmentNode,
  Kind,
  print,
  separateOperations,
  visit,
} from 'graphql';
import { type CompiledQuery, compileQuery, isCompiledQuery } from 'graphql-jit';
import type { Delivery } from '../../live/delivery.js';
import type { Renderer } from '../../live/rendering.js';
import type { ApiServices } from '../context.js';
import type { ApiLog } from '../log.js';
import { clientError, formatted } from './client-error.js';

/** Fields whose value belongs to the individual subscriber, not to the book. */
const OWN_FIELDS: readonly string[] = ['skipped', 'gapBefore'];
/** Fields whose value changes merely with time. */
const TIMED_FIELDS: readonly string[] = ['age'];

const printed = new WeakMap<DocumentNode, string>();

/** Equal exactly for equal subscriptions: document (as printed), operation and variables. */
export function operationKey(args: ExecutionArgs): string {
  const { document, operationName, variableValues } = args;
  let text = printed.get(document);
  if (text === undefined) {
    text = print(document);
    printed.set(document, text);
  }
  return JSON.stringify([text, operationName ?? null, variableValues ?? {}]);
}

/** Whether equal subscriptions may share one execution: `extensions.shared` of the root field. */
export function isShared({ schema, document, operationName }: ExecutionArgs): boolean {
  const fields = schema.getSubscriptionType()?.getFields() ?? {};
  const operation = getOperationAST(document, operationName);
  // A subscription has a single root field, but it may sit in a fragment: all named ones count.
  let shared = operation !== null && operation !== undefined;
  const look = (selections: readonly { readonly kind: Kind }[]): void => {
    for (const selection of selections) {
      if (selection.kind !== Kind.FIELD) shared = false;
      else {
        const { name } = selection as unknown as { readonly name: { readonly value: string } };
        shared &&= fields[name.value]?.extensions['shared'] === true;
      }
    }
  };
  if (operation) look(operation.selectionSet.selections);
  return shared;
}

function asksForAny(fields: readonly string[], document: DocumentNode): boolean {
  let found = false;
  visit(document, {
    Field(node) {
      if (fields.includes(node.name.value)) found = true;
    },
  });
  return found;
}

/** Whether `@skip` and `@include` keep a selection. */
function isSelected(
  node: FieldNode | FragmentSpreadNode | InlineFragmentNode,
  variables: Readonly<Record<string, unknown>>,
): boolean {
  return (
    getDirectiveValues(GraphQLSkipDirective, node, variables)?.['if'] !== true &&
    getDirectiveValues(GraphQLIncludeDirective, node, variables)?.['if'] !== false
  );
}

/**
 * The operation alone, in a form for which graphql-jit behaves like graphql-js. Selections that the
 * variables leave out are removed, because graphql-jit returns the contents of a skipped field when
 * the same field is also selected elsewhere. Variables with a default get a nullable type, because
 * graphql-jit reports `$x: Boolean! = false` as missing.
 */
function reduced({ schema, document, operationName, variableValues }: ExecutionArgs): DocumentNode {
  const operation = getOperationAST(document, operationName)!;
  const { coerced = {} } = getVariableValues(
    schema,
    operation.variableDefinitions ?? [],
    variableValues ?? {},
  );
  const select = <T extends FieldNode | FragmentSpreadNode | InlineFragmentNode>(node: T) => {
    if (!isSelected(node, coerced)) return null;
    return node.directives?.length ? { ...node, directives: [] } : undefined;
  };
  return visit(separateOperations(document)[operation.name?.value ?? '']!, {
    Field: select,
    FragmentSpread: select,
    InlineFragment: select,
    VariableDefinition({ type, defaultValue, ...node }) {
      if (type.kind !== Kind.NON_NULL_TYPE || defaultValue === undefined) return undefined;
      return { ...node, defaultValue, type: type.type };
    },
  });
}

/** Compiled operations by document and operation name; there is only one schema. */
const compiledBy = new WeakMap<DocumentNode, Map<string | null | undefined, CompiledQuery>>();

/**
 * A validated operation, compiled once for all values of its variables unless they decide what is
 * selected. Yoga returns the same document for equal texts.
 */
function compiled(args: ExecutionArgs): CompiledQuery {
  const { document, operationName } = args;
  if (hasDirectives(document)) return compile(args);
  let operations = compiledBy.get(document);
  if (operations === undefined) {
    operations = new Map();
    compiledBy.set(document, operations);
  }
  let query = operations.get(operationName);
  if (query === undefined) {
    query = compile(args);
    operations.set(operationName, query);
  }
  return query;
}

function hasDirectives(document: DocumentNode): boolean {
  let found = false;
  visit(document, {
    Directive() {
      found = true;
      return BREAK;
    },
  });
  return found;
}

function compile(args: ExecutionArgs): CompiledQuery {
  const query = compileQuery(args.schema, reduced(args), args.operationName ?? undefined);
  if (!isCompiledQuery(query)) {
    throw new Error(`the document cannot be compiled: ${JSON.stringify(query.errors)}`);
  }
  return query;
}

/**
 * Executes the events of a subscription for everyone with the same subscription. Resolvers get only
 * the services as context: a shared operation belongs to no single request.
 *
 * The document is compiled at the first event. graphql-js would walk it again for each event, which
 * costs more than everything else an event needs, and its caches keep the result of each walk alive
 * until the next full garbage collection. Only events are executed this way: graphql-jit passes
 * `subscribe` resolvers the variables instead of the arguments (zalando-incubator/graphql-jit#183).
 */
export class LiveOperation implements Renderer {
  readonly showsMissed: boolean;
  readonly showsAge: boolean;
  readonly #args: ExecutionArgs;
  readonly #services: ApiServices;
  readonly #log: ApiLog;
  #compiled: CompiledQuery | null = null;

  constructor(args: ExecutionArgs, services: ApiServices, log: ApiLog) {
    const { schema, document, operationName, variableValues } = args;
    this.#args = { schema, document, operationName, variableValues };
    this.#services = services;
    this.#log = log;
    this.showsMissed = asksForAny(OWN_FIELDS, document);
    this.showsAge = asksForAny(TIMED_FIELDS, document);
  }

  render(delivery: Delivery<unknown>): string {
    this.#compiled ??= compiled(this.#args);
    const result = this.#compiled.query(delivery, this.#services, this.#args.variableValues);
    if ('then' in result) throw new Error('a live field must not be resolved asynchronously');
    if (result.errors === undefined) return JSON.stringify(result);
    const errors = result.errors.map((error) => this.#shown(error));
    return JSON.stringify({ data: result.data, errors });
  }

  /** An event's error as clients may see it. */
  #shown({ message, path, locations, originalError }: GraphQLError): GraphQLFormattedError {
    // graphql-jit has its own error class, unknown to Yoga.
    const error = new GraphQLError(message, { path, originalError });
    const answer = formatted(clientError(error, this.#log));
    return locations === undefined ? answer : { ...answer, locations };
  }
}

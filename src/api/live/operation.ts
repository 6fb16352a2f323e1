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
import { maskError } from 'graphql-yoga';
import type { Delivery } from '../../bus.js';
import type { ApiServices } from '../context.js';
import type { ApiLog } from '../log.js';
import { KeptRenderings, Rendering } from './rendering.js';
import type { LiveSource } from './source.js';

/** Fields whose value is the reader's own, not the book's. */
const OWN_FIELDS: readonly string[] = ['skipped', 'gapBefore'];
/** Fields whose value changes with time alone. */
const TIMED_FIELDS: readonly string[] = ['age'];

const printed = new WeakMap<DocumentNode, string>();

/**
 * What two subscriptions have in common exactly when they are equal: document, operation and
 * variables. Documents are compared as they print, so white space does not matter.
 */
export function operationKey(args: ExecutionArgs): string {
  const { document, operationName, variableValues } = args;
  let text = printed.get(document);
  if (text === undefined) {
    text = print(document);
    printed.set(document, text);
  }
  return JSON.stringify([text, operationName ?? null, variableValues ?? {}]);
}

/**
 * Whether the operation's root field may be executed once for all who ask for the same. The schema
 * says so: a subscription field that is context-free has `extensions.shared`.
 */
export function isShared({ schema, document, operationName }: ExecutionArgs): boolean {
  const fields = schema.getSubscriptionType()?.getFields() ?? {};
  const operation = getOperationAST(document, operationName);
  // A subscription has one root field only, which may stand in a fragment: all that are named count.
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

/** Yoga notes HTTP statuses and the like in `extensions`; clients have no use for them. */
export function formatted(error: GraphQLError): GraphQLFormattedError {
  const { extensions = {}, ...rest } = error.toJSON();
  const others = Object.entries(extensions).filter(
    ([name]) => name !== 'http' && name !== 'unexpected',
  );
  return { ...rest, extensions: Object.fromEntries(others) };
}

/** `error` as clients may see it: an unexpected one says nothing of what went wrong. */
export function masked(error: unknown): GraphQLError {
  return maskError(error, 'Unexpected error.', false) as GraphQLError;
}

/** Whether `@skip` and `@include` leave a selection in. */
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
 * The operation alone, in the form in which graphql-jit does what graphql-js would: without the
 * selections that its variables leave out, since graphql-jit gives what stands in a field that is left
 * out when the same field is selected elsewhere, too; and with nullable types of variables that have a
 * default, since of `$x: Boolean! = false` it says that it is missing.
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

/** Compiled operations by document and operation name; there is one schema. */
const compiledBy = new WeakMap<DocumentNode, Map<string | null | undefined, CompiledQuery>>();

/**
 * The operation of a document that has been validated, as have been its variables. It is compiled once
 * for all values of its variables, unless they decide what is selected: Yoga gives equal texts as the
 * same document.
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
 * A subscription that was asked for, once for all who asked for the same. It executes each event and
 * keeps the newest results, so that an event is executed and serialised once, whoever gets it first.
 * The resolvers get the services alone as context: an operation that is shared belongs to nobody.
 *
 * The document is compiled at the first event. graphql-js walks it anew for each event, which costs
 * more than all else that an event needs, and its caches keep alive what each walk made until the
 * next full garbage collection. Only the events are executed so: graphql-jit hands `subscribe`
 * resolvers the variables in place of the arguments (zalando-incubator/graphql-jit#183).
 */
export class LiveOperation {
  /** What it delivers; opened again for each reader or for all, as its kind is. */
  readonly source: LiveSource;
  readonly #args: ExecutionArgs;
  readonly #services: ApiServices;
  readonly #log: ApiLog;
  readonly #own: boolean;
  readonly #timed: boolean;
  readonly #kept = new KeptRenderings();
  #compiled: CompiledQuery | null = null;
  #executions = 0;

  constructor(source: LiveSource, args: ExecutionArgs, services: ApiServices, log: ApiLog) {
    this.source = source;
    const { schema, document, operationName, variableValues } = args;
    this.#args = { schema, document, operationName, variableValues };
    this.#services = services;
    this.#log = log;
    this.#own = asksForAny(OWN_FIELDS, document);
    this.#timed = asksForAny(TIMED_FIELDS, document);
  }

  /** Events executed so far. */
  get executions(): number {
    return this.#executions;
  }

  /**
   * The result of an event. What a reader missed before it is executed for that reader alone.
   * @param shared whether others may ask for the same event; what nobody asks for again is not kept
   */
  render(delivery: Delivery<unknown>, shared: boolean): Rendering {
    const { value, skipped, gapBefore } = delivery;
    const own = this.#own && (skipped > 0 || gapBefore !== null);
    if (this.#timed) this.#kept.startAt(Date.now());
    const kept = own ? undefined : this.#kept.get(value);
    if (kept !== undefined) return kept;
    const rendering = new Rendering(this.#execute(delivery));
    if (shared && !own) this.#kept.set(value, rendering);
    return rendering;
  }

  #execute(rootValue: Delivery<unknown>): string {
    this.#executions++;
    this.#compiled ??= compiled(this.#args);
    const result = this.#compiled.query(rootValue, this.#services, this.#args.variableValues);
    if ('then' in result) throw new Error('a live field must not be resolved asynchronously');
    if (result.errors === undefined) return JSON.stringify(result);
    const errors = result.errors.map((error) => this.#shown(error));
    return JSON.stringify({ data: result.data, errors });
  }

  /** An error of an event as clients may see it; an unexpected one is logged. */
  #shown(error: GraphQLError): GraphQLFormattedError {
    const { message, path, locations, originalError } = error;
    // graphql-jit has an error class of its own, which is unknown to Yoga.
    const known = new GraphQLError(message, { path, originalError });
    const shown = masked(known);
    if (shown !== known) this.#log.error(originalError ?? error);
    const answer = formatted(shown);
    return locations === undefined ? answer : { ...answer, locations };
  }
}

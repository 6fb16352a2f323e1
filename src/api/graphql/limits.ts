import {
  type ASTVisitor,
  type DocumentNode,
  type ExecutionArgs,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  type SelectionSetNode,
  validate,
  type ValidationContext,
  type ValidationRule,
} from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { apiError } from '../errors.js';
import type { ApiLimits } from '../../settings/config.js';
import { LIMIT_SETTINGS } from '../../settings/table.js';
import { costOf } from './cost.js';

/**
 * Nesting depth of the fields below `set`, fragments included. Introspection is exempt: graphql-js
 * bounds it itself, and GraphiQL's own query nests deeper than any of ours.
 */
function depthOf(
  set: SelectionSetNode,
  fragmentOf: (name: string) => FragmentDefinitionNode | null | undefined,
  known: Map<string, number>,
): number {
  let deepest = 0;
  for (const selection of set.selections) {
    let depth: number;
    if (selection.kind === Kind.FIELD) {
      if (selection.name.value.startsWith('__')) continue;
      depth = 1;
      if (selection.selectionSet) depth += depthOf(selection.selectionSet, fragmentOf, known);
    } else if (selection.kind === Kind.INLINE_FRAGMENT) {
      depth = depthOf(selection.selectionSet, fragmentOf, known);
    } else {
      const name = selection.name.value;
      const fragment = fragmentOf(name);
      if (!known.has(name) && fragment) {
        // Set before descending: a fragment that contains itself stops here (another rule rejects
        // it).
        known.set(name, 0);
        known.set(name, depthOf(fragment.selectionSet, fragmentOf, known));
      }
      depth = known.get(name) ?? 0;
    }
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}

/** Rejects operations whose fields nest deeper than `most`. */
function maxDepthRule(most: number): ValidationRule {
  return function MaxDepthRule(context: ValidationContext): ASTVisitor {
    const known = new Map<string, number>();
    return {
      OperationDefinition(node) {
        const depth = depthOf(node.selectionSet, (name) => context.getFragment(name), known);
        if (depth <= most) return;
        context.reportError(
          tooComplex(
            `fields nest ${depth} deep; at most ${most} are allowed (${LIMIT_SETTINGS.depth.variable})`,
          ),
        );
      },
    };
  };
}

/** Response names of the fields directly in `set`, inline fragments expanded. */
function* namesIn(set: SelectionSetNode): Generator<string> {
  for (const selection of set.selections) {
    if (selection.kind === Kind.FIELD) yield (selection.alias ?? selection.name).value;
    else if (selection.kind === Kind.INLINE_FRAGMENT) yield* namesIn(selection.selectionSet);
  }
}

/**
 * Rejects documents with more aliases and repeated fields than `most`. A repeated field adds
 * nothing to the response, but graphql-js compares every pair of them.
 */
function maxAliasesRule(most: number): ValidationRule {
  return function MaxAliasesRule(context: ValidationContext): ASTVisitor {
    let count = 0;
    return {
      Field(node: FieldNode) {
        if (node.alias !== undefined) count++;
      },
      SelectionSet(node: SelectionSetNode, _key, parent) {
        if (parent !== undefined && 'kind' in parent && parent.kind === Kind.INLINE_FRAGMENT)
          return;
        const names = [...namesIn(node)];
        count += names.length - new Set(names).size;
      },
      Document: {
        leave() {
          if (count <= most) return;
          context.reportError(
            tooComplex(
              `more than ${most} aliases and repeated fields (${LIMIT_SETTINGS.aliases.variable}); use several requests`,
            ),
          );
        },
      },
    };
  };
}

function tooComplex(message: string): GraphQLError {
  return apiError('QUERY_TOO_COMPLEX', message);
}

/** Why an operation is refused for its cost, or null. */
function costProblem(args: ExecutionArgs, most: number): GraphQLError | null {
  const cost = costOf(args);
  if (cost <= most) return null;
  return tooComplex(
    `the answer would have some ${cost} fields; at most ${most} are allowed (${LIMIT_SETTINGS.cost.variable}); ask for fewer fields, or less with first and depth`,
  );
}

/** Bounds what a document may contain and cost, before any of it is executed. */
export function useLimits(limits: ApiLimits): Plugin {
  const rules = [maxDepthRule(limits.depth), maxAliasesRule(limits.aliases)];
  return {
    onParse({ parseFn, setParseFn }) {
      setParseFn((source, options) => {
        try {
          return parseFn(source, { ...options, maxTokens: limits.tokens }) as unknown;
        } catch (error) {
          // Deeply nested list values: the parser recurses into each.
          if (error instanceof RangeError) throw tooComplex('values are nested too deep');
          // Only the text distinguishes this from other syntax errors.
          if (
            !(error instanceof GraphQLError) ||
            !error.message.includes('Document contains more')
          ) {
            throw error;
          }
          throw tooComplex(
            `the document has more than ${limits.tokens} tokens (${LIMIT_SETTINGS.tokens.variable}); use several requests`,
          );
        }
      });
    },
    onValidate({ params, setResult }) {
      const { schema, documentAST } = params as {
        schema: GraphQLSchema;
        documentAST: DocumentNode;
      };
      // Before graphql-js's own rules, some of which are slow on exactly what these reject.
      const errors = validate(schema, documentAST, rules);
      if (errors.length > 0) setResult([...errors]);
    },
    onExecute({ args, setResultAndStopExecution }) {
      const problem = costProblem(args, limits.cost);
      if (problem !== null) setResultAndStopExecution({ errors: [problem] });
    },
    onSubscribe({ args, setResultAndStopExecution }) {
      const problem = costProblem(args, limits.cost);
      if (problem !== null) setResultAndStopExecution({ errors: [problem] });
    },
  };
}

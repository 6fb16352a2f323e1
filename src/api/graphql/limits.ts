import {
  type ASTVisitor,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type SelectionSetNode,
  type ValidationContext,
  type ValidationRule,
} from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { apiError } from '../errors.js';

/** Tokens of a document at most; GraphiQL's introspection has some 300. */
export const MAX_TOKENS = 2000;
/** Fields nested in each other at most. */
export const MAX_DEPTH = 12;
/** Aliases in a document at most: five exchanges side by side need five. */
export const MAX_ALIASES = 30;

/**
 * Nesting of fields below `set`, fragments included. Introspection is left out: graphql-js bounds
 * it itself, and GraphiQL's own query nests deeper than any of ours.
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
        // Set before descending: a fragment that contains itself ends here (another rule refuses it).
        known.set(name, 0);
        known.set(name, depthOf(fragment.selectionSet, fragmentOf, known));
      }
      depth = known.get(name) ?? 0;
    }
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}

/** Refuses operations whose fields nest deeper than {@link MAX_DEPTH}. */
const MaxDepthRule: ValidationRule = function MaxDepthRule(context: ValidationContext): ASTVisitor {
  const known = new Map<string, number>();
  return {
    OperationDefinition(node) {
      const depth = depthOf(node.selectionSet, (name) => context.getFragment(name), known);
      if (depth <= MAX_DEPTH) return;
      context.reportError(
        apiError(
          'QUERY_TOO_COMPLEX',
          `fields nest ${depth} deep; at most ${MAX_DEPTH} are allowed`,
        ),
      );
    },
  };
};

/** Refuses documents with more aliases than {@link MAX_ALIASES}. */
const MaxAliasesRule: ValidationRule = function MaxAliasesRule(
  context: ValidationContext,
): ASTVisitor {
  let aliases = 0;
  return {
    Field(node: FieldNode) {
      if (node.alias !== undefined) aliases++;
      if (aliases !== MAX_ALIASES + 1) return;
      context.reportError(
        apiError('QUERY_TOO_COMPLEX', `more than ${MAX_ALIASES} aliases; use several requests`),
      );
    },
  };
};

/** Bounds what a document may be made of, before anything of it is executed. */
export function useLimits(): Plugin {
  return {
    onParse({ parseFn, setParseFn }) {
      setParseFn(
        (source, options) => parseFn(source, { ...options, maxTokens: MAX_TOKENS }) as unknown,
      );
    },
    onValidate({ addValidationRule }) {
      addValidationRule(MaxDepthRule);
      addValidationRule(MaxAliasesRule);
    },
  };
}

import {
  type ASTNode,
  type DocumentNode,
  type ExecutionArgs,
  GraphQLError,
  Kind,
  visit,
} from 'graphql';
import type { Plugin } from 'graphql-yoga';

const VALUE_KINDS: ReadonlySet<string> = new Set([
  Kind.STRING,
  Kind.INT,
  Kind.FLOAT,
  Kind.BOOLEAN,
  Kind.ENUM,
  Kind.NULL,
  Kind.LIST,
  Kind.OBJECT,
]);

/** Name of the argument that the value or variable at `node` is passed to, if any. */
function argumentOf(document: DocumentNode, node: ASTNode): string | undefined {
  let found: string | undefined;
  visit(document, {
    VariableDefinition(definition) {
      if (definition.defaultValue === node) found ??= argumentOf(document, definition);
    },
    Argument(argument) {
      const { value } = argument;
      const given =
        value.kind === Kind.VARIABLE && node.kind === Kind.VARIABLE_DEFINITION
          ? value.name.value === node.variable.name.value
          : value === node;
      if (given) found ??= argument.name.value;
    },
  });
  return found;
}

/** `error` with `BAD_USER_INPUT` and the argument's name, if it is about an input value. */
function named(document: DocumentNode, error: GraphQLError): GraphQLError {
  const node = error.nodes?.[0];
  const aboutValue =
    node !== undefined && (VALUE_KINDS.has(node.kind) || node.kind === Kind.VARIABLE_DEFINITION);
  // A path means a resolver threw, and it has named the argument already.
  if (!aboutValue || error.path !== undefined || 'argument' in error.extensions) return error;
  const argument = argumentOf(document, node);
  return new GraphQLError(
    argument === undefined ? error.message : `${argument}: ${error.message}`,
    {
      nodes: error.nodes ?? null,
      extensions: {
        ...error.extensions,
        code: 'BAD_USER_INPUT',
        ...(argument === undefined ? {} : { argument }),
      },
    },
  );
}

function namedAll(document: DocumentNode, errors: readonly unknown[]): unknown[] {
  return errors.map((error) => (error instanceof GraphQLError ? named(document, error) : error));
}

/** The part of envelop's hook payload that both kinds of operation have. */
interface Done {
  readonly result: object;
  readonly setResult: (result: never) => void;
}

function nameResult(args: object, { result, setResult }: Done): void {
  if (!('errors' in result) || !Array.isArray(result.errors)) return;
  const { document } = args as ExecutionArgs;
  setResult({ ...result, errors: namedAll(document, result.errors) } as never);
}

/**
 * Gives errors about an input value (unknown enum value, malformed time, wrong type), literal or
 * variable, the code `BAD_USER_INPUT` and the argument's name.
 */
export function useValueErrors(): Plugin {
  return {
    onValidate({ params }) {
      return ({ valid, result, setResult }) => {
        if (!valid) setResult(namedAll(params.documentAST as DocumentNode, result));
      };
    },
    onExecute({ args }) {
      return { onExecuteDone: (done) => nameResult(args, done) };
    },
    onSubscribe({ args }) {
      return { onSubscribeResult: (done) => nameResult(args, done) };
    },
  };
}

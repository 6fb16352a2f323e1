import type { ExecutionResult } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { ApiContext, ReadyTexts } from '../context.js';

/** Stands in for a list of an answer that exists as text only. */
class TextList {
  readonly #pieces: readonly string[];

  constructor(pieces: readonly string[]) {
    this.#pieces = pieces;
  }

  toJSON(): unknown {
    return JSON.parse(this.#pieces.join(''));
  }
}

/** The text of an answer with the ready texts in their places. */
function answerText(result: ExecutionResult, texts: ReadyTexts): string {
  const { data, ...rest } = result;
  if (data === null || data === undefined) return JSON.stringify(result);
  const fields = Object.entries(data).map(
    ([key, value]) => `${JSON.stringify(key)}:${texts.get(key)?.join('') ?? JSON.stringify(value)}`,
  );
  const others = JSON.stringify(rest);
  return `{"data":{${fields.join(',')}}${others === '{}' ? '}' : `,${others.slice(1)}`}`;
}

/**
 * Puts texts that resolvers have left in the context into the answer, in place of their fields of the
 * query: long lists are written where they are read, and neither built nor walked on this thread.
 */
export function useReadyTexts(): Plugin<ApiContext> {
  return {
    onExecute({ args }) {
      const { texts } = args.contextValue;
      return {
        onExecuteDone({ result, setResult }) {
          if (texts.size === 0 || Symbol.asyncIterator in result) return;
          const { data } = result as ExecutionResult;
          if (data === null || data === undefined) return;
          const lists = Object.keys(data).filter((key) => texts.has(key));
          const filled = Object.fromEntries(
            lists.map((key) => [key, new TextList(texts.get(key)!)]),
          );
          // A transport that does not know `stringify` turns the lists into text itself.
          const answer = { ...(result as ExecutionResult), data: { ...data, ...filled } };
          const stringify = (given: ExecutionResult): string => answerText(given, texts);
          setResult({ ...answer, stringify } as ExecutionResult);
        },
      };
    },
  };
}

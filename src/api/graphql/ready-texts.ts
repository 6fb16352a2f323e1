import type { ExecutionResult } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { ApiContext, ReadyTexts } from '../context.js';

/** Stands in for a list of the response that exists only as text. */
class TextList {
  readonly #pieces: readonly string[];

  constructor(pieces: readonly string[]) {
    this.#pieces = pieces;
  }

  toJSON(): unknown {
    return JSON.parse(this.#pieces.join(''));
  }
}

/** The response as text, with the ready-made texts in place. */
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
 * Puts texts that resolvers left in the context into the response, in place of their query fields:
 * long lists are serialised where they are read, and neither built nor walked on this thread.
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
          // A transport that does not know `stringify` serialises the lists itself.
          const answer = { ...(result as ExecutionResult), data: { ...data, ...filled } };
          const stringify = (given: ExecutionResult): string => answerText(given, texts);
          setResult({ ...answer, stringify } as ExecutionResult);
        },
      };
    },
  };
}

import { useEffect, useState } from 'preact/hooks';
import type { TypedDocumentString } from '../gql/graphql.js';
import { ApiError, ask, connectionCount } from './connection.js';

/** An answer that a page shows. */
export interface Answered<R> {
  /** Null until it has come. */
  readonly answer: R | null;
  /** Why the last question had none. */
  readonly problem: ApiError | null;
}

/** How a question is asked. */
interface Asking {
  /** It is asked again so long after each answer, ms, but not by a hidden tab. Default: it is not. */
  readonly everyMs?: number;
  /** Whether the last answer stays while that to other variables is awaited. Default true. */
  readonly keep?: boolean;
}

/** Asks a question, again after each connection. @param variables null: nothing is asked */
export function useAnswer<R, V extends Record<string, unknown>>(
  question: TypedDocumentString<R, V>,
  variables: V | null,
  { everyMs, keep = true }: Asking = {},
): Answered<R> {
  const [answer, setAnswer] = useState<R | null>(null);
  const [problem, setProblem] = useState<ApiError | null>(null);
  const connected = connectionCount.value;
  useEffect(() => {
    if (!keep) setAnswer(null);
    if (connected === 0 || variables === null) return;
    let left = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const load = async (): Promise<void> => {
      try {
        if (everyMs === undefined || !document.hidden) {
          const newest = await ask(question, variables);
          if (left) return;
          setAnswer(newest);
          setProblem(null);
        }
      } catch (error) {
        if (!left && error instanceof ApiError) setProblem(error);
      }
      if (!left && everyMs !== undefined) timer = setTimeout(() => void load(), everyMs);
    };
    void load();
    return () => {
      left = true;
      clearTimeout(timer);
    };
  }, [JSON.stringify(variables), connected]);
  return { answer, problem };
}

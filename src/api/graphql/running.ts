import { type ExecutionArgs, getOperationAST, OperationTypeNode } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { ApiContext } from '../context.js';
import { apiError } from '../errors.js';
import type { ApiLimits } from '../../settings/config.js';
import { LIMIT_SETTINGS } from '../../settings/table.js';
import { within } from '../../util/wait.js';

/** What an operation is executed by. */
type Execute = (args: ExecutionArgs) => unknown;

function isQuery({ document, operationName }: ExecutionArgs): boolean {
  return getOperationAST(document, operationName)?.operation === OperationTypeNode.QUERY;
}

/**
 * Bounds how many queries and mutations run at once, and how long a query may take: after
 * {@link ApiLimits.queryMs} it is answered with an error, and reads of the store that it still waits
 * for are dropped unread. A mutation is not cut short, because its effect would then be unknown. An
 * operation holds its place until its last read has ended, however it was answered.
 * @param unsentBytes how much of earlier answers clients have not taken; too much, and none is begun
 */
export function useRunningLimit(
  limits: Pick<ApiLimits, 'runningQueries' | 'queryMs' | 'unsentBytes'>,
  unsentBytes: () => number,
): Plugin<ApiContext> {
  const { runningQueries, queryMs } = limits;
  let running = 0;

  const late = () =>
    apiError(
      'QUERY_TIMEOUT',
      `the query took longer than ${queryMs} ms (${LIMIT_SETTINGS.queryMs.variable}); ask for less, or for a shorter time`,
    );

  return {
    onExecute({ args, executeFn, setExecuteFn, setResultAndStopExecution, extendContext }) {
      if (running >= runningQueries) {
        const message = `${runningQueries} queries are running, as many as this server allows at once (${LIMIT_SETTINGS.runningQueries.variable}); try again`;
        setResultAndStopExecution({ errors: [apiError('TOO_MANY_QUERIES', message)] });
        return;
      }
      if (unsentBytes() > limits.unsentBytes) {
        const message = `clients have not taken ${limits.unsentBytes} bytes of their answers (${LIMIT_SETTINGS.unsentBytes.variable}); try again when they have`;
        setResultAndStopExecution({ errors: [apiError('TOO_MANY_QUERIES', message)] });
        return;
      }
      const query = isQuery(args);
      if (query) {
        const { reader } = (args as ExecutionArgs).contextValue as ApiContext;
        extendContext({ reader: reader.until(Date.now() + queryMs) });
      }
      setExecuteFn((given: ExecutionArgs) => {
        running++;
        const work = (async () => (executeFn as Execute)(given))().finally(() => running--);
        return query ? within(work, queryMs, () => ({ errors: [late()] })) : work;
      });
    },
  };
}

import { type ExecutionArgs, getOperationAST, OperationTypeNode } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { ApiContext } from '../context.js';
import { apiError } from '../errors.js';
import type { ApiLimits } from '../../settings/config.js';
import { LIMIT_SETTINGS } from '../../settings/table.js';
import { within } from '../../util/wait.js';

/** The function that executes an operation. */
type Execute = (args: ExecutionArgs) => unknown;

function isQuery({ document, operationName }: ExecutionArgs): boolean {
  return getOperationAST(document, operationName)?.operation === OperationTypeNode.QUERY;
}

/**
 * Bounds how many queries and mutations run at once and how long a query may take: after
 * {@link ApiLimits.queryMs} it is answered with an error, and store reads it is still waiting for
 * are dropped. A mutation is never cut short, because its effect would then be unknown. An operation
 * holds its slot until its last read has ended, however it was answered.
 * @param unsentBytes response bytes that clients have not taken yet; beyond the limit no query
 * starts
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
      `the query took longer than ${queryMs} ms (${LIMIT_SETTINGS.queryMs.variable}); request less, or a shorter window`,
    );

  return {
    onExecute({ args, executeFn, setExecuteFn, setResultAndStopExecution, extendContext }) {
      if (running >= runningQueries) {
        const message = `${runningQueries} queries are running, the most this server allows at once (${LIMIT_SETTINGS.runningQueries.variable}); try again`;
        setResultAndStopExecution({ errors: [apiError('TOO_MANY_QUERIES', message)] });
        return;
      }
      if (unsentBytes() > limits.unsentBytes) {
        const message = `clients have left ${limits.unsentBytes} bytes of their responses unread (${LIMIT_SETTINGS.unsentBytes.variable}); try again once they have read them`;
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

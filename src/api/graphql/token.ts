import { createHash, timingSafeEqual } from 'node:crypto';
import { type ExecutionArgs, getOperationAST, OperationTypeNode } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { apiError } from '../errors.js';
import type { TransportContext } from './live-slot.js';

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Whether an `Authorization` value carries `token`. Takes equally long for any wrong one. */
function carriesToken(authorization: string | undefined, token: string): boolean {
  const given = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
  // Compares digests: timingSafeEqual needs equal lengths, and the length itself is a hint.
  return given !== undefined && timingSafeEqual(digest(given), digest(token));
}

/**
 * Refuses every mutation without the token, on any transport. It works on whole operations, so that
 * no future mutation can be forgotten. Null: no token is required.
 */
export function useMutationToken(token: string | null): Plugin<TransportContext> {
  if (token === null) return {};
  return {
    onExecute({ args, context, setResultAndStopExecution }) {
      const { document, operationName } = args as ExecutionArgs;
      const operation = getOperationAST(document, operationName)?.operation;
      if (operation !== OperationTypeNode.MUTATION) return;
      if (carriesToken(context.authorization, token)) return;
      setResultAndStopExecution({
        data: null,
        errors: [
          apiError(
            'UNAUTHENTICATED',
            'mutations need API_TOKEN: send the header "Authorization: Bearer <token>" (graphql-ws: connectionParams.authorization)',
          ),
        ],
      });
    },
  };
}

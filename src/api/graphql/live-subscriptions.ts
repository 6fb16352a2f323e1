import {
  createSourceEventStream,
  type ExecutionArgs,
  type ExecutionResult,
  GraphQLError,
} from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { LiveRefusal } from '../../live/live-streams.js';
import { OwnSource, SharedSource } from '../../live/source.js';
import type { ApiServices } from '../context.js';
import { apiError } from '../errors.js';
import type { ApiLimits } from '../../settings/config.js';
import { LIMIT_SETTINGS } from '../../settings/table.js';
import type { ApiLog } from '../log.js';
import { isShared, LiveOperation, operationKey } from './live-operation.js';
import type { TransportContext } from './live-slot.js';

/** A result without events for hooks that expect one; the real events go to the sink. */
const NO_EVENTS: AsyncIterableIterator<never> = {
  next: () => Promise.resolve({ done: true, value: undefined }),
  return: () => Promise.resolve({ done: true, value: undefined }),
  [Symbol.asyncIterator]: () => NO_EVENTS,
};

/** Why the `subscribe` resolver gave no source, as graphql-js reports it. */
class NoSource extends Error {
  readonly result: ExecutionResult;

  constructor(result: ExecutionResult) {
    super('the subscription has no source');
    this.result = result;
  }
}

/**
 * Hands subscriptions to `LiveStreams` instead of executing them one by one. Errors before the
 * first event are answered like any other; an accepted subscription is left in the transport's
 * `LiveSlot`.
 */
export function useLiveStreams(
  services: ApiServices,
  limits: Pick<ApiLimits, 'subscriptions' | 'liveOperations'>,
  log: ApiLog,
): Plugin<TransportContext> {
  const make = (args: ExecutionArgs) => async () => {
    const source = await createSourceEventStream(args);
    if (source instanceof SharedSource || source instanceof OwnSource) {
      return { source, renderer: new LiveOperation(args, services, log) };
    }
    throw new NoSource(source as ExecutionResult);
  };
  const refusal = (reason: LiveRefusal['reason']): GraphQLError => {
    if (reason === 'CLOSING') return apiError('SHUTTING_DOWN', 'the server is shutting down');
    const message =
      reason === 'MAX'
        ? `there are already ${limits.subscriptions} subscriptions, the most this server allows (${LIMIT_SETTINGS.subscriptions.variable}); close one first`
        : `there are already ${limits.liveOperations} different subscriptions, the most this server allows (${LIMIT_SETTINGS.liveOperations.variable}); repeat an open one exactly, variables included, or close one first`;
    return apiError('TOO_MANY_SUBSCRIPTIONS', message);
  };
  return {
    onSubscribe({ setSubscribeFn }) {
      setSubscribeFn(async (args: ExecutionArgs) => {
        const { live } = args.contextValue as TransportContext;
        try {
          const key = isShared(args) ? operationKey(args) : null;
          live.put(await services.streams.open(key, make(args)));
          return NO_EVENTS;
        } catch (error) {
          if (error instanceof NoSource) return error.result;
          if (error instanceof LiveRefusal) return { errors: [refusal(error.reason)] };
          if (error instanceof GraphQLError) return { errors: [error] };
          throw error;
        }
      });
    },
  };
}

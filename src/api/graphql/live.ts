import type { ExecutionArgs, ExecutionResult } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { LiveSubscription } from '../book-streams.js';
import type { ApiServices, TransportContext } from '../context.js';

/** Where a subscription that was let in is left for the transport that brought it. */
export class LiveSlot {
  #subscription: LiveSubscription | undefined;

  put(subscription: LiveSubscription): void {
    this.#subscription = subscription;
  }

  /** The subscription, once: it must be started or discarded by whoever takes it. */
  take(): LiveSubscription | undefined {
    const subscription = this.#subscription;
    this.#subscription = undefined;
    return subscription;
  }
}

/** An answer without events, for the hooks that want to see one; the real events go to the sink. */
const NO_EVENTS: AsyncIterableIterator<never> = {
  next: () => Promise.resolve({ done: true, value: undefined }),
  return: () => Promise.resolve({ done: true, value: undefined }),
  [Symbol.asyncIterator]: () => NO_EVENTS,
};

/**
 * Gives subscriptions to `BookStreams` instead of executing them one by one. Errors before the first
 * event are answered as any other; what was let in is left in the transport's {@link LiveSlot}.
 */
export function useLiveStreams(services: ApiServices): Plugin<TransportContext> {
  return {
    onSubscribe({ setSubscribeFn }) {
      setSubscribeFn(async (args: ExecutionArgs) => {
        const { live } = args.contextValue as TransportContext;
        const opened = await services.streams.open(args, services);
        if (!('start' in opened)) return opened satisfies ExecutionResult;
        live.put(opened);
        return NO_EVENTS;
      });
    },
  };
}

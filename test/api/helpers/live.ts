import type { Client } from 'graphql-ws';
import { SseSubscription } from './sse.js';
import { answers, wsClient } from './ws.js';

/** A subscription over either transport, read result by result. */
export interface Live {
  /** The next result; null when the stream has ended in order. */
  next(): Promise<{ data?: Record<string, unknown>; errors?: unknown[] } | null>;
  leave(): Promise<void>;
}

type Open = (url: string, query: string, variables?: Record<string, unknown>) => Promise<Live>;

const overSse: Open = async (url, query, variables) => {
  const sse = await SseSubscription.open(url, query, variables);
  return {
    next: async () => {
      const event = await sse.next();
      return event === null || event.event === 'complete'
        ? null
        : (JSON.parse(event.data) as object);
    },
    leave: async () => sse.leave(),
  };
};

const overWebSocket: Open = async (url, query, variables) => {
  const client: Client = wsClient(url);
  const iterator = answers(client, query, variables);
  return {
    next: async () => {
      const result = await iterator.next();
      return result.done === true ? null : (result.value as object);
    },
    leave: async () => {
      await iterator.return?.();
      await client.dispose();
    },
  };
};

/** Both transports, by name. */
export const TRANSPORTS: readonly (readonly [name: string, open: Open])[] = [
  ['SSE', overSse],
  ['WebSocket', overWebSocket],
];

/** The value of the only field of a result, which must be one without errors. */
export function valueOf(result: Awaited<ReturnType<Live['next']>>): Record<string, unknown> {
  if (result?.data === undefined || result.errors !== undefined) {
    throw new Error(`expected a result, got ${JSON.stringify(result)}`);
  }
  return Object.values(result.data)[0] as Record<string, unknown>;
}

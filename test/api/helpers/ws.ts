import { type Client, createClient } from 'graphql-ws';
import { WebSocket } from 'ws';

/** graphql-ws's own client for a test server. Dispose it at the end of the test. */
export function wsClient(url: string, connectionParams: Record<string, unknown> = {}): Client {
  return createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams,
    retryAttempts: 0,
  });
}

/** The answers of an operation, one by one; ends when the server completes it. */
export function answers(
  client: Client,
  query: string,
  variables: Record<string, unknown> = {},
): AsyncIterableIterator<{ data?: unknown; errors?: unknown }> {
  return client.iterate({ query, variables }) as AsyncIterableIterator<{
    data?: unknown;
    errors?: unknown;
  }>;
}

/** `data.orderbook` of the next answer, which must be one. */
export async function nextBook(
  iterator: AsyncIterator<{ data?: unknown }>,
): Promise<Record<string, unknown>> {
  const result = await iterator.next();
  if (result.done === true) throw new Error('expected a book, but the subscription has ended');
  return (result.value.data as { orderbook: Record<string, unknown> }).orderbook;
}

/** A bare WebSocket that has subscribed by hand, for what a proper client would not do. */
export async function rawSubscription(url: string, query: string): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  const acknowledged = new Promise((resolve) => socket.once('message', resolve));
  socket.send(JSON.stringify({ type: 'connection_init' }));
  await acknowledged;
  socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }));
  return socket;
}

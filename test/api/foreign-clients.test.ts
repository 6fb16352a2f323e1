import { spawn } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Client, fetchExchange, subscriptionExchange } from '@urql/core';
import { createClient as createSseClient } from 'graphql-sse';
import { book, market, publish } from './helpers/books.js';
import { serve, type TestServer } from './helpers/server.js';
import { until } from './helpers/until.js';
import { wsClient } from './helpers/ws.js';

const QUERY = 'subscription { orderbook(exchange: UPBIT) { sequence } }';
const UPBIT = market('UPBIT');

let server: TestServer;
beforeEach(async () => {
  server = await serve({ keepAliveMs: 20 });
  publish(server.bus, book(UPBIT, 1));
});
afterEach(() => server.api.close());

/** What a client took, and how to stop it. */
interface Taken {
  readonly got: string[];
  readonly ended: () => boolean;
  stop(): void;
}

const sequenceOf = (result: { data?: unknown }): string =>
  (result.data as { orderbook: { sequence: string } }).orderbook.sequence;

function observed(
  subscribe: (sink: {
    next: (result: { data?: unknown }) => void;
    error: (error: unknown) => void;
    complete: () => void;
  }) => () => void,
): Taken {
  const got: string[] = [];
  let ended = false;
  const stop = subscribe({
    next: (result) => got.push(sequenceOf(result)),
    error: (error) => got.push(`error ${String(error)}`),
    complete: () => (ended = true),
  });
  return { got, ended: () => ended, stop };
}

/** urql tells the end of a subscription by its last result again, with `hasNext` false. */
function ofUrql(client: Client): Taken {
  const got: string[] = [];
  let ended = false;
  const subscription = client.subscription(QUERY, {}).subscribe((result) => {
    if (!result.hasNext) ended = true;
    else got.push(result.error ? `error ${result.error.message}` : sequenceOf(result));
  });
  return { got, ended: () => ended, stop: () => subscription.unsubscribe() };
}

const clients: [string, () => Taken][] = [
  [
    "graphql-ws's client",
    () => observed((sink) => wsClient(server.url).subscribe({ query: QUERY }, sink)),
  ],
  [
    "graphql-sse's client, distinct connections",
    () => {
      const client = createSseClient({ url: `${server.url}/graphql`, retryAttempts: 0 });
      return observed((sink) => client.subscribe({ query: QUERY }, sink));
    },
  ],
  [
    'urql over fetch',
    () => {
      const client = new Client({
        url: `${server.url}/graphql`,
        preferGetMethod: false,
        fetchSubscriptions: true,
        exchanges: [fetchExchange],
      });
      return ofUrql(client);
    },
  ],
  [
    'urql over graphql-ws',
    () => {
      const ws = wsClient(server.url);
      const client = new Client({
        url: `${server.url}/graphql`,
        preferGetMethod: false,
        exchanges: [
          subscriptionExchange({
            forwardSubscription: ({ query, variables }) => ({
              subscribe: (sink) => ({
                unsubscribe: ws.subscribe({ query: query!, variables }, sink as never),
              }),
            }),
          }),
        ],
      });
      return ofUrql(client);
    },
  ],
  [
    'curl -N',
    () => {
      const curl = spawn('curl', [
        ...['-sN', `${server.url}/graphql`, '-H', 'content-type: application/json'],
        ...['-H', 'accept: text/event-stream', '-d', JSON.stringify({ query: QUERY })],
      ]);
      const got: string[] = [];
      let text = '';
      let code: number | null = null;
      curl.stdout.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        got.splice(0, got.length, ...[...text.matchAll(/"sequence":"(\d+)"/g)].map((m) => m[1]!));
      });
      curl.on('close', (status) => (code = status));
      // A stream that is not ended as HTTP wants it would give curl's exit code 18.
      return {
        got,
        ended: () => code === 0 && text.endsWith('event: complete\ndata:\n\n'),
        stop: () => curl.kill(),
      };
    },
  ],
];

describe.each(clients)('%s', (_name, start) => {
  it('follows a subscription through silence, and leaves', async () => {
    const taken = start();
    await until('the current book has come', () => taken.got.length === 1);
    // Some keep-alives go by.
    await new Promise((resolve) => setTimeout(resolve, 70));
    for (const sequence of [2, 3, 4]) {
      publish(server.bus, book(UPBIT, sequence));
      await until('a change has come', () => taken.got.at(-1) === String(sequence));
    }
    expect(taken.got).toEqual(['1', '2', '3', '4']);
    taken.stop();
    await until('it has left', () => server.api.readers === 0);
  });

  it('hears when the server closes', async () => {
    const taken = start();
    await until('the current book has come', () => taken.got.length === 1);
    await server.api.close();
    await until('it has ended', taken.ended);
    expect(taken.got).toEqual(['1']);
    taken.stop();
  });
});

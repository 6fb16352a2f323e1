import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { bigBook, market, publish } from './helpers/books.js';
import { stalledSse } from './helpers/raw.js';
import { serve, type TestServer } from './helpers/server.js';
import { SseSubscription } from './helpers/sse.js';
import { turn, until } from './helpers/until.js';
import { answers, nextBook, rawSubscription, wsClient } from './helpers/ws.js';

/** What the stalled reader asks for: much, so that its buffers are full soon. */
const WHOLE =
  'subscription { orderbook { symbol sequence asks { price volume } bids { price volume } } }';
/** What the others ask for. */
const LIGHT = 'subscription { orderbook { symbol sequence } }';
const PUBLISHES = 10_000;

let server: TestServer;
beforeEach(async () => {
  server = await serve({ closeGraceMs: 300 });
});
afterEach(() => server.api.close());

/** Publishes books of two markets in turn, letting the loop turn as sockets would. */
async function flood(): Promise<void> {
  for (let sequence = 1; sequence <= PUBLISHES; sequence++) {
    publish(server.bus, bigBook(market('UPBIT', sequence % 2 ? 'BTC' : 'ETH'), sequence));
    if (sequence % 20 === 0) await turn();
  }
}

/** Reads books until the newest of both markets have come; says how many it got. */
async function readToEnd(next: () => Promise<Record<string, unknown>>): Promise<number> {
  const missing = new Set([String(PUBLISHES - 1), String(PUBLISHES)]);
  let got = 0;
  while (missing.size > 0) {
    missing.delete(String((await next())['sequence']));
    got++;
  }
  return got;
}

describe('a reader that stops reading', () => {
  const stalled: [string, () => Promise<() => void>][] = [
    [
      'over SSE',
      async () => {
        const socket: Socket = await stalledSse(server.url, WHOLE);
        return () => socket.destroy();
      },
    ],
    [
      'over WebSocket',
      async () => {
        const socket: WebSocket = await rawSubscription(server.url, WHOLE);
        await until('it has begun', () => server.api.readers === 1);
        socket.pause();
        return () => socket.terminate();
      },
    ],
  ];

  it.each(stalled)('%s harms neither the process nor others', async (_name, stall) => {
    const leave = await stall();
    const sse = await SseSubscription.open(server.url, LIGHT);
    const client = wsClient(server.url);
    const iterator = answers(client, LIGHT);
    await until('all have begun', () => server.api.readers === 3);

    const readers = [readToEnd(() => sse.book()), readToEnd(() => nextBook(iterator))];
    await flood();
    const got = await Promise.all(readers);

    expect(Math.min(...got)).toBeGreaterThan(2);
    expect(server.api.readers).toBe(3);
    expect(server.errors).toEqual([]);
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    const skipped = /orderbook_api_skipped_books_total (\d+)/.exec(metrics)?.[1];
    expect(Number(skipped)).toBeGreaterThan(0);

    leave();
    sse.leave();
    await client.dispose();
    await until('all have left', () => server.api.readers === 0);
  });

  it.each(stalled)('%s does not hold up close() beyond the grace', async (_name, stall) => {
    const leave = await stall();
    await flood();
    const began = Date.now();
    await server.api.close();
    expect(Date.now() - began).toBeLessThan(3000);
    leave();
  });
});

describe('a new reader of very many markets', () => {
  it('lets the event loop turn between its books', async () => {
    for (let i = 1; i <= 2000; i++) publish(server.bus, bigBook(market('UPBIT', `C${i}`), i));
    let turns = 0;
    let counting = true;
    const count = (): void => {
      turns++;
      if (counting) setImmediate(count);
    };
    const sse = await SseSubscription.open(server.url, WHOLE);
    setImmediate(count);
    for (let i = 1; i <= 2000; i++) expect(await sse.book()).toMatchObject({ sequence: String(i) });
    counting = false;
    expect(turns).toBeGreaterThan(20);
    sse.leave();
    await until('it has left', () => server.api.readers === 0);
  });
});

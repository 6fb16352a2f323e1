import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { bigBook, book, market, publish } from './helpers/books.js';
import { stalledSse } from './helpers/raw.js';
import { serve, type TestServer } from './helpers/server.js';
import { SseSubscription } from './helpers/sse.js';
import { turn, until } from './helpers/until.js';
import { answers, rawSubscription, wsClient } from './helpers/ws.js';

const QUERY = 'subscription { orderbook(exchange: UPBIT) { sequence } }';
const WHOLE = 'subscription { orderbook { symbol asks { price volume } bids { price volume } } }';
const UPBIT = market('UPBIT');
const STALLED = 4;
const CYCLES = 60;

let server: TestServer;
const idled: string[] = [];
beforeEach(async () => {
  idled.length = 0;
});
afterEach(() => server.api.close());

describe('readers that come and vanish', () => {
  /** Five ways: aborted, closed in order, cut off, completed, gone before the first answer. */
  const ways: (() => Promise<void>)[] = [
    async () => {
      const sse = await SseSubscription.open(server.url, QUERY);
      await sse.book();
      sse.leave();
    },
    async () => {
      const socket = await rawSubscription(server.url, QUERY);
      socket.close();
      await once(socket, 'close');
    },
    async () => {
      const socket = await rawSubscription(server.url, QUERY);
      socket.terminate();
    },
    async () => {
      const client = wsClient(server.url);
      const iterator = answers(client, QUERY);
      await iterator.next();
      await iterator.return?.();
      await client.dispose();
    },
    async () => {
      const abort = new AbortController();
      const asked = fetch(`${server.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
        body: JSON.stringify({ query: QUERY }),
        signal: abort.signal,
      });
      await turn();
      abort.abort();
      await asked.catch(() => undefined);
    },
  ];

  it('leave nothing behind, while others are stalled', async () => {
    server = await serve({ closeGraceMs: 200 });
    publish(server.bus, book(UPBIT, 1));
    const stalled = [];
    for (let i = 0; i < STALLED; i++) stalled.push(await stalledSse(server.url, WHOLE));
    await until('the stalled ones are there', () => server.api.readers === STALLED);
    const listeners = (): number =>
      server.bus.books.size + server.bus.status.size + server.bus.gaps.size;
    const before = listeners();
    for (let i = 0; i < CYCLES; i++) {
      await ways[i % ways.length]!();
      publish(server.bus, bigBook(UPBIT, 2 + i));
    }
    await until('all that came have left', () => server.api.readers === STALLED);
    expect(listeners()).toBe(before);
    expect(server.errors).toEqual([]);
    for (const socket of stalled) socket.destroy();
    await until('the stalled ones have left', () => server.api.readers === 0);
    // What the readers shared: one listener for all books.
    expect(listeners()).toBe(before - 1);
  });
});

describe('a reader that takes nothing', () => {
  const serveImpatient = async (): Promise<void> => {
    server = await serve({
      readerIdleMs: 250,
      keepAliveMs: 50,
      closeGraceMs: 200,
      onReaderIdle: (reader, idleMs) => idled.push(`${reader} ${idleMs}`),
    });
  };
  /** Publishes until `condition` holds. */
  const floodUntil = async (what: string, condition: () => boolean): Promise<void> => {
    let sequence = 1;
    await until(what, async () => {
      for (let i = 0; i < 200; i++) {
        publish(server.bus, bigBook(UPBIT, sequence++));
        await turn();
      }
      return condition();
    });
  };

  it('over WebSocket is ended with a close code and a word to the log', async () => {
    await serveImpatient();
    const socket = await rawSubscription(server.url, WHOLE);
    await until('it has begun', () => server.api.readers === 1);
    socket.pause();
    await until('it is ended', () => server.api.readers === 0);
    const closed = once(socket, 'close');
    socket.resume();
    const [code, reason] = (await closed) as [number, Buffer];
    expect(code).toBe(4410);
    expect(reason.toString()).toBe('Reader idle: read nothing for 250 ms');
    expect(idled).toEqual([expect.stringMatching(/^WebSocket 127\.0\.0\.1:\d+ 250$/)]);
  });

  it('over SSE gets READER_IDLE and is ended', async () => {
    await serveImpatient();
    const socket = await stalledSse(server.url, WHOLE);
    await floodUntil('it is ended', () => server.api.readers === 0);
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    socket.resume();
    await until('its end', () => text.includes('"code":"READER_IDLE"'));
    expect(text).toContain('event: complete');
    socket.destroy();
    expect(idled).toEqual([expect.stringMatching(/^SSE 127\.0\.0\.1:\d+ 250$/)]);
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    expect(metrics).toContain('orderbook_api_idle_readers_total 1');
  });

  it('is not one whose market is quiet', async () => {
    await serveImpatient();
    const sse = await SseSubscription.open(server.url, QUERY);
    const client = wsClient(server.url);
    const iterator = answers(client, QUERY);
    const first = iterator.next();
    await until('both are there', () => server.api.readers === 2);
    await new Promise((resolve) => setTimeout(resolve, 700));
    publish(server.bus, book(UPBIT, 1));
    expect(await sse.book()).toEqual({ sequence: '1' });
    expect((await first).value).toMatchObject({ data: { orderbook: { sequence: '1' } } });
    expect(idled).toEqual([]);
    sse.leave();
    await client.dispose();
  });
});

describe('a client that sends thousands of subscribes', () => {
  it('is refused beyond the limit, each by its id, and harms no other', async () => {
    server = await serve();
    const other = await SseSubscription.open(server.url, QUERY);
    const socket = new WebSocket(
      `${server.url.replace('http', 'ws')}/graphql`,
      'graphql-transport-ws',
    );
    await once(socket, 'open');
    const refused = new Set<string>();
    let codes = new Set<unknown>();
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as {
        type: string;
        id: string;
        payload: { extensions: { code: string } }[];
      };
      if (message.type !== 'error') return;
      refused.add(message.id);
      codes = codes.add(message.payload[0]!.extensions.code);
    });
    socket.send(JSON.stringify({ type: 'connection_init' }));
    for (let i = 0; i < 3_000; i++) {
      socket.send(JSON.stringify({ id: `s${i}`, type: 'subscribe', payload: { query: QUERY } }));
    }
    publish(server.bus, book(UPBIT, 1));
    expect(await other.book()).toEqual({ sequence: '1' });
    await until('the rest are refused', () => refused.size === 2_900);
    expect([...codes]).toEqual(['TOO_MANY_SUBSCRIPTIONS']);
    expect(server.api.readers).toBe(101);
    socket.terminate();
    await until('its readers have left', () => server.api.readers === 1);
    other.leave();
  });
});

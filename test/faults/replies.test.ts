import { createServer as createHttpServer, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { feedOf, pair } from '../helpers/feed.js';
import { until } from '../helpers/wait.js';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  jest.useRealTimers();
  for (const close of closing.splice(0).reverse()) await close();
});

const BOOK =
  '[{"market":"KRW-BTC","timestamp":1790134742106,"orderbook_units":[{"ask_price":7,"bid_price":1,"ask_size":2,"bid_size":3}]}]';

/** An HTTP server that answers as it is told at the moment. */
async function httpServer(): Promise<{ url: string; answer: (response: ServerResponse) => void }> {
  const told = { url: '', answer: (response: ServerResponse) => void response.end(BOOK) };
  const server = createHttpServer((_request, response) => told.answer(response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  told.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return told;
}

describe('answers of REST that', () => {
  it.each<{
    name: string;
    answer: (response: ServerResponse) => void;
    cause: string;
    detail: RegExp;
  }>([
    {
      name: 'never begin',
      answer: () => undefined,
      cause: 'CONNECT_FAILED',
      detail: /no answer within 2 s/,
    },
    {
      name: 'never end, a byte at a time',
      answer: (response) => {
        const drip = setInterval(() => response.write(' '), 50);
        response.on('close', () => clearInterval(drip));
      },
      cause: 'CONNECT_FAILED',
      detail: /no answer within 2 s/,
    },
    {
      name: 'are endless',
      answer: (response) => {
        const more = (): void => {
          while (!response.destroyed && response.write(Buffer.alloc(1 << 20, 0x20)));
        };
        response.on('drain', more);
        more();
      },
      cause: 'CONNECT_FAILED',
      detail: /longer than 33554432 bytes|no answer within 2 s/,
    },
    {
      name: 'break off',
      answer: (response) => {
        response.writeHead(200, { 'content-length': '1000' });
        response.write(BOOK, () => response.destroy());
      },
      cause: 'CONNECT_FAILED',
      detail: /./,
    },
    {
      name: 'are a maintenance page',
      answer: (response) => response.writeHead(503).end('<html>점검 중</html>'),
      cause: 'MAINTENANCE',
      detail: /HTTP 503/,
    },
    {
      name: 'are half a book',
      answer: (response) => response.end(BOOK.slice(0, 60)),
      cause: 'PARSE_FAILED',
      detail: /not JSON/,
    },
    {
      name: 'lead elsewhere',
      answer: (response) => response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end(),
      cause: 'CONNECT_FAILED',
      detail: /./,
    },
  ])('$name are a gap, and the next good answer ends it', async (fault) => {
    const server = await httpServer();
    const { feed, host } = feedOf('BITHUMB', { restUrl: server.url }, { bithumbTransport: 'rest' });
    closing.push(() => feed.close());
    feed.add([pair('BTC-KRW')]);
    await until(() => host.books.length > 0, 'the first book');
    const good = server.answer;
    server.answer = fault.answer;
    await until(() => host.downs.length > 0, 'the gap');
    expect(host.downs[0]!.outage.cause).toBe(fault.cause);
    expect(host.downs[0]!.outage.detail).toMatch(fault.detail);
    expect(host.downs[0]!.outage.since).toBeLessThanOrEqual(Date.now());
    server.answer = good;
    const books = host.books.length;
    await until(() => host.books.length > books, 'the next book');
    expect(host.reconnects).toBeGreaterThan(0);
  });

  it.each([429, 418])('say %d make all polls pause for five seconds or more', async (status) => {
    const server = await httpServer();
    const { feed, host } = feedOf('BITHUMB', { restUrl: server.url }, { bithumbTransport: 'rest' });
    closing.push(() => feed.close());
    feed.add([pair('BTC-KRW'), pair('ETH-KRW')]);
    await until(() => host.books.length > 0, 'the first book');
    let asked = 0;
    server.answer = (response) => {
      asked++;
      response.writeHead(status).end('{}');
    };
    await until(() => host.downs.length >= 2, 'the gaps');
    const seen = asked;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(asked).toBe(seen);
    expect(host.downs.every((down) => down.outage.cause === 'RATE_LIMITED')).toBe(true);
  });
});

describe('an opening handshake', () => {
  it.each([
    { name: 'that is never answered', drip: false },
    { name: 'whose answer drips in for ever', drip: true },
  ])('$name is given up after 10 s, and tried again', async ({ drip }) => {
    const sockets: Socket[] = [];
    const every = setInterval;
    const server = createTcpServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined);
      if (!drip) return;
      socket.write('HTTP/1.1 101 Switching Protocols\r\nX-Slow: ');
      const timer = every(() => socket.write('x'), 20);
      socket.on('close', () => clearInterval(timer));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    const wsUrl = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const { feed, host } = feedOf('UPBIT', { wsUrl });
    closing.push(() => feed.close());
    const settle = async (done: () => boolean): Promise<void> => {
      while (!done()) await new Promise((resolve) => setImmediate(resolve));
    };
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'setInterval', 'Date'] });
    feed.add([pair('BTC-KRW')]);
    jest.advanceTimersByTime(1);
    await settle(() => sockets.length === 1 && (!drip || sockets[0]!.bytesWritten > 60));
    jest.advanceTimersByTime(9_900);
    expect(host.downs).toEqual([]);
    jest.advanceTimersByTime(200);
    await settle(() => host.downs.length === 1);
    expect(host.downs[0]!.outage).toMatchObject({
      cause: 'CONNECT_FAILED',
      detail: 'the opening handshake was not over within 10 s',
      since: null,
    });
    jest.advanceTimersByTime(1_000);
    await settle(() => sockets.length === 2);
  });
});

import { afterEach, describe, expect, it } from '@jest/globals';
import { bigBook, market, publish } from '../helpers/books.js';
import { rawRequest, UPGRADE_HEADERS } from '../helpers/raw.js';
import { serve, type TestServer } from '../helpers/server.js';
import { until } from '../helpers/until.js';
import { answers, nextBook, wsClient } from '../helpers/ws.js';
import { answerTo, graphqlPost, RawSocket } from './raw-socket.js';

let server: TestServer;
afterEach(() => server.api.close());

/** The server still serves others. */
async function unharmed(): Promise<void> {
  expect((await fetch(`${server.url}/health`)).status).toBe(200);
  expect(server.errors).toEqual([]);
}

describe('a client that sends slowly', () => {
  it.each([
    ['nothing at all', ''],
    ['its headers', 'GET /health HTTP/1.1\r\nHost: localhost\r\nX-A: '],
    [
      'its body',
      'POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"qu',
    ],
  ])('is cut off: %s', async (_what, begin) => {
    server = await serve({ limits: { requestMs: 200 } });
    const raw = await RawSocket.open(server.url);
    raw.write(begin);
    // A byte now and then does not keep it alive.
    const drip = setInterval(() => begin !== '' && raw.socket.writable && raw.write('a'), 20);
    const answer = await raw.untilClosed();
    clearInterval(drip);
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toContain('"code":"REQUEST_TIMEOUT"');
    await unharmed();
  });

  it('is cut off when it opens a WebSocket and never begins the protocol', async () => {
    server = await serve({ limits: { requestMs: 200 } });
    const raw = await RawSocket.open(server.url);
    const headers = Object.entries(UPGRADE_HEADERS).map(([name, value]) => `${name}: ${value}\r\n`);
    raw.write(`GET /graphql HTTP/1.1\r\nHost: localhost\r\n${headers.join('')}\r\n`);
    await until('the upgrade', () => raw.text.includes('101 Switching'));
    // 4408: Connection initialisation timeout
    await until('the close frame', () => raw.text.includes('\x11\x38'));
    raw.leave();
    await unharmed();
  });
});

describe('a client that takes nothing', () => {
  it('of an export loses its connection, and the export its place', async () => {
    const idle: string[] = [];
    server = await serve({
      readerIdleMs: 300,
      limits: { exports: 1 },
      onReaderIdle: (client) => idle.push(client),
    });
    let ended = false;
    server.reader.exportChunks = async function* () {
      try {
        for (;;) yield 'x'.repeat(1024 * 1024);
      } finally {
        ended = true;
      }
    };
    const raw = await RawSocket.open(server.url);
    raw.socket.pause();
    raw.write('GET /export/UPBIT.json HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await until('the export ended', () => ended);
    expect(idle).toEqual([expect.stringMatching(/^HTTP 127\.0\.0\.1:\d+$/)]);
    raw.leave();
    server.reader.exportChunks = async function* () {
      yield '[]\n';
    };
    const next = () => fetch(`${server.url}/export/UPBIT.json`);
    await until('there is room', async () => (await next()).status === 200);
    await unharmed();
  });

  it('has its request answered in the end when it is the server that is slow', async () => {
    server = await serve({ readerIdleMs: 50 });
    const { reader } = server;
    let finish: () => void = () => undefined;
    const found = new Promise<void>((resolve) => (finish = resolve));
    let began = 0;
    reader.exportChunks = async function* () {
      began = performance.now();
      await found;
      yield '[]\n';
    };
    const answer = fetch(`${server.url}/export/UPBIT.json`);
    await until('it is silent for long', () => began > 0 && performance.now() - began > 300);
    finish();
    expect(await (await answer).text()).toBe('[]\n');
  });

  it('cannot have answers made that it leaves lying', async () => {
    server = await serve({ limits: { unsentBytes: 1_000_000 } });
    server.reader.exportChunks = async function* () {
      yield 'x'.repeat(20 * 1024 * 1024);
    };
    const raw = await RawSocket.open(server.url);
    raw.socket.pause();
    raw.write('GET /export/UPBIT.json HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const code = async () =>
      (await server.post('{ collectors { state } }')).errors?.[0]?.extensions?.['code'];
    await until('queries are refused', async () => (await code()) === 'TOO_MANY_QUERIES');
    raw.leave();
    await until('queries are answered', async () => (await code()) === undefined);
  });
});

describe('clients that fetch GraphiQL and take nothing', () => {
  it('do not keep others from having their queries answered', async () => {
    server = await serve({ limits: { unsentBytes: 1_000_000 } });
    const page = 'GET /graphql HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\n\r\n';
    const raws = await Promise.all([1, 2, 3].map(() => RawSocket.open(server.url)));
    for (const raw of raws) {
      raw.write(page);
      await until('the page begins', () => raw.text.length > 1000);
      raw.socket.pause();
    }
    expect((await server.post('{ __typename }')).errors).toBeUndefined();
    for (const raw of raws) raw.leave();
    await unharmed();
  });
});

describe('a client that asks too much of its connection', () => {
  it('is refused a request that it sends ahead, after the whole answer to the one before', async () => {
    server = await serve();
    let running = 0;
    let most = 0;
    server.reader.exchanges = async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      return [];
    };
    const raw = await RawSocket.open(server.url);
    raw.write(graphqlPost('{ exchanges { exchange } }', '').repeat(50));
    const text = await raw.untilClosed();
    expect(most).toBe(1);
    expect(text).toMatch(/^HTTP\/1\.1 200 [^]*\{"data":\{"exchanges":\[\]\}\}HTTP\/1\.1 429 /);
    expect(text).toContain('"code":"TOO_MANY_OPERATIONS"');
    expect(text.match(/HTTP\/1\.1 200 /g)).toHaveLength(1);
    await unharmed();
  });

  it('may ask again while the end of an answer that it has is under way, once', async () => {
    server = await serve();
    let finish: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (finish = resolve));
    server.reader.exportChunks = async function* () {
      yield '[';
      await held;
      yield ']\n';
    };
    const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
    const raw = await RawSocket.open(server.url);
    raw.write(get('/export/UPBIT.json'));
    await until('the answer has begun', () => raw.text.includes('['));
    raw.write(get('/health'));
    await fetch(`${server.url}/health`);
    finish();
    await until('both are answered', () => raw.text.includes('"version"'));
    raw.leave();
    const flood = await RawSocket.open(server.url);
    flood.write(get('/export/UPBIT.json'));
    await until('the answer has begun', () => flood.text.includes('['));
    flood.write(get('/export/UPBIT.json').repeat(1000));
    const text = await flood.untilClosed();
    expect(text.match(/HTTP\/1\.1 200 /g)!.length).toBeLessThanOrEqual(2);
    await unharmed();
  });

  it('hears that there are too many connections, and is let in when one has gone', async () => {
    server = await serve({ limits: { connections: 3 } });
    const held = await Promise.all([1, 2, 3].map(() => RawSocket.open(server.url)));
    const get = 'GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
    const refused = await answerTo(server.url, get);
    expect(refused).toMatch(/^HTTP\/1\.1 503 /);
    expect(refused).toContain('"code":"TOO_MANY_CONNECTIONS"');
    held[0]!.leave();
    await until('there is room', async () => (await answerTo(server.url, get)).includes('200 OK'));
    for (const raw of held) raw.leave();
    await until('all have gone', async () => (await fetch(`${server.url}/health`)).status === 200);
    await unharmed();
  });
});

describe('a client that breaks off or breaks the rules', () => {
  const head = 'Host: localhost\r\nConnection: close\r\n';
  it.each([
    [
      'both length headers',
      `POST /graphql HTTP/1.1\r\n${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      '400 ',
    ],
    [
      'two different lengths',
      `POST /graphql HTTP/1.1\r\n${head}Content-Length: 5\r\nContent-Length: 6\r\n\r\n{}`,
      '400 ',
    ],
    [
      'a length that is none',
      `POST /graphql HTTP/1.1\r\n${head}Content-Length: 5x\r\n\r\n{}`,
      '400 ',
    ],
    [
      'a chunk size that is none',
      `POST /graphql HTTP/1.1\r\n${head}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`,
      '400 ',
    ],
    [
      'transfer coding hidden behind another',
      `POST /graphql HTTP/1.1\r\n${head}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`,
      '400 ',
    ],
    ['a folded header', `GET /health HTTP/1.1\r\n${head}X-A: 1\r\n 2\r\n\r\n`, '400 '],
    ['a blank before the colon', `GET /health HTTP/1.1\r\nHost : localhost\r\n${head}\r\n`, '400 '],
    ['no Host', 'GET /health HTTP/1.1\r\nConnection: close\r\n\r\n', '400 '],
    ['two Hosts', `GET /health HTTP/1.1\r\nHost: evil.example\r\n${head}\r\n`, '400 '],
    ['the whole address', `GET http://evil.example/health HTTP/1.1\r\n${head}\r\n`, '404 '],
    ['CONNECT', `CONNECT evil.example:443 HTTP/1.1\r\n${head}\r\n`, ''],
    ['TRACE', `TRACE /health HTTP/1.1\r\n${head}X-Secret: 1\r\n\r\n`, '405 '],
    ['no HTTP', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n', '400 '],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', '400 '],
    ['HTTP/1.0', 'GET /health HTTP/1.0\r\n\r\n', '200 '],
    [
      'headers that are too long',
      `GET /health HTTP/1.1\r\n${head}X-A: ${'a'.repeat(20_000)}\r\n\r\n`,
      '431 ',
    ],
    ['an address that is too long', `GET /${'a'.repeat(20_000)} HTTP/1.1\r\n${head}\r\n`, '431 '],
  ])('is answered in order: %s', async (_what, request, status) => {
    server = await serve();
    const answer = await answerTo(server.url, request);
    expect(answer).toMatch(status === '' ? /^$/ : new RegExp(`^HTTP/1\\.[01] ${status}`));
    // One answer only: nothing of a body was taken for a second request.
    expect(answer.match(/HTTP\/1\.[01] \d/g)?.length ?? 0).toBe(status === '' ? 0 : 1);
    if (status.startsWith('4')) expect(answer).toMatch(/"code":"[A-Z_]+"/);
    expect(answer).not.toContain('X-Secret');
    await unharmed();
  });

  it('does not have a smuggled second request answered', async () => {
    server = await serve();
    const hidden = 'GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n';
    const answer = await answerTo(
      server.url,
      `POST /graphql HTTP/1.1\r\n${head}Content-Length: ${hidden.length + 5}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`,
    );
    expect(answer).not.toContain('orderbook_info');
  });

  it.each([
    ['on another path', '/other', {}, 404, 'NOT_FOUND'],
    ['by another name', '/graphql', { Host: 'evil.example' }, 421, 'HOST_REFUSED'],
    ['by another page', '/graphql', { Origin: 'http://evil.example' }, 403, 'ORIGIN_REFUSED'],
  ])(
    'does not keep a socket that was refused: a WebSocket %s',
    async (_what, path, more, status, code) => {
      server = await serve();
      const headers = { Host: 'localhost', ...UPGRADE_HEADERS, ...more };
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      const raw = await RawSocket.open(server.url);
      // It does not close its side, and goes on sending.
      raw.write(`GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
      await new Promise((resolve) => raw.socket.once('end', resolve));
      expect(raw.text).toContain(`HTTP/1.1 ${status} `);
      expect(raw.text).toContain(`"code":"${code}"`);
      const closed = new Promise((resolve) => raw.socket.once('close', resolve));
      const drip = setInterval(() => raw.write('x'), 5);
      await closed;
      clearInterval(drip);
      await unharmed();
    },
  );

  it('an upgrade to something else is answered as the plain request that it is', async () => {
    server = await serve();
    const answer = await rawRequest(server.url, '/graphql', {
      ...UPGRADE_HEADERS,
      upgrade: 'h2c',
    });
    // A GET without a query and without the token of the test: no WebSocket in any case.
    expect(answer.status).toBe(403);
    await unharmed();
  });
});

describe('a WebSocket client that floods', () => {
  /** A masked frame as a client sends it; the mask is zero. */
  const frame = (opcode: number, payload: Buffer, length = payload.length): Buffer => {
    const head = Buffer.alloc(14);
    head[0] = 0x80 | opcode;
    head[1] = 0x80 | 127;
    head.writeBigUInt64BE(BigInt(length), 2);
    return Buffer.concat([head, payload]);
  };
  const open = async (): Promise<RawSocket> => {
    const raw = await RawSocket.open(server.url);
    const lines = Object.entries(UPGRADE_HEADERS).map(([name, value]) => `${name}: ${value}\r\n`);
    raw.write(`GET /graphql HTTP/1.1\r\nHost: localhost\r\n${lines.join('')}\r\n`);
    await until('the upgrade', () => raw.text.includes('101 Switching'));
    return raw;
  };

  it('with a frame of 100 MB is cut off when it announces it', async () => {
    server = await serve();
    const raw = await open();
    raw.write(frame(1, Buffer.alloc(0), 100 * 1024 * 1024));
    // 1009: message too big
    await until('the close frame', () => raw.text.includes('\x03\xf1'));
    raw.leave();
    await unharmed();
  });

  it('with pings that it does not read the answers of leaves others alone', async () => {
    server = await serve({ readerIdleMs: 400 });
    const other = wsClient(server.url);
    const iterator = answers(other, 'subscription { orderbook { sequence } }');
    const raw = await open();
    raw.socket.pause();
    const ping = frame(9, Buffer.alloc(100));
    let gone = false;
    raw.socket.once('close', () => (gone = true));
    for (let i = 0; i < 200 && !gone; i++) {
      raw.write(Buffer.concat(Array.from({ length: 500 }, () => ping)));
      await new Promise((resolve) => setImmediate(resolve));
    }
    publish(server.bus, bigBook(market('UPBIT'), 7));
    const seven = (async () => {
      for (;;) if ((await nextBook(iterator))['sequence'] === '7') return;
    })();
    await seven;
    raw.leave();
    await other.dispose();
    await unharmed();
  });

  it('with operations has only so many of them run', async () => {
    server = await serve({ limits: { operationsPerConnection: 3 } });
    const client = wsClient(server.url);
    const live = (i: number) =>
      answers(client, `subscription { orderbook { sequence x${i}: symbol } }`);
    for (let i = 0; i < 3; i++) void live(i).next();
    await until('three readers', () => server.api.readers === 3);
    const fourth = live(4).next();
    await expect(fourth).rejects.toMatchObject([
      { extensions: { code: 'TOO_MANY_SUBSCRIPTIONS' } },
    ]);
    expect(server.api.readers).toBe(3);
    await client.dispose();
    await until('they have gone', () => server.api.readers === 0);
    await unharmed();
  });
});

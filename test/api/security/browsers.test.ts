import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rawRequest, UPGRADE_HEADERS } from '../helpers/raw.js';
import { serve, type TestServer } from '../helpers/server.js';

const FRIEND = 'https://books.example.com';
const EVIL = 'https://evil.example';
const MUTATION = 'mutation { startCollector(exchange: UPBIT) { state } }';

let server: TestServer;
let guarded: TestServer;
beforeAll(async () => {
  server = await serve();
  guarded = await serve({ apiToken: 'right', corsOrigins: [FRIEND] });
});
afterAll(() => Promise.all([server.api.close(), guarded.api.close()]));

function post(
  to: TestServer,
  headers: Record<string, string>,
  query = MUTATION,
): Promise<Response> {
  return fetch(`${to.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query }),
  });
}

describe('a page of another site', () => {
  it.each([
    EVIL,
    'null',
    'http://localhost:1',
    'http://127.0.0.1',
    'https://books.example.com.evil.example',
    '',
  ])('of origin %j has nothing done and reads nothing', async (origin) => {
    for (const accept of ['application/json', 'text/event-stream']) {
      const response = await post(server, { origin, accept });
      expect(response.status).toBe(403);
      expect(await response.json()).toMatchObject({ error: { code: 'ORIGIN_REFUSED' } });
      expect(response.headers.get('access-control-allow-origin')).toBeNull();
    }
    expect(server.control.collectors()).toEqual([]);
    for (const path of ['/health', '/metrics', '/export/UPBIT.json', '/', '/graphql']) {
      expect((await rawRequest(server.url, path, { origin })).status).toBe(403);
    }
  });

  it('has no form post taken, whatever it says of itself', async () => {
    const types = [
      'text/plain',
      'multipart/form-data; boundary=x',
      'application/x-www-form-urlencoded',
    ];
    for (const type of [...types, 'text/plain; application/json', 'application/jsonp', '']) {
      const response = await post(server, { 'content-type': type });
      expect([type, response.status]).toEqual([type, 403]);
    }
    expect(server.control.collectors()).toEqual([]);
  });

  it('cannot mutate by GET, with or without the header', async () => {
    const path = `/graphql?query=${encodeURIComponent(MUTATION)}`;
    for (const headers of [
      {},
      { 'x-graphql-yoga-csrf': '1' },
      { 'sec-fetch-site': 'same-origin' },
    ]) {
      expect((await rawRequest(server.url, path, headers)).status).toBeGreaterThanOrEqual(400);
    }
    expect(server.control.collectors()).toEqual([]);
  });

  it.each([
    ['cross-site', 'no-cors', 'image', 403],
    ['same-site', 'no-cors', 'script', 403],
    ['cross-site', 'navigate', 'iframe', 403],
    ['cross-site', 'navigate', 'document', 200],
    ['same-origin', 'cors', 'empty', 200],
    ['none', 'navigate', 'document', 200],
  ])(
    'may link here but not load from here: %s, %s, %s is answered %d',
    async (site, mode, dest, status) => {
      const headers = { 'sec-fetch-site': site, 'sec-fetch-mode': mode, 'sec-fetch-dest': dest };
      for (const path of ['/health', '/export/UPBIT.json']) {
        expect((await rawRequest(server.url, path, headers)).status).toBe(status);
      }
    },
  );
});

describe('names', () => {
  it.each([
    ['localhost.', 200],
    ['localhost:1', 200],
    ['[::1]:4000', 200],
    ['[::1%25eth0]', 421],
    ['127.0.0.1.', 200],
    ['127.0.0.1.evil.example', 421],
    ['evil.example:80@localhost', 421],
    ['localhost@evil.example', 421],
    ['localhost:4000:evil.example', 421],
    ['localhost,evil.example', 421],
    ['0.0.0.0:4000', 421],
    ['2130706433', 421],
    ['0x7f.1', 421],
    ['[::ffff:127.0.0.1]', 421],
  ])('a request to %j is answered %d', async (host, status) => {
    expect((await rawRequest(server.url, '/health', { host })).status).toBe(status);
  });

  it('listening on ::1 does not make any address its own', async () => {
    const six = await serve({ host: '::1' });
    const status = async (host: string) => (await rawRequest(six.url, '/health', { host })).status;
    expect(await status('[::1]:4000')).toBe(200);
    expect(await status('192.168.0.5')).toBe(421);
    await six.api.close();
  });

  it.each([
    '/GRAPHQL',
    '/graphql/',
    '/%67raphql',
    '/graphql;x',
    '/export/../metrics%00',
    '/export/%2e%2e/UPBIT.json',
    '/export/..%2fUPBIT.json',
    '/EXPORT/UPBIT.json',
    '/export/UPBIT.json/..%00',
  ])('there is nothing at %s', async (path) => {
    expect((await rawRequest(server.url, path)).status).toBe(404);
  });

  it('an export has no header of the client’s making', async () => {
    const path = `/export/UPBIT.json?symbol=${encodeURIComponent('A\r\nX-Evil: 1"')}`;
    const { headers } = await rawRequest(server.url, path);
    expect(headers['x-evil']).toBeUndefined();
    expect(headers['content-disposition'] ?? '').not.toMatch(/[\r\n]|"[^"]*"[^"]*"/);
  });
});

describe('CORS_ORIGINS', () => {
  const ask = (origin: string): Promise<Response> =>
    fetch(`${guarded.url}/graphql`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type, authorization',
      },
    });

  it('says to an admitted origin what it may send, never with credentials', async () => {
    const response = await ask(FRIEND);
    expect(response.status).toBe(204);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'access-control-allow-origin': FRIEND,
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': 'authorization, content-type, x-graphql-yoga-csrf',
      vary: 'origin',
    });
    expect(response.headers.get('access-control-allow-credentials')).toBeNull();
  });

  it.each([EVIL, 'http://books.example.com', `${FRIEND}:8443`, 'null', `${FRIEND}/`])(
    'says nothing to %j',
    async (origin) => {
      const response = await ask(origin);
      expect(response.status).toBe(403);
      expect(response.headers.get('access-control-allow-origin')).toBeNull();
    },
  );

  it('lets its pages read by every path, and mutate with the token only', async () => {
    const read = await post(guarded, { origin: FRIEND }, '{ collectors { state } }');
    expect([read.status, read.headers.get('access-control-allow-origin')]).toEqual([200, FRIEND]);
    const health = await fetch(`${guarded.url}/health`, { headers: { origin: FRIEND } });
    expect(health.headers.get('access-control-allow-origin')).toBe(FRIEND);
    const without: unknown = await (await post(guarded, { origin: FRIEND })).json();
    expect(without).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
    const form = await post(guarded, { origin: FRIEND, 'content-type': 'text/plain' });
    expect(form.status).toBe(403);
    const right = await post(guarded, { origin: FRIEND, authorization: 'Bearer right' });
    expect(await right.json()).toMatchObject({ data: { startCollector: { state: 'STARTING' } } });
  });

  it('lets its pages subscribe over SSE and WebSocket, and no others', async () => {
    const abort = new AbortController();
    const sse = await fetch(`${guarded.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', origin: FRIEND },
      body: JSON.stringify({ query: 'subscription { orderbook { sequence } }' }),
      signal: abort.signal,
    });
    expect(sse.headers.get('access-control-allow-origin')).toBe(FRIEND);
    abort.abort();
    const upgrade = (origin: string) =>
      rawRequest(guarded.url, '/graphql', { ...UPGRADE_HEADERS, origin });
    expect((await upgrade(FRIEND)).status).toBe(101);
    const refused = await upgrade(EVIL);
    expect(refused.status).toBe(403);
    expect(refused.body).toContain('"code":"ORIGIN_REFUSED"');
  });

  it('has caches keep answers to different origins apart, and is off by default', async () => {
    expect((await fetch(`${guarded.url}/health`)).headers.get('vary')).toBe('origin');
    expect((await fetch(`${server.url}/health`)).headers.get('vary')).toBeNull();
  });
});

describe('headers', () => {
  it('keep every answer from being run, framed, embedded or kept', async () => {
    for (const path of [
      '/health',
      '/metrics',
      '/nothing',
      '/export/UPBIT.json',
      '/graphql?query={x}',
    ]) {
      const { headers } = await rawRequest(server.url, path);
      expect(headers).toMatchObject({
        'content-security-policy': "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
        'cross-origin-resource-policy': 'same-origin',
        'cross-origin-opener-policy': 'same-origin',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-store',
      });
      expect(headers['server']).toBeUndefined();
      expect(headers['x-powered-by']).toBeUndefined();
    }
  });

  it('name the scripts that GraphiQL may run, each by its hash', async () => {
    const page = await fetch(`${server.url}/graphql`, { headers: { accept: 'text/html' } });
    const policy = page.headers.get('content-security-policy')!;
    const scripts = /script-src ([^;]+)/.exec(policy)![1]!.split(' ');
    const html = await page.text();
    const opened = html.match(/<script/g)!.length;
    const found = [...html.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(([, code]) => {
      return `'sha256-${createHash('sha256').update(code!).digest('base64')}'`;
    });
    expect(found.length).toBeGreaterThan(0);
    expect(scripts).toEqual(found);
    expect(opened).toBeGreaterThanOrEqual(found.length);
    expect(policy).not.toMatch(/script-src[^;]*(unsafe|blob|\*)/);
    expect(policy).toContain("connect-src 'self'");
  });
});

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { temporaryFolder } from '../helpers/wait.js';
import { rawRequest } from './helpers/raw.js';
import { serve, type TestServer } from './helpers/server.js';

const HTML = '<!doctype html><title>the dashboard</title>';
const SCRIPT = `console.log(${JSON.stringify('x'.repeat(2000))});`;

let server: TestServer;
let folder: ReturnType<typeof temporaryFolder>;

beforeEach(async () => {
  folder = temporaryFolder();
  mkdirSync(join(folder.path, 'assets'));
  writeFileSync(join(folder.path, 'index.html'), HTML);
  writeFileSync(join(folder.path, 'assets', 'index-abc.js'), SCRIPT);
  server = await serve({ dashboardPath: folder.path });
});
afterEach(async () => {
  await server.api.close();
  folder.remove();
});

describe('dashboard', () => {
  it('answers all of its paths with the page, always to be asked for again', async () => {
    for (const path of ['/', '/market/BTC-KRW', '/history/UPBIT/BTC-KRW?at=1', '/events']) {
      const { status, headers, body } = await rawRequest(server.url, path);
      expect([status, body]).toEqual([200, HTML]);
      expect(headers['content-type']).toBe('text/html; charset=utf-8');
      expect(headers['cache-control']).toBe('no-cache');
    }
  });

  it('says to a browser on the page, and to others in JSON, that a path leads nowhere', async () => {
    const html = { accept: 'text/html,*/*;q=0.8' };
    for (const path of ['/nonsense', '/market-s', '/graphqll', '//', '/health/x']) {
      const page = await rawRequest(server.url, path, html);
      expect([path, page.status, page.body]).toEqual([path, 404, HTML]);
      expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
      expect(page.headers['vary']).toContain('accept,');
      const etag = String(page.headers['etag']);
      const again = await rawRequest(server.url, path, { ...html, 'if-none-match': etag });
      expect(again.status).toBe(404);
      const json = await rawRequest(server.url, path, { accept: 'application/json' });
      expect(json.status).toBe(404);
      expect(JSON.parse(json.body)).toMatchObject({ error: { code: 'NOT_FOUND' } });
    }
    const asset = await rawRequest(server.url, '/assets/gone.js', { accept: '*/*' });
    expect(asset.headers['content-type']).toContain('application/json');
  });

  it('lets the page talk to this server only, and nothing be inlined', async () => {
    const { headers } = await rawRequest(server.url, '/');
    const { host } = new URL(server.url);
    expect(headers['content-security-policy']).toBe(
      `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self' ws://${host} wss://${host}; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    );
  });

  it('says 304 to whoever has the page, by a tag for each encoding', async () => {
    const first = await rawRequest(server.url, '/');
    const etag = String(first.headers['etag']);
    expect(etag).toMatch(/^"[\w-]+"$/);
    const again = await rawRequest(server.url, '/', { 'if-none-match': `"other", ${etag}` });
    expect([again.status, again.body]).toEqual([304, '']);
    const zipped = await fetch(server.url, { headers: { 'accept-encoding': 'gzip' } });
    expect(zipped.headers.get('etag')).not.toBe(etag);
    expect(await zipped.text()).toBe(HTML);
  });

  it('sends what has a hash in its name once for ever, compressed', async () => {
    const answer = await fetch(`${server.url}/assets/index-abc.js`, {
      headers: { 'accept-encoding': 'gzip' },
    });
    expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(answer.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(answer.headers.get('content-encoding')).toBe('gzip');
    expect(Number(answer.headers.get('content-length'))).toBeLessThan(200);
    expect(await answer.text()).toBe(SCRIPT);
  });

  it('has nothing else: no folder above it, no file that is not its own', async () => {
    for (const path of ['/assets/none.js', '/assets/../index.html%00', '/assets/..%2findex.html']) {
      expect((await rawRequest(server.url, path)).status).toBe(404);
    }
  });

  it('says how to build it when it is not there, and serves it once it is', async () => {
    const other = temporaryFolder();
    const bare = await serve({ dashboardPath: other.path });
    const missing = await rawRequest(bare.url, '/');
    expect(missing.status).toBe(503);
    expect(missing.body).toMatch(/not built.*npm start/);
    writeFileSync(join(other.path, 'index.html'), HTML);
    expect((await rawRequest(bare.url, '/')).body).toBe(HTML);
    await bare.api.close();
    other.remove();
  });
});

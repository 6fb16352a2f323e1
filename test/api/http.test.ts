import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { book, market, publish } from './helpers/books.js';
import { statusOf } from './helpers/memory-control.js';
import { rawRequest, UPGRADE_HEADERS } from './helpers/raw.js';
import { serve, type TestServer } from './helpers/server.js';
import { until } from './helpers/until.js';
import { answers, wsClient } from './helpers/ws.js';

let server: TestServer;
beforeEach(async () => {
  server = await serve();
});
afterEach(() => server.api.close());

describe('listen', () => {
  it('says in one line that the port is taken, and close() afterwards is harmless', async () => {
    const port = Number(new URL(server.url).port);
    const second = serve({ port });
    await expect(second).rejects.toThrow(
      `cannot listen on 127.0.0.1:${port}: the port is in use by another program; stop it or set PORT to a free one`,
    );
  });

  it('says so when the host is no address of this machine', async () => {
    await expect(serve({ host: '192.0.2.1' })).rejects.toThrow(
      'HOST is not an address of this machine',
    );
  });

  it('gives an address to open', async () => {
    const everywhere = await serve({ host: '0.0.0.0', apiToken: 'x' });
    expect(everywhere.url).toMatch(/^http:\/\/localhost:\d+$/);
    await everywhere.api.close();
  });
});

describe('close', () => {
  it('is not held up by a connection that has not asked for anything', async () => {
    const { hostname, port } = new URL(server.url);
    const silent = connect(Number(port), hostname);
    await once(silent, 'connect');
    await fetch(`${server.url}/health`);
    const began = Date.now();
    await server.api.close();
    expect(Date.now() - began).toBeLessThan(2000);
    silent.destroy();
  });

  it('lets a request in progress end', async () => {
    let finish: () => void = () => undefined;
    const chunk = new Promise<void>((resolve) => (finish = resolve));
    server.reader.exportChunks = async function* () {
      yield '[\n';
      await chunk;
      yield ']\n';
    };
    const response = await fetch(`${server.url}/export/UPBIT.json`);
    const closed = server.api.close();
    finish();
    expect(await response.text()).toBe('[\n]\n');
    await closed;
  });
});

describe('paths', () => {
  it('answers any other path with the paths there are', async () => {
    for (const path of ['/nothing', '/graphql/x', '/export/UPBIT.xlsx', '//evil', '/%']) {
      const { status, body } = await rawRequest(server.url, path);
      expect(status).toBe(404);
      const { error } = JSON.parse(body) as { error: { code: string; message: string } };
      expect(error.code).toBe('NOT_FOUND');
      expect(error.message).toContain('/graphql, /health, /metrics');
    }
  });

  it('takes no other method', async () => {
    for (const path of ['/health', '/metrics', '/export/UPBIT.json', '/']) {
      expect((await rawRequest(server.url, path, {}, 'POST')).status).toBe(405);
    }
    expect((await rawRequest(server.url, '/graphql', {}, 'DELETE')).status).toBe(405);
    expect((await rawRequest(server.url, '/health', {}, 'HEAD')).body).toBe('');
  });
});

describe('/health', () => {
  it('is 200 with states, queue and readers', async () => {
    server.control.put(statusOf(market('UPBIT')));
    server.control.put(statusOf(market('UPBIT', 'ETH'), { state: 'STALE' }));
    server.stats.queuedBooks = 3;
    const client = wsClient(server.url);
    void answers(client, 'subscription { orderbook { symbol } }').next();
    await until('a reader', () => server.api.readers === 1);
    const response = await fetch(`${server.url}/health`);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      status: 'ok',
      reasons: [],
      version: '1.2.3',
      readers: 1,
      store: { queuedBooks: 3 },
      exchanges: { UPBIT: { LIVE: 1, STALE: 1 }, GOPAX: {} },
      state: 'ATTENTION',
      warnings: ['Upbit: 1 market needs attention (ETH-KRW)'],
      disk: { databaseBytes: 4096, daysUntilFull: null },
    });
    await client.dispose();
  });

  it('warns of a disk that fills, and stays ok', async () => {
    server.control.put(statusOf(market('UPBIT')));
    server.stats.disk = { ...server.stats.disk, daysUntilFull: 2.5, warning: 'full in 2.5 days' };
    const response = await fetch(`${server.url}/health`);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      status: 'ok',
      reasons: [],
      warnings: [expect.stringContaining('full in 2.5 days')],
      disk: { daysUntilFull: 2.5, warning: 'full in 2.5 days' },
    });
  });

  it('is 503 with the reason when the database cannot be written', async () => {
    server.stats.failure = 'the disk is full';
    const response = await fetch(`${server.url}/health`);
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({
      status: 'unavailable',
      reasons: ['the database cannot be written: the disk is full'],
    });
  });

  it('is 503 when the database cannot be read', async () => {
    server.reader.failure = new Error('no such table');
    const response = await fetch(`${server.url}/health`);
    expect(response.status).toBe(503);
    expect(JSON.stringify(await response.json())).toContain('cannot be read: no such table');
  });
});

describe('/metrics', () => {
  it('gives the numbers of each exchange, the store and the readers', async () => {
    server.control.put(statusOf(market('UPBIT'), { lastBookAt: Date.now() - 5_000 }));
    server.control.put(statusOf(market('UPBIT', 'ETH'), { parseFailures: 2 }));
    server.control.unreadable.UPBIT = 3;
    server.stats.droppedBooks = 7;
    publish(server.bus, book(market('UPBIT'), 1));
    server.bus.commits.publish([Date.now() - 50_000, Date.now() + 10_000]);
    const gap = { cause: 'DISCONNECTED', detail: null, attempts: 0 } as const;
    const start = Date.now() - 8_000;
    server.bus.gaps.publish({ ...gap, market: market('UPBIT'), start, end: null });
    server.bus.gaps.publish({ ...gap, market: market('UPBIT', 'ETH'), start, end: null });
    server.bus.gaps.publish({ ...gap, market: market('UPBIT', 'ETH'), start, end: start + 2_000 });
    const response = await fetch(`${server.url}/metrics`);
    const text = await response.text();
    expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4');
    const valueOf = (series: string): number =>
      Number(
        text
          .split('\n')
          .find((line) => line.startsWith(`${series} `))
          ?.split(' ')
          .at(-1),
      );
    expect(valueOf('orderbook_books_received_total{exchange="UPBIT"}')).toBe(20);
    expect(valueOf('orderbook_books_repeated_total{exchange="UPBIT"}')).toBe(8);
    expect(valueOf('orderbook_books_published_total{exchange="UPBIT"}')).toBe(1);
    expect(valueOf('orderbook_books_published_total{exchange="GOPAX"}')).toBe(0);
    expect(valueOf('orderbook_silences_total{exchange="UPBIT",result="quiet"}')).toBe(3);
    expect(valueOf('orderbook_silences_total{exchange="UPBIT",result="false_alarm"}')).toBe(0);
    expect(valueOf('orderbook_parse_failures_total{exchange="UPBIT"}')).toBe(5);
    expect(valueOf('orderbook_unreadable_messages_total{exchange="UPBIT"}')).toBe(3);
    expect(valueOf('orderbook_unreadable_messages_total{exchange="GOPAX"}')).toBe(0);
    expect(valueOf('orderbook_reconnects_total{exchange="UPBIT"}')).toBe(2);
    expect(valueOf('orderbook_collectors{exchange="UPBIT",state="LIVE"}')).toBe(2);
    const gaps = '{exchange="UPBIT",cause="DISCONNECTED"}';
    expect(valueOf(`orderbook_gaps_open${gaps}`)).toBe(1);
    expect(valueOf(`orderbook_gaps_closed_total${gaps}`)).toBe(1);
    expect(valueOf(`orderbook_gap_seconds_total${gaps}`)).toBeGreaterThanOrEqual(10);
    expect(valueOf(`orderbook_gap_seconds_total${gaps}`)).toBeLessThan(60);
    expect(valueOf('orderbook_store_dropped_books_total')).toBe(7);
    expect(valueOf('orderbook_store_commit_delay_seconds_count')).toBe(2);
    expect(valueOf('orderbook_store_commit_delay_seconds_bucket{le="0.01"}')).toBe(1);
    expect(valueOf('orderbook_store_commit_delay_seconds_bucket{le="30"}')).toBe(1);
    expect(valueOf('orderbook_store_commit_delay_seconds_bucket{le="60"}')).toBe(2);
    expect(valueOf('orderbook_api_readers')).toBe(0);
    const age = valueOf('orderbook_last_book_age_seconds{exchange="UPBIT"}');
    expect(age).toBeGreaterThanOrEqual(5);
    expect(age).toBeLessThan(60);
    expect(text).not.toContain('last_book_age_seconds{exchange="GOPAX"}');
    // Each line is a comment or a sample; each family has its help and type.
    for (const line of text.trimEnd().split('\n')) {
      if (line === '') continue;
      expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{[^}]+\})? -?[\d.e+-]+)$/);
    }
  });
});

describe('/metrics besides', () => {
  const scrape = async (at: TestServer): Promise<string> =>
    (await fetch(`${at.url}/metrics`)).text();

  it('has the archive where there is one, and why the recorder is not well', async () => {
    expect(await scrape(server)).not.toMatch(/^orderbook_archive_\w+ /m);
    server.stats.archive = {
      days: 1,
      failure: 'EACCES',
      allDays: 30,
      bytes: 12_345,
      freeBytes: null,
    };
    server.stats.failure = 'database or disk is full';
    const text = await scrape(server);
    expect(text).toMatch(/^orderbook_archive_bytes 12345$/m);
    expect(text).toMatch(/^orderbook_archive_days 30$/m);
    expect(text).toMatch(/^orderbook_archive_failing 1$/m);
    expect(text).not.toMatch(/^orderbook_archive_free_bytes /m);
    // A store that fails keeps nobody from knowing it.
    expect(text).toMatch(/^orderbook_store_failing 1$/m);
    expect(text).toMatch(/^orderbook_reasons\{severity="failing"\} [1-9]/m);
  });

  it('has numbers of each market when asked to, and none otherwise', async () => {
    server.control.put(statusOf(market('UPBIT')));
    expect(await scrape(server)).not.toContain('market=');
    const detailed = await serve({ metricsMarkets: true });
    try {
      detailed.control.put(statusOf(market('UPBIT'), { lastBookAt: Date.now() - 3_000 }));
      detailed.control.put(
        statusOf(market('GOPAX', 'A"B\\'), { state: 'STALE', lastBookAt: null }),
      );
      detailed.control.put(statusOf(market('KORBIT'), { state: 'STOPPED' }));
      const gap = { cause: 'STALE', detail: null, attempts: 0, start: 1, end: null } as const;
      detailed.bus.gaps.publish({ ...gap, market: market('GOPAX', 'A"B\\') });
      const text = await scrape(detailed);
      const of = 'exchange="UPBIT",market="BTC-KRW"';
      const odd = 'exchange="GOPAX",market="A\\"B\\\\-KRW"';
      expect(text).toContain(`\norderbook_market_live{${of}} 1\n`);
      expect(text).toContain(`\norderbook_market_books_received_total{${of}} 10\n`);
      expect(text).toMatch(
        /\norderbook_market_last_book_age_seconds\{[^}]*"BTC-KRW"\} 3(\.\d+)?\n/,
      );
      expect(text).toContain(`\norderbook_market_live{${odd}} 0\n`);
      expect(text).toContain(`\norderbook_market_gap_open{${odd}} 1\n`);
      expect(text).not.toMatch(/age_seconds\{exchange="GOPAX"/);
      expect(text).not.toContain('exchange="KORBIT",market');
    } finally {
      await detailed.api.close();
    }
  });
});

describe('/export', () => {
  it('hands the parameters over and streams what comes', async () => {
    server.reader.exportChunks = async function* () {
      yield '[{"a":1}';
      yield ']\n';
    };
    const query = 'symbol=BTC&currency=KRW&from=1700000000000&to=1700000001000&shape=books';
    const response = await fetch(`${server.url}/export/UPBIT.json?${query}`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain('application/json');
    expect(response.headers.get('content-disposition')).toBe(
      'attachment; filename="UPBIT-BTC-KRW-books-2023-11-14T221320Z_2023-11-14T221321Z.json"',
    );
    expect(await response.text()).toBe('[{"a":1}]\n');
    expect(server.reader.exports).toEqual([
      {
        exchanges: ['UPBIT'],
        symbol: 'BTC',
        currency: 'KRW',
        from: 1_700_000_000_000,
        to: 1_700_000_001_000,
        shape: 'books',
        format: 'json',
      },
    ]);
  });

  it('gives the number of gaps in the window and where they are', async () => {
    const gap = { cause: 'STALE', detail: null, attempts: 0 } as const;
    server.reader.allGaps = [
      { ...gap, market: market('UPBIT'), start: 1_700_000_000_000, end: 1_700_000_009_000 },
      { ...gap, market: market('UPBIT', 'ETH'), start: 1_700_000_000_000, end: null },
      { ...gap, market: market('GOPAX'), start: 1_700_000_000_000, end: null },
    ];
    const all = await fetch(`${server.url}/export/UPBIT.ndjson`);
    await all.text();
    expect(all.headers.get('x-gaps')).toBe('2');
    const later = `${server.url}/export/upbit.json?from=1700000010000&symbol=BTC&shape=books`;
    expect((await fetch(later)).headers.get('x-gaps')).toBe('0');
    const link = all.headers.get('link');
    expect(link).toBe('<UPBIT.ndjson?shape=gaps>; rel="related"');
    const related = new URL(/^<(.*)>/.exec(link!)![1]!, all.url);
    const gaps = await fetch(related);
    expect([gaps.status, gaps.headers.get('x-gaps')]).toEqual([200, null]);
    expect(gaps.headers.get('content-disposition')).toContain('UPBIT-gaps.ndjson');
    expect(server.reader.exports.at(-1)).toMatchObject({ exchanges: ['UPBIT'], shape: 'gaps' });
  });

  it('says that no trade is stored where there is none', async () => {
    const trades = await fetch(`${server.url}/export/UPBIT.csv?shape=trades&symbol=BTC`);
    await trades.text();
    expect([trades.status, trades.headers.get('x-note')]).toEqual([
      200,
      'no trade of UPBIT:BTC-* is stored; trades are recorded if CHANNELS contains trade',
    ]);
    const link = '<UPBIT.csv?shape=gaps&symbol=BTC&of=trades>; rel="related"';
    expect([trades.headers.get('x-gaps'), trades.headers.get('link')]).toEqual(['0', link]);
    expect(server.reader.exports.at(-1)).toMatchObject({ shape: 'trades', format: 'csv' });
    const rows = await fetch(`${server.url}/export/UPBIT.csv`);
    await rows.text();
    expect(rows.headers.get('x-note')).toBeNull();
  });

  it('takes the format, several exchanges and what else the command takes', async () => {
    const csv = await fetch(`${server.url}/export/gopax,UPBIT.csv?shape=top&every=500`);
    expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(csv.headers.get('content-disposition')).toContain('"GOPAX-UPBIT-top.csv"');
    await csv.text();
    const all = await fetch(`${server.url}/export/all?format=ndjson&shape=books&depth=3`);
    await all.text();
    expect(server.reader.exports).toMatchObject([
      { exchanges: ['GOPAX', 'UPBIT'], shape: 'top', format: 'csv', every: 500 },
      { exchanges: { length: 5 }, shape: 'books', format: 'ndjson', depth: 3 },
    ]);
  });

  it('is compressed for whoever takes gzip, and when the file is to be', async () => {
    server.reader.exportChunks = async function* () {
      for (let i = 0; i < 100; i++) yield '0123456789'.repeat(100);
    };
    const plain = await rawRequest(server.url, '/export/UPBIT.csv', {
      'accept-encoding': 'gzip;q=0',
    });
    expect([plain.headers['content-encoding'], plain.body.length]).toEqual([undefined, 100_000]);
    const zipped = await fetch(`${server.url}/export/UPBIT.csv`);
    expect(zipped.headers.get('content-encoding')).toBe('gzip');
    expect(zipped.headers.get('vary')).toContain('accept-encoding');
    expect(await zipped.text()).toHaveLength(100_000);
    const file = await fetch(`${server.url}/export/UPBIT.csv.gz`);
    expect(file.headers.get('content-encoding')).toBeNull();
    expect(file.headers.get('content-disposition')).toContain('"UPBIT-rows.csv.gz"');
    expect(gunzipSync(Buffer.from(await file.arrayBuffer()))).toHaveLength(100_000);
  });

  it('sends a Parquet file that was made meanwhile, and removes it', async () => {
    let made = '';
    server.reader.exportFile = async (options, file) => {
      expect(options).toMatchObject({ exchanges: ['UPBIT'], shape: 'top', format: 'parquet' });
      made = file;
      await writeFile(file, 'PAR1');
    };
    const response = await fetch(`${server.url}/export/UPBIT.parquet?shape=top`);
    expect(response.headers.get('content-length')).toBe('4');
    expect(await response.text()).toBe('PAR1');
    await until('it is removed', () => !existsSync(made));
  });

  it('is 404 for a market that is unknown, with those that resemble it', async () => {
    const listed = {
      koreanName: null,
      englishName: null,
      listed: true,
      wanted: null,
      recording: false,
    };
    server.reader.marketList = [{ ...market('UPBIT'), ...listed }];
    const response = await fetch(`${server.url}/export/UPBIT.json?symbol=BTV`);
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({
      error: { code: 'UNKNOWN_MARKET', message: expect.stringContaining('did you mean BTC-KRW?') },
    });
    // Nothing is known of GOPAX: any market may be one of its.
    expect((await fetch(`${server.url}/export/GOPAX.json?symbol=BTV`)).status).toBe(200);
  });

  it('answers HEAD without an export', async () => {
    const response = await fetch(`${server.url}/export/UPBIT.json`, { method: 'HEAD' });
    expect([response.status, response.headers.get('x-gaps')]).toEqual([200, '0']);
    expect(server.reader.exports).toEqual([]);
  });

  it('gives NDJSON, rows when no shape is named', async () => {
    const response = await fetch(`${server.url}/export/GOPAX.ndjson`);
    await response.text();
    expect(response.headers.get('content-type')).toContain('application/x-ndjson');
    expect(server.reader.exports).toMatchObject([
      { exchanges: ['GOPAX'], shape: 'rows', format: 'ndjson' },
    ]);
  });

  it.each([
    '/export/BINANCE.json',
    '/export/UPBIT.json?from=yesterday',
    '/export/UPBIT.json?shape=tree',
    '/export/UPBIT.json?form=1',
    '/export/UPBIT.json?symbol=BTC&symbol=ETH',
    '/export/UPBIT.json?format=ndjson',
    '/export/UPBIT,BINANCE.json',
    '/export/UPBIT.csv?every=5',
    '/export/UPBIT.json?shape=book_snapshot_5',
    '/export/UPBIT.parquet.gz',
  ])('refuses %s', async (path) => {
    const response = await fetch(`${server.url}${path}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: 'BAD_USER_INPUT' } });
    expect(server.reader.exports).toEqual([]);
  });

  it('pulls no more than the client takes, and ends the export when it leaves', async () => {
    let pulled = 0;
    let ended = false;
    server.reader.exportChunks = async function* () {
      try {
        for (;;) {
          pulled++;
          yield 'x'.repeat(64 * 1024);
        }
      } finally {
        ended = true;
      }
    };
    const { hostname, port } = new URL(server.url);
    const socket = connect(Number(port), hostname);
    socket.write('GET /export/UPBIT.json HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(socket, 'readable');
    let before = -1;
    await until('the buffers are full', async () => {
      const still = pulled === before;
      before = pulled;
      await new Promise((resolve) => setTimeout(resolve, 100));
      return still;
    });
    expect(pulled).toBeLessThan(1000);
    expect(ended).toBe(false);
    socket.destroy();
    await until('the export ended', () => ended);
    expect(server.errors).toEqual([]);
  });

  it('is 500 when it fails at once, and a cut connection when it fails later', async () => {
    server.reader.exportChunks = () => ({
      [Symbol.asyncIterator]: () => ({
        next: () => Promise.reject(new Error('secret path /data')),
      }),
    });
    const response = await fetch(`${server.url}/export/UPBIT.json`);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('secret');
    server.reader.exportChunks = async function* () {
      yield '[';
      throw new Error('disk gone');
    };
    const cut = fetch(`${server.url}/export/UPBIT.json`).then((answer) => answer.text());
    await expect(cut).rejects.toThrow();
    expect(server.errors).toHaveLength(2);
  });

  it('is 503 while as many exports run as are allowed', async () => {
    let finish: () => void = () => undefined;
    const chunk = new Promise<void>((resolve) => (finish = resolve));
    server.reader.exportChunks = async function* () {
      yield '[\n';
      await chunk;
      yield ']\n';
    };
    const path = `${server.url}/export/UPBIT.json`;
    const running = await Promise.all([fetch(path), fetch(path), fetch(path), fetch(path)]);
    expect((await fetch(path)).status).toBe(503);
    finish();
    for (const response of running) expect(await response.text()).toBe('[\n]\n');
    await until('there is room', async () => (await fetch(path)).status === 200);
  });
});

describe('requests that other sites could make a browser send', () => {
  const mutation = 'mutation { startCollector(exchange: UPBIT) { state } }';

  it.each(['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain', ''])(
    'a form post of type %j is refused and does nothing',
    async (type) => {
      const body = type.includes('urlencoded')
        ? new URLSearchParams({ query: mutation })
        : mutation;
      const response = await fetch(`${server.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': type },
        body: String(body),
      });
      expect(response.status).toBe(403);
      expect(server.control.collectors()).toEqual([]);
    },
  );

  it('an operation by GET is refused without the header, and answered with it', async () => {
    const path = `/graphql?query=${encodeURIComponent('{ collectors { state } }')}`;
    const refused = await rawRequest(server.url, path);
    expect(refused.status).toBe(403);
    expect(refused.body).toContain('x-graphql-yoga-csrf');
    const answered = await rawRequest(server.url, path, { 'x-graphql-yoga-csrf': '1' });
    expect(JSON.parse(answered.body)).toEqual({ data: { collectors: [] } });
    const own = await rawRequest(server.url, path, { 'sec-fetch-site': 'same-origin' });
    expect(own.status).toBe(200);
  });

  it('no answer allows another origin to read it', async () => {
    const response = await fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: 'http://evil.example' },
      body: JSON.stringify({ query: '{ __typename }' }),
    });
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
    const preflight = await fetch(`${server.url}/graphql`, {
      method: 'OPTIONS',
      headers: { origin: 'http://evil.example', 'access-control-request-method': 'POST' },
    });
    expect(preflight.headers.get('access-control-allow-origin')).toBeNull();
  });

  it.each([
    ['http://evil.example', 403],
    ['null', 403],
    ['http://127.0.0.1:1', 403],
    [undefined, 101],
    ['same', 101],
  ])('a WebSocket from origin %j is answered %d', async (origin, status) => {
    const own = origin === 'same' ? server.url : origin;
    const headers = own === undefined ? {} : { origin: own };
    const answer = await rawRequest(server.url, '/graphql', { ...UPGRADE_HEADERS, ...headers });
    expect(answer.status).toBe(status);
  });

  it('a WebSocket on another path or by another name is refused', async () => {
    expect((await rawRequest(server.url, '/other', { ...UPGRADE_HEADERS })).status).toBe(404);
    const rebound = { ...UPGRADE_HEADERS, host: 'evil.example' };
    expect((await rawRequest(server.url, '/graphql', rebound)).status).toBe(421);
  });

  it.each([
    ['127.0.0.1', 'evil.example:4000', false],
    ['127.0.0.1', '192.168.0.5:4000', false],
    ['127.0.0.1', 'localhost.evil.example', false],
    ['127.0.0.1', 'localhost:4000', true],
    ['127.0.0.1', '[::1]:4000', true],
    ['127.0.0.1', 'LOCALHOST', true],
    ['127.0.0.1', 'recorder.example', true],
    ['0.0.0.0', '192.168.0.5:4000', true],
    ['0.0.0.0', 'evil.example', false],
  ])('listening on %s, a request to the name %s is answered: %j', async (host, name, answered) => {
    const other = await serve({ host, allowedHosts: ['recorder.example'] });
    const { status } = await rawRequest(other.url, '/health', { host: name });
    expect(status).toBe(answered ? 200 : 421);
    await other.api.close();
  });
});

describe('GraphiQL', () => {
  it('is a page that needs no other host and cannot be framed', async () => {
    const response = await fetch(`${server.url}/graphql`, { headers: { accept: 'text/html' } });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-encoding')).toBe('gzip');
    expect(response.headers.get('content-security-policy')).toContain("connect-src 'self'");
    expect(response.headers.get('x-frame-options')).toBe('DENY');
    const html = await response.text();
    expect(html).toContain('<title>Korean order books</title>');
    expect(html).toContain('subscription Live');
    expect(html).not.toMatch(/<(script|link)[^>]+(src|href)="https?:/);
  });
});

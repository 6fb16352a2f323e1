import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { serve, type TestServer } from './helpers/server.js';

let server: TestServer;
beforeEach(async () => {
  server = await serve();
});
afterEach(() => server.api.close());

/**
 * Sends pieces one after the other on one connection; gives the answers once `last` is in them.
 * @param inTurn whether each piece is a request that waits for the answer to the one before it
 */
async function talk(pieces: readonly string[], last: RegExp, inTurn = false): Promise<string> {
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  let answer = '';
  const whole = new Promise<void>((resolve, reject) => {
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString();
      if (last.test(answer)) resolve();
    });
    socket.on('close', () => reject(new Error(`closed after ${answer}`)));
  });
  for (const piece of pieces) {
    socket.write(piece);
    if (inTurn) await once(socket, 'data');
    else await new Promise((resolve) => setImmediate(resolve));
  }
  await whole;
  socket.destroy();
  return answer;
}

const OFFER =
  'Host: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\n';

function post(query: string): [string, string] {
  const body = JSON.stringify({ query });
  return [
    `POST /graphql HTTP/1.1\r\n${OFFER}Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`,
    body,
  ];
}

describe('an offer to upgrade to something else than a WebSocket', () => {
  it('is answered as the plain request that it is, its body in one piece or in many', async () => {
    const [head, body] = post('{ exchanges { exchange } } # 한글');
    expect(await talk([head + body], /"exchanges":/)).toMatch(/^HTTP\/1.1 200 /);
    expect(await talk([head, body.slice(0, 5), body.slice(5)], /"exchanges":/)).toMatch(
      /^HTTP\/1.1 200 /,
    );
  });

  it('holds for every path, for chunked bodies and for refusals', async () => {
    const health = await talk([`GET /health HTTP/1.1\r\n${OFFER}\r\n`], /"version"/);
    expect(health).toMatch(/^HTTP\/1.1 200 /);
    const metrics = await talk([`GET /metrics HTTP/1.1\r\n${OFFER}\r\n`], /# HELP/);
    expect(metrics).toMatch(/^HTTP\/1.1 200 /);
    const body = JSON.stringify({ query: '{ exchanges { exchange } }' });
    const chunked =
      `POST /graphql HTTP/1.1\r\n${OFFER}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n` +
      `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
    expect(await talk([chunked], /"exchanges":/)).toMatch(/^HTTP\/1.1 200 /);
    expect(
      await talk([`PUT /graphql HTTP/1.1\r\n${OFFER}Content-Length: 0\r\n\r\n`], /\}\n?$/),
    ).toMatch(/^HTTP\/1.1 405 [^]*METHOD_NOT_ALLOWED/);
    const other = 'Host: localhost\r\nConnection: upgrade\r\nUpgrade: TLS/1.2, websocket\r\n';
    expect(await talk([`GET /health HTTP/1.1\r\n${other}\r\n`], /"version"/)).toMatch(
      /^HTTP\/1.1 200 /,
    );
  });

  it('keeps the connection, behind and before other requests', async () => {
    const [head, body] = post('{ exchanges { exchange } }');
    const plain = 'GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n';
    const many = await talk(
      [plain, head + body, plain, ...Array<string>(12).fill(head + body), plain],
      /(version[^]*){3}/,
      true,
    );
    expect(many.match(/HTTP\/1\.1 200 /g)).toHaveLength(16);
    expect(many.match(/"exchanges":\[/g)!.length).toBeGreaterThanOrEqual(13);
  });
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { openAlertsPath, notify } from '../../src/doctor/alerting.js';
import type { Examination } from '../../src/doctor/examine.js';
import type { Verdict } from '../../src/doctor/fact.js';
import type { Exchange } from '../../src/market/exchange.js';
import { temporaryFolder } from '../helpers/wait.js';

interface Message {
  readonly text: string;
  readonly status: string;
  readonly code: string;
  readonly exchange: string;
  readonly startsAt: string;
  readonly endsAt: string | null;
  readonly en: string;
}

let folder: ReturnType<typeof temporaryFolder>;
let server: Server;
let url: string;
let status: number;
let heard: Message[];
let said: string[];

beforeEach(async () => {
  folder = temporaryFolder();
  status = 200;
  heard = [];
  said = [];
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0);
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (data: Buffer) => (body += data.toString()));
    request.on('end', () => {
      if (request.url === '/hook') heard.push(JSON.parse(body) as Message);
      // Of the exchange that this also plays: no list, no socket.
      response.writeHead(request.url === '/hook' ? status : 200).end('[]');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  jest.restoreAllMocks();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  folder.remove();
});

const dbPath = (): string => join(folder.path, 'made', 'orderbook.db');

/** A run of the doctor that found this. */
function run(found: Partial<Record<Exchange, Record<string, Verdict>>>): Promise<void> {
  const results = Object.entries(found).map(([name, verdicts]): Examination => {
    const exchange = name as Exchange;
    const findings = Object.entries(verdicts).map(([id, verdict]) => {
      return { exchange, group: 'list', id, expected: 'this', seen: 'that', verdict } as const;
    });
    return { exchange, findings, reached: true };
  });
  const settings = { alertWebhookUrl: `${url}/hook`, logLang: 'en', dbPath: dbPath() } as const;
  return notify(results, { ...settings, urls: {} as never }, { timeoutMs: 2_000, waitMs: 2 });
}

const alerts = (): string[] =>
  heard.splice(0).map(({ status: is, exchange, en }) => `${is} ${exchange} ${en.split(' (')[0]}`);
const ONE = 'a fact of its protocol is contradicted:';

describe('The doctor with ALERT_WEBHOOK_URL', () => {
  it('reports a contradicted fact once, and when it is confirmed again', async () => {
    await run({ UPBIT: { a: 'CONFIRMED', b: 'NOT SEEN' } });
    expect(alerts()).toEqual([]);
    await run({ UPBIT: { a: 'CONTRADICTED', b: 'CONFIRMED' }, KORBIT: { k: 'CONFIRMED' } });
    expect(heard[0]).toMatchObject({
      code: 'DOCTOR_CONTRADICTED',
      endsAt: null,
      en: `Upbit: ${ONE} a (expected this; seen: that)`,
    });
    const { startsAt } = heard[0]!;
    expect(alerts()).toHaveLength(1);
    await run({ UPBIT: { a: 'CONTRADICTED', b: 'CONFIRMED' } });
    expect(alerts()).toEqual([]);
    // What was not seen is not over, nor what was not asked.
    await run({ UPBIT: { a: 'NOT SEEN', b: 'CONFIRMED' } });
    await run({ KORBIT: { k: 'CONFIRMED' } });
    expect(alerts()).toEqual([]);
    await run({ UPBIT: { a: 'CONFIRMED', b: 'CONFIRMED' } });
    expect(heard[0]!.startsAt).toBe(startsAt);
    expect(heard[0]!.endsAt).not.toBeNull();
    expect(alerts()).toEqual([`resolved UPBIT Upbit: ${ONE} a`]);
    await run({ UPBIT: { a: 'CONFIRMED', b: 'CONFIRMED' } });
    expect(alerts()).toEqual([]);
    expect(said).toEqual([]);
  });

  it('reports each further one of an exchange, and is over when all are confirmed', async () => {
    await run({ UPBIT: { a: 'CONTRADICTED', b: 'CONFIRMED' }, GOPAX: { g: 'CONTRADICTED' } });
    expect(alerts()).toEqual([`firing UPBIT Upbit: ${ONE} a`, `firing GOPAX GOPAX: ${ONE} g`]);
    await run({ UPBIT: { a: 'CONTRADICTED', b: 'CONTRADICTED' } });
    expect(alerts()).toEqual([
      'firing UPBIT Upbit: 2 facts of its protocol are contradicted: a, b',
    ]);
    await run({ UPBIT: { a: 'CONFIRMED', b: 'CONTRADICTED' } });
    expect(alerts()).toEqual([]);
    await run({ UPBIT: { a: 'CONFIRMED', b: 'CONFIRMED' } });
    expect(alerts()).toEqual([`resolved UPBIT Upbit: ${ONE} b`]);
  });

  it.each([500, 404, 302])(
    'says that a webhook answers %i, and posts the alert again next time',
    async (code) => {
      status = code;
      await run({ UPBIT: { a: 'CONTRADICTED' } });
      expect(said.join('')).toMatch(
        /^doctor: ALERT_WEBHOOK_URL did not accept .* UPBIT: HTTP [^\n]+\n$/,
      );
      heard = [];
      status = 200;
      await run({ UPBIT: { a: 'CONTRADICTED' } });
      // One that was broken off may still arrive.
      expect([...new Set(alerts())]).toEqual([`firing UPBIT Upbit: ${ONE} a`]);
    },
  );

  it('goes on where its notes are damaged, or cannot be written', async () => {
    await run({ UPBIT: { a: 'CONTRADICTED' } });
    for (const text of ['{"UPBIT":', '{"UPBIT":{"ids":7},"NOPE":null}', 'null']) {
      heard = [];
      writeFileSync(openAlertsPath(dbPath()), text);
      await run({ UPBIT: { a: 'CONTRADICTED' } });
      expect(alerts()).toEqual([`firing UPBIT Upbit: ${ONE} a`]);
    }
    expect(said).toEqual([]);
    folder.remove();
    writeFileSync(folder.path, 'no folder');
    await run({ UPBIT: { a: 'CONTRADICTED' } });
    expect(alerts()).toHaveLength(1);
    expect(said.join('')).toMatch(/^doctor: cannot record in [^\n]+\n$/);
  });

  it('is done by the command, whose exit code and table stay', async () => {
    const command = fileURLToPath(new URL('../../dist/doctor/command.js', import.meta.url));
    const child = spawn(process.execPath, [command, 'UPBIT'], {
      cwd: folder.path,
      env: {
        ...process.env,
        UPBIT_REST_URL: url,
        UPBIT_WS_URL: url.replace('http', 'ws'),
        ALERT_WEBHOOK_URL: `${url}/hook`,
      },
    });
    let out = '';
    child.stdout.on('data', (data: Buffer) => (out += data.toString()));
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(1);
    expect(out).toContain('UPBIT: 1 confirmed, 3 contradicted');
    expect(heard).toHaveLength(1);
    expect(heard[0]!.text).toMatch(
      /^\[주의\] .*: 업비트: 알려진 프로토콜 3건이 실제와 다름: upbit\./,
    );
  });
});

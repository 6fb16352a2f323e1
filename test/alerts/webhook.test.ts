import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Alert, postOf } from '../../src/alerts/alert.js';
import { Webhook } from '../../src/alerts/webhook.js';
import { reasonOf } from '../../src/api/verdict/reasons.js';
import { until } from '../helpers/wait.js';

type Answer = (req: IncomingMessage, res: ServerResponse) => void;
const taken: Answer = (_, res) => res.end('ok');
const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  (_, res) =>
    res.writeHead(code, headers).end();

let server: Server;
let url: string;
/** How the server answers, the last for all that follow. */
let answers: Answer[];
let bodies: string[];
let paths: string[];
let log: string[];
let webhook: Webhook;

beforeEach(async () => {
  answers = [taken];
  bodies = [];
  paths = [];
  log = [];
  server = createServer((req, res) => {
    let body = '';
    req.on('data', (data: Buffer) => (body += data.toString()));
    req.on('end', () => {
      bodies.push(body);
      paths.push(`${req.method} ${req.url}`);
      (answers.length > 1 ? answers.shift()! : answers[0]!)(req, res);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook/geheim`;
  webhook = open(5_000);
});
afterEach(() => {
  webhook.close();
  server.closeAllConnections();
  server.close();
});

function open(timeoutMs: number): Webhook {
  return new Webhook(
    {
      onFailing: (reason) => log.push(reason),
      onTaken: () => log.push('taken again'),
      onDropped: (why) => log.push(`dropped: ${why}`),
    },
    { timeoutMs, waitMs: 2 },
  );
}

const push = (...texts: string[]): void =>
  texts.forEach((body) => webhook.push({ url, body: JSON.stringify(body) }));
const sent = (count: number): Promise<void> =>
  until(() => webhook.counts.sent === count, `${count} messages that were taken`);

describe('a webhook', () => {
  it('is sent messages in order, one after the other', async () => {
    push('a', 'b', 'c');
    await sent(3);
    expect(bodies).toEqual(['"a"', '"b"', '"c"']);
    expect(new Set(paths)).toEqual(new Set(['POST /hook/geheim']));
    expect(log).toEqual([]);
  });

  it.each([
    ['answers 500', status(500), 'status', /^HTTP 500$/],
    ['asks to slow down', status(429), 'status', /^HTTP 429$/],
    ['hangs', () => undefined, 'timeout', /^no answer within 0\.5 s$/],
    [
      'cuts the connection',
      (req: IncomingMessage) => void req.socket.destroy(),
      'unreachable',
      /./,
    ],
  ] as const)('that %s gets it later; said once, counted each time', async (_, bad, kind, text) => {
    if (kind === 'timeout') webhook = open(500);
    answers = [bad, bad, bad, taken];
    push('a', 'b');
    await sent(2);
    expect(webhook.counts.failures[kind]).toBe(3);
    expect(bodies).toEqual(['"a"', '"a"', '"a"', '"a"', '"b"']);
    expect(log).toEqual([expect.stringMatching(text), 'taken again']);
    expect(log.join()).not.toContain('geheim');
  });

  it('is not followed to another place', async () => {
    answers = [status(307, { location: '/elsewhere' }), taken];
    push('a');
    await sent(1);
    expect(webhook.counts.failures.redirect).toBe(1);
    expect(paths).not.toContain('POST /elsewhere');
    expect(log).toEqual(['HTTP 307, a redirect, which is not followed', 'taken again']);
  });

  it('that refuses connections gets it when it is back', async () => {
    const { port } = server.address() as AddressInfo;
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
    push('a');
    await until(() => webhook.counts.failures.unreachable >= 2, 'two tries');
    expect(log).toEqual([expect.stringContaining('ECONNREFUSED')]);
    server.listen(port, '127.0.0.1');
    await sent(1);
  });

  it('whose answer never ends has it all the same', async () => {
    answers = [(_, res) => void res.writeHead(200).write('x')];
    push('a', 'b');
    await sent(2);
    expect(log).toEqual([]);
  });

  it('that wants a message never is not sent it for ever, and gets the next', async () => {
    answers = [...Array.from({ length: 5 }, () => status(404)), taken];
    push('a', 'b');
    await sent(1);
    expect(bodies.at(-1)).toBe('"b"');
    expect(webhook.counts).toMatchObject({ dropped: 1, waiting: 0 });
    expect(log).toEqual(['HTTP 404', 'dropped: HTTP 404', 'taken again']);
  });

  it('keeps the newest hundred, and counts what it gives up', async () => {
    answers = [status(503)];
    push(...Array.from({ length: 150 }, (_, i) => String(i)));
    await until(() => webhook.counts.failures.status > 0, 'a try');
    expect(webhook.counts).toMatchObject({ waiting: 100, dropped: 50 });
    answers = [taken];
    await sent(100);
    expect(bodies.at(-1)).toBe('"149"');
  });

  it('ends at once, in the middle of a try', async () => {
    answers = [() => undefined];
    push('a');
    await until(() => bodies.length === 1, 'the request');
    webhook.close();
    push('b');
    expect(webhook.counts.waiting).toBe(1);
    expect(log).toEqual([]);
  });
});

describe('a message', () => {
  const reason = reasonOf(
    'EXCHANGE_DOWN',
    'FAILING',
    { markets: 3, forMs: 60_000, reason: 'closed "now"' },
    { exchange: 'UPBIT' },
  );
  const alert: Alert = { reason, startedAt: 1_700_000_000_000, endedAt: null };
  const over: Alert = { ...alert, endedAt: 1_700_000_090_000 };
  const body = (address: string, of: Alert): unknown => JSON.parse(postOf(address, of, 'en').body);
  const text = expect.stringMatching(/^\[FAILING\] \S+: Upbit: none of 3 markets.*closed "now"$/);

  it('says what it is about, in both languages, and since when', () => {
    expect(postOf('http://h/hook?a=1', alert, 'en').url).toBe('http://h/hook?a=1');
    expect(body('http://h/hook', alert)).toMatchObject({
      text,
      status: 'firing',
      code: 'EXCHANGE_DOWN',
      severity: 'FAILING',
      exchange: 'UPBIT',
      market: null,
      startsAt: '2023-11-14T22:13:20.000Z',
      endsAt: null,
      ko: expect.stringContaining('업비트'),
    });
    expect(body('http://h/hook', over)).toMatchObject({
      text: expect.stringMatching(/^\[RESOLVED\]/),
      status: 'resolved',
      endsAt: '2023-11-14T22:14:50.000Z',
    });
    expect(JSON.parse(postOf('http://h/', over, 'ko').body)).toMatchObject({
      text: expect.stringMatching(/^\[해소\] \S+: 업비트: 60초/),
    });
  });

  it('is what Slack and Telegram take', () => {
    const slack = 'https://hooks.slack.com/services/T0/B0/x';
    expect(postOf(slack, alert, 'en').url).toBe(slack);
    expect(body(slack, alert)).toEqual({ text });
    const telegram = 'https://api.telegram.org/bot1:x/sendMessage';
    const post = postOf(`${telegram}?chat_id=-100123`, alert, 'en');
    expect(post.url).toBe(telegram);
    expect(JSON.parse(post.body)).toEqual({ chat_id: '-100123', text });
  });

  it('is what Discord takes like Slack, its marks escaped, and no longer than any takes', () => {
    const odd = { ...reason, en: `<b>&</b> ${'가'.repeat(5000)}` };
    const discord = 'https://discord.com/api/webhooks/1/x/slack';
    const sent = body(discord, { ...alert, reason: odd }) as { text: string };
    expect(Object.keys(sent)).toEqual(['text']);
    expect(sent.text).toContain('&lt;b&gt;&amp;&lt;/b&gt;');
    expect(sent.text.length).toBeLessThan(2000);
    const telegram = 'https://api.telegram.org/bot1:x/sendMessage?chat_id=1';
    const told = body(telegram, { ...alert, reason: odd }) as { text: string };
    expect(told.text).toContain('<b>&</b>');
    expect(told.text.length).toBeLessThan(4096);
  });

  it.each(['operations.md', 'operations.ko.md'])('is shown by the relay of %s', async (name) => {
    const page = readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
    const [, code] = /```js\n([^]*?createServer[^]*?)```/.exec(page)!;
    const free = createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const { port } = free.address() as AddressInfo;
    free.close();
    const relay = spawn(process.execPath, [
      '--input-type=module',
      '-e',
      code!.replace('8080', String(port)),
    ]);
    let out = '';
    relay.stdout.on('data', (data: Buffer) => (out += data.toString()));
    try {
      webhook.push(postOf(`http://127.0.0.1:${port}/`, alert, 'en'));
      webhook.push(postOf(`http://127.0.0.1:${port}/`, over, 'en'));
      await until(() => webhook.counts.sent === 2 && out.includes('resolved'), 'both messages');
      const lang = name === 'operations.md' ? 'en' : 'ko';
      const told = `EXCHANGE_DOWN UPBIT ${reason[lang]}\n`;
      expect(out).toBe(`firing ${told}resolved ${told}`);
    } finally {
      relay.kill();
    }
  });

  it('is what Alertmanager takes, the end of it too', () => {
    const address = 'http://alertmanager:9093/api/v2/alerts';
    const labels = { alertname: 'EXCHANGE_DOWN', exchange: 'UPBIT', severity: 'critical' };
    const [firing] = body(address, alert) as [{ labels: unknown; endsAt: string }];
    expect(firing.labels).toMatchObject(labels);
    expect(Date.parse(firing.endsAt)).toBeGreaterThan(Date.now());
    const [ended] = body(address, over) as [{ labels: unknown; endsAt: string }];
    // By its labels it knows which one is over.
    expect(ended.labels).toEqual(firing.labels);
    expect(ended.endsAt).toBe('2023-11-14T22:14:50.000Z');
  });
});

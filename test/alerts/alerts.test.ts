import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { allLive, type Recorder, startRecorder } from '../helpers/recorder.js';
import { until } from '../helpers/wait.js';

let receiver: Server;
let url: string;
let messages: { code: string; status: string; exchange: string | null }[];
let answer: number | null;
let recorder: Recorder | undefined;

beforeEach(async () => {
  messages = [];
  answer = 200;
  receiver = createServer((req, res) => {
    let body = '';
    req.on('data', (data: Buffer) => (body += data.toString()));
    req.on('end', () => {
      if (answer === null) return;
      if (answer === 200) messages.push(JSON.parse(body) as (typeof messages)[0]);
      res.writeHead(answer).end();
    });
  });
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/s3cr3t-path`;
});
afterEach(async () => {
  await recorder?.close();
  recorder = undefined;
  receiver.closeAllConnections();
  receiver.close();
});

async function metric(name: string): Promise<string | undefined> {
  const text = await (await fetch(`${recorder!.app.url}/metrics`)).text();
  return text.split('\n').find((line) => line.startsWith(`${name} `));
}

it('an exchange that is down is told once, and once when it is back, also to a receiver that was not well', async () => {
  recorder = await startRecorder(
    { rate: 20 },
    { COLLECT: 'UPBIT:BTC-KRW,KORBIT:BTC-KRW,COINONE:BTC-KRW', ALERT_WEBHOOK_URL: url },
    { alerts: { lookMs: 15, timeoutMs: 200, waitMs: 5 } },
  );
  await allLive(recorder);
  answer = null;
  const { upbit } = recorder.simulators;
  upbit.faults.refuseUpgrades(503);
  upbit.faults.dropConnections();
  await until(() => recorder!.status('UPBIT:BTC-KRW')!.state !== 'LIVE', 'the end of the line');
  const failures = 'orderbook_alert_failures_total{reason="timeout"}';
  for (;;) {
    const line = await metric(failures);
    if (line !== undefined && Number(line.split(' ').at(-1)) >= 2) break;
  }
  // It hung; now it answers 500, then it is well.
  answer = 500;
  await until(() => logged().includes('HTTP 500'), 'the 500');
  answer = 200;
  await until(() => messages.length === 1, 'the alert');
  expect(messages[0]).toMatchObject({ code: 'EXCHANGE_DOWN', status: 'firing', exchange: 'UPBIT' });
  expect(await metric('orderbook_alerts_active')).toBe('orderbook_alerts_active 1');
  upbit.faults.refuseUpgrades(null);
  await until(() => messages.some(({ status }) => status === 'resolved'), 'the end of it', 25_000);
  const about = messages.filter(({ code }) => code === 'EXCHANGE_DOWN');
  expect(about.map(({ status }) => status)).toEqual(['firing', 'resolved']);
  expect(await metric('orderbook_alerts_waiting')).toBe('orderbook_alerts_waiting 0');
  await recorder.stop();
  const log = logged();
  expect(log.match(/알림 전송 실패/g)).toHaveLength(2);
  expect(log.match(/알림 전송 재개/g)).toHaveLength(1);
  expect(log).not.toContain('s3cr3t-path');
});

function logged(): string {
  const logs = join(recorder!.folder, 'logs');
  return readdirSync(logs)
    .map((name) => readFileSync(join(logs, name), 'utf8'))
    .join('');
}

it('a receiver that hangs does not keep the program from ending', async () => {
  answer = null;
  recorder = await startRecorder(
    {},
    { COLLECT: 'UPBIT:NOPE-KRW', ALERT_WEBHOOK_URL: url },
    { alerts: { lookMs: 5 } },
  );
  for (let waiting: string | undefined; !/ [1-9]/.test(waiting ?? '');)
    waiting = await metric('orderbook_alerts_waiting');
  const asked = performance.now();
  await recorder.stop();
  expect(performance.now() - asked).toBeLessThan(5_000);
  expect(logged()).toMatch(/종료로 알림 \d+건을 전송하지 못함/);
});

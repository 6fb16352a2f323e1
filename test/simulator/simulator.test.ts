import { afterEach, describe, expect, it } from '@jest/globals';
import { startControl, type Control } from '../../src/simulator/control.js';
import type { SentBook } from '../../src/simulator/simulator.js';
import {
  startUpbitSimulator,
  type UpbitOptions,
  type UpbitSimulator,
} from '../../src/simulator/upbit/server.js';
import { RawClient, until, upgradeStatus } from './raw-client.js';

/** What every simulator shares, shown on Upbit's. */

let running: { close(): Promise<void> }[] = [];

async function start(options: UpbitOptions = {}): Promise<UpbitSimulator> {
  const simulator = await startUpbitSimulator({ rate: 0, limits: false, ...options });
  running.push(simulator);
  return simulator;
}

async function subscribed(simulator: UpbitSimulator): Promise<RawClient> {
  const client = await RawClient.open(simulator.wsUrl);
  client.send('[{"ticket":"t"},{"type":"orderbook","codes":["KRW-BTC"]}]');
  await client.take(1);
  return client;
}

afterEach(async () => {
  await Promise.all(running.map((one) => one.close()));
  running = [];
});

describe('a simulator', () => {
  it('names its URLs as the environment of the program wants them', async () => {
    const upbit = await start();
    expect(Object.keys(upbit.env)).toEqual(['UPBIT_WS_URL', 'UPBIT_REST_URL']);
    expect(upbit.env['UPBIT_WS_URL']).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/websocket\/v1$/);
    expect(upbit.env['UPBIT_REST_URL']).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it('gives the same books for the same seed and steps, whatever the traffic', async () => {
    const books = async (seed: number, traffic: boolean): Promise<unknown> => {
      const upbit = await start({ seed });
      const client = traffic ? await subscribed(upbit) : null;
      upbit.step('BTC-KRW', 20);
      upbit.step('XRP-KRW', 3);
      client?.ws.terminate();
      const reply = await fetch(`${upbit.restUrl}/v1/orderbook?markets=KRW-BTC,KRW-XRP`);
      const parsed = (await reply.json()) as { orderbook_units: unknown }[];
      return parsed.map((book) => book.orderbook_units);
    };
    const first = await books(4, false);
    expect(await books(4, true)).toEqual(first);
    expect(await books(5, false)).not.toEqual(first);
  });

  it('stands still at rate 0 and lives at rate 1', async () => {
    const still = await start();
    const alive = await start({ rate: 1 });
    const a = await subscribed(still);
    const b = await subscribed(alive);
    await b.take(4);
    expect(a.frames).toHaveLength(1);
  });

  it('keeps a ledger of exactly what went out', async () => {
    const upbit = await start();
    const heard: SentBook[] = [];
    const stop = upbit.onSent((book) => heard.push(book));
    const client = await subscribed(upbit);
    upbit.setBook(
      'BTC-KRW',
      [
        ['116539000', '0.50'],
        ['116540000', '0'],
      ],
      [['116538000.0', '2']],
    );
    await client.take(2);
    expect(upbit.sent).toHaveLength(2);
    expect(upbit.sent[1]).toMatchObject({
      exchange: 'UPBIT',
      symbol: 'BTC',
      currency: 'KRW',
      asks: [['116539000', '0.5']],
      bids: [['116538000', '2']],
      via: 'ws',
      connection: 1,
    });
    expect(heard).toEqual(upbit.sent);
    stop();
    upbit.step('BTC-KRW');
    await client.take(3);
    expect(heard).toHaveLength(2);
    expect(upbit.received[0]!.text).toContain('"ticket"');
    expect(upbit.upgrades).toHaveLength(1);
    expect(upbit.upgrades[0]!.status).toBe(101);
    expect(upbit.connections()).toBe(1);
  });

  it('bounds its ledger', async () => {
    const upbit = await start({ ledger: 50 });
    const client = await subscribed(upbit);
    upbit.step('BTC-KRW', 200);
    await client.take(201);
    expect(upbit.sent.length).toBeLessThanOrEqual(50);
    expect(upbit.sent.length).toBeGreaterThan(40);
  });

  it('refuses what it does not know', async () => {
    const upbit = await start();
    expect(() => upbit.step('NOPE-KRW')).toThrow('UPBIT has no pair "NOPE-KRW"');
    expect(() => upbit.list('btc')).toThrow('expected SYMBOL-CURRENCY');
    expect(() => upbit.setBook('BTC-KRW', [['1e3', '1']], [])).toThrow(
      'not a plain decimal number',
    );
    await expect(startUpbitSimulator({ rate: -1 })).rejects.toThrow('rate');
    const port = Number(new URL(upbit.restUrl).port);
    await expect(startUpbitSimulator({ port })).rejects.toThrow('EADDRINUSE');
  });
});

describe('faults', () => {
  it('drop and close connections', async () => {
    const upbit = await start();
    const dropped = await subscribed(upbit);
    upbit.faults.dropConnections();
    expect((await dropped.close()).code).toBe(1006);
    const closed = await subscribed(upbit);
    upbit.faults.closeConnections(1012, 'restart');
    expect(await closed.close()).toMatchObject({ code: 1012, reason: 'restart' });
    await until(() => upbit.connections() === 0, 'no connections');
  });

  it('refuse upgrades', async () => {
    const upbit = await start();
    upbit.faults.refuseUpgrades(503);
    expect((await upgradeStatus(upbit.wsUrl)).status).toBe(503);
    upbit.faults.refuseUpgrades(null);
    expect((await upgradeStatus(upbit.wsUrl)).status).toBe(101);
    expect(upbit.upgrades.map((upgrade) => upgrade.status)).toEqual([503, 101]);
  });

  it('make REST fail, hang or be slow', async () => {
    const upbit = await start({ timing: { restSlowMs: 100 } });
    const url = `${upbit.restUrl}/v1/market/all`;
    upbit.faults.rest({ status: 418, body: 'tea', headers: { 'Retry-After': '7' } });
    const reply = await fetch(url);
    expect([reply.status, await reply.text(), reply.headers.get('retry-after')]).toEqual([
      418,
      'tea',
      '7',
    ]);
    upbit.faults.rest('slow');
    const asked = Date.now();
    expect((await fetch(url)).status).toBe(200);
    expect(Date.now() - asked).toBeGreaterThanOrEqual(95);
    upbit.faults.rest('hang');
    await expect(fetch(url, { signal: AbortSignal.timeout(100) })).rejects.toThrow();
    upbit.faults.rest(null);
    expect((await fetch(url)).status).toBe(200);
    expect(upbit.requests.map((request) => request.status)).toEqual([418, 200, 0, 200]);
  });

  it('freeze: pongs, but no data', async () => {
    const upbit = await start();
    const client = await subscribed(upbit);
    upbit.faults.freeze(true);
    upbit.step('BTC-KRW');
    await client.settle();
    expect(client.frames).toHaveLength(1);
    expect(upbit.sent).toHaveLength(1);
    upbit.faults.freeze(false);
    upbit.step('BTC-KRW');
    await client.take(2);
  });

  it('half open: nothing at all, not even an answer to a close', async () => {
    const upbit = await start();
    const client = await subscribed(upbit);
    upbit.faults.halfOpen(true);
    upbit.step('BTC-KRW');
    client.ws.ping('anyone');
    client.ws.close(1000);
    // Everything on the way has long arrived when a new connection is through.
    await RawClient.open(upbit.wsUrl);
    expect(client.closed).toBeNull();
    expect(client.pongs).toEqual([]);
    expect(client.frames).toHaveLength(1);
    upbit.faults.halfOpen(false);
    // Now the server reads the close.
    await client.close();
    const again = await subscribed(upbit);
    upbit.step('BTC-KRW');
    await again.take(2);
  });

  it('half open and back: the connection goes on, compression included', async () => {
    const upbit = await start();
    const client = await subscribed(upbit);
    expect(client.ws.extensions).toContain('permessage-deflate');
    for (let i = 0; i < 3; i++) {
      upbit.faults.halfOpen(true);
      upbit.step('BTC-KRW', 3);
      upbit.faults.halfOpen(false);
      upbit.step('BTC-KRW');
      await client.take(2 + i);
    }
    client.json();
    expect(client.closed).toBeNull();
  });

  it('send anything, and tear a frame', async () => {
    const upbit = await start();
    const client = await subscribed(upbit);
    upbit.faults.sendRaw('not json');
    upbit.faults.sendRaw(new Uint8Array([1, 2]));
    upbit.faults.sendRaw('bytes', { binary: true });
    await client.take(4);
    expect(client.frames.slice(1).map(({ text, binary }) => [text, binary])).toEqual([
      ['not json', false],
      ['\u0001\u0002', true],
      ['bytes', true],
    ]);
    upbit.faults.tearFrame();
    expect((await client.close()).code).toBe(1006);
    expect(client.frames).toHaveLength(4);
  });
});

describe('the control port', () => {
  async function control(...simulators: UpbitSimulator[]): Promise<Control> {
    const port = await startControl(simulators);
    running.push(port);
    return port;
  }
  const post = async (url: string, body: string): Promise<[number, Record<string, unknown>]> => {
    const reply = await fetch(url, { method: 'POST', body });
    return [reply.status, (await reply.json()) as Record<string, unknown>];
  };

  it('lists exchanges and calls', async () => {
    const upbit = await start();
    const { url } = await control(upbit);
    const overview = (await (await fetch(`${url}/`)).json()) as {
      exchanges: Record<string, { wsUrl: string; calls: Record<string, string> }>;
    };
    expect(overview.exchanges['upbit']!.wsUrl).toBe(upbit.wsUrl);
    expect(overview.exchanges['upbit']!.calls).toMatchObject({
      freeze: '[on: boolean]',
      setBook: '[pair: string, asks: [[price, volume], ...], bids: [[price, volume], ...]]',
      step: '[pair: string, times?: count]',
    });
  });

  it('calls faults, step, list and delist', async () => {
    const upbit = await start();
    const client = await subscribed(upbit);
    const { url } = await control(upbit);
    expect(await post(`${url}/upbit/step`, '["BTC-KRW", 2]')).toEqual([200, { ok: true }]);
    await client.take(3);
    expect((await post(`${url}/UPBIT/delist`, '["BTC-KRW"]'))[0]).toBe(200);
    expect(upbit.pairs).not.toContain('BTC-KRW');
    expect((await post(`${url}/upbit/list`, '["BTC-KRW"]'))[0]).toBe(200);
    expect(upbit.pairs).toContain('BTC-KRW');
    expect((await post(`${url}/upbit/rest`, '[{"status": 500, "body": "x"}]'))[0]).toBe(200);
    expect((await fetch(upbit.restUrl)).status).toBe(500);
    expect((await post(`${url}/upbit/dropConnections`, ''))[0]).toBe(200);
    await client.close();
  });

  it.each([
    ['upbit/freeze', '["yes"]', 400, 'on must be boolean'],
    ['upbit/freeze', '[]', 400, 'on must be boolean'],
    ['upbit/freeze', '[true, 1]', 400, 'too many arguments'],
    ['upbit/freeze', '{', 400, 'not JSON'],
    ['upbit/freeze', '{"on":true}', 400, 'must be a JSON array'],
    ['upbit/explode', '[]', 400, 'UPBIT has no "explode"; one of: step, setBook'],
    ['upbit/constructor', '[]', 400, 'has no "constructor"'],
    ['upbit/step', '["NOPE-KRW"]', 400, 'has no pair'],
    ['upbit/rest', '["sometimes"]', 400, 'mode must be'],
    ['nowhere/freeze', '[true]', 404, 'unknown exchange "nowhere"; one of: upbit'],
    ['x', '[]', 404, 'unknown path'],
    ['rate', '[2]', 404, 'only the full market has one rate'],
  ])('POST /%s %s: %i', async (path, body, status, error) => {
    const { url } = await control(await start());
    const [answered, reply] = await post(`${url}/${path}`, body);
    expect(answered).toBe(status);
    expect(reply['error']).toContain(error);
  });
});

import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { startUpbitSimulator, type UpbitSimulator } from '../../src/simulator/upbit/server.js';

let upbit: UpbitSimulator;

beforeAll(async () => {
  upbit = await startUpbitSimulator({ rate: 0, limits: false, pairs: ['BTC-KRW'] });
});
beforeEach(() => upbit.faults.asUsual());
afterAll(() => upbit.close());

const SUBSCRIBE = '[{"ticket":"t"},{"type":"orderbook","codes":["KRW-BTC"]}]';

/** What the first frame is after the subscription is sent. */
async function firstFrame(): Promise<{ text: string; binary: boolean }> {
  const socket = new WebSocket(upbit.wsUrl);
  const frame = once(socket, 'message') as Promise<[Buffer, boolean]>;
  await once(socket, 'open');
  socket.send(SUBSCRIBE);
  const [data, binary] = await frame;
  socket.terminate();
  return { text: data.toString('utf8'), binary };
}

it('changes the text and the opcode of frames, and sends a greeting', async () => {
  expect(await firstFrame()).toMatchObject({ binary: true });
  upbit.faults.changeFrames('"stream_type":"(\\w+)"', '"stream":"$1"');
  upbit.faults.swapOpcodes(true);
  const { text, binary } = await firstFrame();
  expect([binary, text.includes('"stream":"SNAPSHOT"')]).toEqual([false, true]);
  upbit.faults.greet('"hello"');
  expect((await firstFrame()).text).toBe('"hello"');
});

it('changes status, headers and bodies of REST replies, and of the upgrade', async () => {
  upbit.faults.changeReplies('/v1/market', {
    status: 203,
    headers: { 'Remaining-Req': '' },
    pattern: 'KRW-(\\w+)',
    replacement: 'WON-$1',
  });
  const answer = await fetch(`${upbit.restUrl}/v1/market/all`);
  expect([answer.status, answer.headers.get('remaining-req')]).toEqual([203, null]);
  expect(await answer.text()).toContain('"market":"WON-BTC"');
  upbit.faults.changeReplies('/websocket/v1', { status: 403 });
  const [error] = (await once(new WebSocket(upbit.wsUrl), 'error')) as [Error];
  expect(error.message).toContain('403');
});

it('answers messages otherwise, and leaves pings without a pong', async () => {
  upbit.faults.onMessage('orderbook', { ignore: true, replies: ['"no"'], close: 4000 });
  upbit.faults.ignorePings(true);
  const socket = new WebSocket(upbit.wsUrl);
  let pongs = 0;
  socket.on('pong', () => pongs++);
  const frame = once(socket, 'message') as Promise<[Buffer]>;
  const close = once(socket, 'close') as Promise<[number]>;
  await once(socket, 'open');
  socket.ping();
  socket.send(SUBSCRIBE);
  expect((await frame)[0].toString()).toBe('"no"');
  expect([(await close)[0], pongs]).toEqual([4000, 0]);
});

it('takes another interval by name', () => {
  expect(() => upbit.faults.setTiming('idleMs', 5)).toThrow(
    'UPBIT has no idleMs; one of: idleDrop',
  );
});

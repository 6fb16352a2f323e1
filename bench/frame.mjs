/**
 * CPU per Upbit frame of 30 levels, from the socket to an exact, numbered book on the bus, against
 * `ws` + `JSON.parse` of the same bytes into floats in the same run.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { Bus } from '../dist/bus.js';
import { UpbitProtocolController } from '../dist/collector/exchanges/upbit-protocol/controller.js';
import { UPBIT_PROFILE } from '../dist/collector/exchanges/upbit/adapter.js';
import { LimitBoard } from '../dist/collector/limits/limit-board.js';
import { RateLimiter } from '../dist/collector/limits/rate-limiter.js';
import { BookRecorder } from '../dist/collector/market/book-recorder.js';
import { MarketHandle } from '../dist/market/market.js';
import { sized } from './sizes.mjs';

const FRAMES = sized(10_000, 100);
const ROUNDS = sized(5, 1);

const sender = spawn(process.execPath, [new URL('frame-sender.mjs', import.meta.url).pathname], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
// Even if a round throws: an orphan would block the terminal.
process.on('exit', () => sender.kill());
const [line] = await once(sender.stdout, 'data');
const url = `ws://127.0.0.1:${String(line).trim()}`;

/** CPU of this process from the first to the last of FRAMES frames, µs a frame. */
async function measure(run) {
  let start;
  let count = 0;
  let done;
  const finished = new Promise((resolve) => (done = resolve));
  const stop = run(() => {
    if (count++ === 0) start = process.cpuUsage();
    if (count === FRAMES) done(process.cpuUsage(start));
  });
  const used = await finished;
  await stop();
  return (used.user + used.system) / FRAMES;
}

const limit = () =>
  measure((onFrame) => {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    socket.on('open', () => socket.send('go'));
    socket.on('message', (data) => {
      JSON.parse(data.toString());
      onFrame();
    });
    return () => {
      socket.terminate();
    };
  });

const ours = () =>
  measure((onFrame) => {
    let sequence = 0;
    const bus = new Bus();
    const market = new MarketHandle('UPBIT', { symbol: 'BTC', currency: 'KRW' });
    const sequences = { next: () => ++sequence };
    const recorder = new BookRecorder(market, { bus, sequences, depth: 0 });
    const nothing = () => {};
    const host = {
      book: (_pair, sides, time, at) => {
        recorder.receive(sides, time, at, false);
        onFrame();
      },
      down: nothing,
      attempt: nothing,
      reconnected: nothing,
      noFirstBook: nothing,
      refused: nothing,
      log: nothing,
      unreadable: (error) => {
        throw error;
      },
    };
    const controller = new UpbitProtocolController(
      {
        exchange: 'UPBIT',
        urls: { wsUrl: url },
        host,
        limits: new LimitBoard(),
        clock: Date.now,
        random: Math.random,
      },
      UPBIT_PROFILE,
      new RateLimiter([]),
    );
    controller.add([market]);
    return () => controller.close();
  });

const rounds = [];
await limit();
await ours();
for (let i = 0; i < ROUNDS; i++) rounds.push({ limit: await limit(), ours: await ours() });
sender.kill();

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const a = median(rounds.map((r) => r.limit));
const b = median(rounds.map((r) => r.ours));
const ratio = median(rounds.map((r) => r.ours / r.limit));
console.log(
  `frame: ${b.toFixed(1)} µs CPU a frame; ws + JSON.parse (floats) ${a.toFixed(1)} µs; ratio ${ratio.toFixed(2)} (${rounds.map((r) => (r.ours / r.limit).toFixed(2)).join(' ')})`,
);

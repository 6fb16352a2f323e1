/**
 * Loaded into the recorder by `--import`: answers the benchmark's messages with the event loop delay
 * of its main thread, the time from the receipt of a book until it is handed to the system for a
 * subscriber, its CPU time (all threads) and its memory since the last message.
 */
import { Socket } from 'node:net';
import { createHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

const TIMESTAMP = '"timestamp":"';
const written = createHistogram();
const { write } = Socket.prototype;
/** Notes how old the books are that a socket writes; live ones are bytes. */
function noting(bytes, ...rest) {
  const now = Date.now();
  for (let at = 0; Buffer.isBuffer(bytes) && (at = bytes.indexOf(TIMESTAMP, at)) !== -1;) {
    at += TIMESTAMP.length;
    const received = Date.parse(bytes.latin1Slice(at, bytes.indexOf('"', at)));
    written.record(Math.max(1, now - received));
  }
  return write.call(this, bytes, ...rest);
}
if (isMainThread) Socket.prototype.write = noting;

const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
let cpu = process.cpuUsage();
let since = performance.now();
let rss = [];
setInterval(() => rss.push(process.memoryUsage.rss()), 1000).unref();

process.on('message', () => {
  const used = process.cpuUsage(cpu);
  const wall = performance.now() - since;
  process.send({
    cores: (used.user + used.system) / 1000 / wall,
    delayMs: {
      p50: delay.percentile(50) / 1e6,
      p99: delay.percentile(99) / 1e6,
      max: delay.max / 1e6,
    },
    writtenMs: { p50: written.percentile(50), p99: written.percentile(99) },
    rss,
    memory: process.memoryUsage(),
  });
  delay.reset();
  written.reset();
  cpu = process.cpuUsage();
  since = performance.now();
  rss = [];
});
process.channel?.unref();

/**
 * Loaded into the recorder by `--import`: answers the benchmark's messages with the event loop delay
 * of its main thread, its CPU time (all threads) and its memory since the last question.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';

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
    rss,
    memory: process.memoryUsage(),
  });
  delay.reset();
  cpu = process.cpuUsage();
  since = performance.now();
  rss = [];
});
process.channel?.unref();

/**
 * CPU of each thread of this process, µs (Linux: /proc). Null where the system does not show it.
 * The main thread comes first, then the busiest others.
 */
import { readdirSync, readFileSync } from 'node:fs';

/** @returns CPU by thread, or null */
export function threadCpu() {
  try {
    const threads = new Map();
    for (const tid of readdirSync('/proc/self/task')) {
      const text = readFileSync(`/proc/self/task/${tid}/schedstat`, 'utf8');
      threads.set(Number(tid), Number(text.split(' ')[0]) / 1000);
    }
    return threads;
  } catch {
    return null;
  }
}

/**
 * What the main thread and the busiest other thread used since `before`, µs.
 * @returns null when it is unknown
 */
export function cpuSince(before) {
  const now = threadCpu();
  if (before === null || now === null) return null;
  const used = [...now].map(([tid, cpu]) => [tid, cpu - (before.get(tid) ?? 0)]);
  const main = used.find(([tid]) => tid === process.pid)?.[1] ?? 0;
  const other = Math.max(0, ...used.filter(([tid]) => tid !== process.pid).map(([, cpu]) => cpu));
  return { main, other };
}

import { parentPort, workerData } from 'node:worker_threads';
import { StoreError } from '../../src/store/errors.js';
import { serve } from '../../src/store/rpc.js';

let running = 0;

const service = {
  /** Gives back what it got, and how many calls ran at the same time. */
  async echo(value: unknown): Promise<{ value: unknown; data: unknown; running: number }> {
    running++;
    await new Promise((resolve) => setImmediate(resolve));
    return { value, data: workerData as unknown, running: running-- };
  },
  fail(): void {
    throw new StoreError('no luck', 'SQLITE_FULL');
  },
  die(): void {
    process.exit(1);
  },
};

export type TestService = typeof service;

serve<TestService>(parentPort!, service);

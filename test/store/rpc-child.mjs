import { parentPort, workerData } from 'node:worker_threads';
import { StoreError } from '../../dist/store/errors.js';
import { serve } from '../../dist/store/rpc.js';

let running = 0;

/** The service of rpc.test.ts. */
serve(parentPort, {
  /** Gives back what it got, and how many calls ran at the same time. */
  async echo(value) {
    running++;
    await new Promise((resolve) => setImmediate(resolve));
    return { value, data: workerData, running: running-- };
  },
  fail() {
    throw new StoreError('no luck', 'SQLITE_FULL');
  },
  die() {
    process.exit(1);
  },
});

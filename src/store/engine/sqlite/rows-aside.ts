import { statSync } from 'node:fs';
import { RpcWorker } from '../../rpc.js';
import type { Cell, Rows } from '../engine.js';
import { BUSY_TIMEOUT_MS } from './connection.js';

/** Service of the helper thread. */
export type RowsService = {
  rows(sql: string, values: readonly unknown[]): Cell[][];
};

/** How long an idle thread is kept, ms. */
const IDLE_MS = 5_000;

/** Inode number of a file; null when it is not there. */
function numberOf(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.ino ?? null;
}

/**
 * Reads rows of an SQLite file in a helper thread, on its own connection: a walk over many rows
 * processes some while the next ones are read, where SQLite would block the thread. The thread is
 * started on demand and ends after being idle for some time.
 */
export class RowsAside {
  readonly #path: string;
  readonly #file: number | null;
  readonly #own: Rows;
  #worker: RpcWorker<RowsService> | null = null;
  #running = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param own reads them here, in case the thread cannot */
  constructor(path: string, own: Rows) {
    this.#path = path;
    this.#file = numberOf(path);
    this.#own = own;
  }

  readonly rows: Rows = async (query) => {
    const worker = this.#started();
    // Another file has taken its place: only the open connection has the old one.
    if (worker === null) return this.#own(query);
    clearTimeout(this.#timer);
    this.#running++;
    try {
      return await worker.call('rows', query.sql, query.values);
    } catch {
      return await this.#own(query);
    } finally {
      this.#running--;
      if (this.#running === 0 && this.#worker !== null) {
        this.#timer = setTimeout(() => void this.close(), IDLE_MS);
        this.#timer.unref();
      }
    }
  };

  /** Ends the thread. */
  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = null;
    clearTimeout(this.#timer);
    await worker?.terminate();
  }

  #started(): RpcWorker<RowsService> | null {
    if (this.#worker !== null) return this.#worker;
    if (this.#file === null || numberOf(this.#path) !== this.#file) return null;
    const workerData = { path: this.#path, busyTimeoutMs: BUSY_TIMEOUT_MS };
    this.#worker = new RpcWorker(new URL('./rows-worker.js', import.meta.url), workerData);
    return this.#worker;
  }
}

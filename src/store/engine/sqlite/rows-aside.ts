import { statSync } from 'node:fs';
import { RpcWorker } from '../../rpc.js';
import type { Cell, Rows } from '../engine.js';
import { BUSY_TIMEOUT_MS } from './connection.js';

/** What the thread beside answers. */
export type RowsService = {
  rows(sql: string, values: readonly unknown[]): Cell[][];
};

/** How long an idle thread stays, ms. */
const IDLE_MS = 5_000;

/** Number of a file on its disk; null when it is not there. */
function numberOf(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.ino ?? null;
}

/**
 * Reads rows of an SQLite file in a thread beside, on a connection of its own: whoever walks over many
 * rows looks at some while the next ones are read, where SQLite would hold up its thread. The thread is
 * started when it is needed and ends when it has been idle for some time.
 */
export class RowsAside {
  readonly #path: string;
  readonly #file: number | null;
  readonly #own: Rows;
  #worker: RpcWorker<RowsService> | null = null;
  #running = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param own reads them here: should the thread not be able to */
  constructor(path: string, own: Rows) {
    this.#path = path;
    this.#file = numberOf(path);
    this.#own = own;
  }

  readonly rows: Rows = async (query) => {
    const worker = this.#started();
    // Its place has been taken by another file: only the connection that is open knows the old one.
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

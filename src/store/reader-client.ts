import { exportInChild } from './export/child.js';
import type { ReaderOptions, ReaderService } from './reader-protocol.js';
import { RpcWorker } from './rpc.js';
import type { ExportOptions, SeriesQuery, StoreReader } from './store-types.js';
import { within } from '../util/wait.js';

/** The calls of a reader, passed on to its thread. */
class ReaderCalls implements StoreReader {
  readonly #worker: RpcWorker<ReaderService>;
  readonly #path: string;
  readonly #deadline: number | undefined;

  constructor(worker: RpcWorker<ReaderService>, path: string, deadline?: number) {
    this.#worker = worker;
    this.#path = path;
    this.#deadline = deadline;
  }

  until(deadline: number): StoreReader {
    return new ReaderCalls(this.#worker, this.#path, deadline);
  }

  newestBook: StoreReader['newestBook'] = (market) =>
    this.#worker.callUntil(this.#deadline, 'newestBook', market);
  bookAt: StoreReader['bookAt'] = (market, at) =>
    this.#worker.callUntil(this.#deadline, 'bookAt', market, at);
  bestPrices: StoreReader['bestPrices'] = (market, moments) =>
    this.#worker.callUntil(this.#deadline, 'bestPrices', market, moments);
  rows: StoreReader['rows'] = (query) => this.#worker.callUntil(this.#deadline, 'rows', query);
  books: StoreReader['books'] = (query) => this.#worker.callUntil(this.#deadline, 'books', query);
  bookPage: StoreReader['bookPage'] = (query) =>
    this.#worker.callUntil(this.#deadline, 'bookPage', query);
  gaps: StoreReader['gaps'] = (query) => this.#worker.callUntil(this.#deadline, 'gaps', query);
  gapTotals: StoreReader['gapTotals'] = (selection) =>
    this.#worker.callUntil(this.#deadline, 'gapTotals', selection);
  coverage: StoreReader['coverage'] = (query) =>
    this.#worker.callUntil(this.#deadline, 'coverage', query);
  coverageMinutes: StoreReader['coverageMinutes'] = (query) =>
    this.#worker.callUntil(this.#deadline, 'coverageMinutes', query);
  dayReport: StoreReader['dayReport'] = (from) =>
    this.#worker.callUntil(this.#deadline, 'dayReport', from);
  recordingStrips: StoreReader['recordingStrips'] = (query) =>
    this.#worker.callUntil(this.#deadline, 'recordingStrips', query);
  logs: StoreReader['logs'] = (query) => this.#worker.callUntil(this.#deadline, 'logs', query);
  exchanges: StoreReader['exchanges'] = () => this.#worker.callUntil(this.#deadline, 'exchanges');
  markets: StoreReader['markets'] = (exchange) =>
    this.#worker.callUntil(this.#deadline, 'markets', exchange);

  wantedPatterns: StoreReader['wantedPatterns'] = () =>
    this.#worker.callUntil(this.#deadline, 'wantedPatterns');

  async *exportText(options: ExportOptions): AsyncGenerator<string> {
    yield* this.#pull((await this.#worker.call('exportBegin', options)).id);
  }

  async *seriesText(query: SeriesQuery): AsyncGenerator<string> {
    yield* this.#pull(await this.#worker.callUntil(this.#deadline, 'seriesBegin', query));
  }

  /** The text of something begun, chunk by chunk, until its end or until nobody wants it. */
  async *#pull(id: number): AsyncGenerator<string> {
    try {
      for (;;) {
        const chunk = await this.#worker.callUntil(this.#deadline, 'exportNext', id);
        if (chunk === null) return;
        yield chunk.text;
      }
    } finally {
      // Nothing to tell a thread that is gone.
      await this.#worker.call('exportEnd', id).catch(() => undefined);
    }
  }

  exportFile(options: ExportOptions, file: string, signal: AbortSignal): Promise<void> {
    return exportInChild(this.#path, options, file, signal);
  }
}

/** Main-thread half of the reader. */
export class ReaderClient extends ReaderCalls {
  readonly #worker: RpcWorker<ReaderService>;

  constructor(options: ReaderOptions) {
    const worker = new RpcWorker<ReaderService>(
      new URL('./reader-worker.js', import.meta.url),
      options,
    );
    super(worker, options.path);
    this.#worker = worker;
  }

  /** Starts the thread ahead of the first call. */
  start(): void {
    this.#worker.start();
  }

  /** Does `work` while no reader has the database open; calls wait for it. */
  without<T>(work: () => Promise<T>): Promise<T> {
    return this.#worker.without(work);
  }

  /** Closes the connection, if the thread answers within `timeoutMs`, and ends the thread. */
  async close(timeoutMs: number): Promise<void> {
    if (this.#worker.running) {
      const closed = this.#worker.call('close').catch(() => undefined);
      await within(closed, timeoutMs, () => undefined);
    }
    await this.#worker.terminate();
  }
}

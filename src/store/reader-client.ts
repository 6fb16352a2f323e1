import type { ReaderOptions, ReaderService } from './reader-protocol.js';
import { RpcWorker, siblingModule } from './rpc.js';
import type { ExportOptions, StoreReader } from './store-types.js';

/** Main-thread half of the reader: passes every call on to its thread. */
export class ReaderClient implements StoreReader {
  readonly #worker: RpcWorker<ReaderService>;

  constructor(options: ReaderOptions) {
    this.#worker = new RpcWorker(siblingModule('reader-worker', import.meta.url), options);
  }

  /** Starts the thread ahead of the first call. */
  start(): void {
    this.#worker.start();
  }

  newestBook: StoreReader['newestBook'] = (market) => this.#worker.call('newestBook', market);
  bookAt: StoreReader['bookAt'] = (market, at) => this.#worker.call('bookAt', market, at);
  rows: StoreReader['rows'] = (query) => this.#worker.call('rows', query);
  books: StoreReader['books'] = (query) => this.#worker.call('books', query);
  gaps: StoreReader['gaps'] = (query) => this.#worker.call('gaps', query);
  coverage: StoreReader['coverage'] = (query) => this.#worker.call('coverage', query);
  coverageMinutes: StoreReader['coverageMinutes'] = (query) =>
    this.#worker.call('coverageMinutes', query);
  logs: StoreReader['logs'] = (query) => this.#worker.call('logs', query);
  exchanges: StoreReader['exchanges'] = () => this.#worker.call('exchanges');
  markets: StoreReader['markets'] = (exchange) => this.#worker.call('markets', exchange);

  wantedPatterns: StoreReader['wantedPatterns'] = () => this.#worker.call('wantedPatterns');

  async *exportText(options: ExportOptions): AsyncGenerator<string> {
    const { id } = await this.#worker.call('exportBegin', options);
    try {
      for (;;) {
        const chunk = await this.#worker.call('exportNext', id);
        if (chunk === null) return;
        yield chunk.text;
      }
    } finally {
      // Nothing to tell a thread that is gone.
      await this.#worker.call('exportEnd', id).catch(() => undefined);
    }
  }

  /** Closes the connection, if the thread answers within `timeoutMs`, and ends the thread. */
  async close(timeoutMs: number): Promise<void> {
    if (this.#worker.running) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, timeoutMs)));
      await Promise.race([this.#worker.call('close').catch(() => undefined), late]);
      clearTimeout(timer);
    }
    await this.#worker.terminate();
  }
}

import { exportInChild } from './export/child.js';
import {
  type ExportBegun,
  type ExportChunk,
  type Questions,
  QUESTIONS,
  type ReaderOptions,
  type ReaderService,
} from './reader-protocol.js';
import { RpcWorker } from './rpc.js';
import type { ExportOptions, SeriesQuery, StoreReader } from './reader-types.js';
import type { LogEnd } from './store-types.js';
import { within } from '../util/wait.js';

/** Has the queries; they are filled in on construction. */
const Asking = class {} as new () => Questions;

/** Main-thread half of the reader. */
export class ReaderClient extends Asking implements StoreReader {
  readonly #options: ReaderOptions;
  readonly #worker: RpcWorker<ReaderService>;
  readonly #deadline: number | undefined;

  /** @param deadline see {@link StoreReader.until} */
  constructor(
    options: ReaderOptions,
    worker = new RpcWorker<ReaderService>(new URL('./reader-worker.js', import.meta.url), options),
    deadline?: number,
  ) {
    super();
    this.#options = options;
    this.#worker = worker;
    this.#deadline = deadline;
    Object.assign(this, worker.methods(QUESTIONS, deadline));
  }

  until(deadline: number): StoreReader {
    return new ReaderClient(this.#options, this.#worker, deadline);
  }

  async *exportText(options: ExportOptions): AsyncGenerator<string> {
    for await (const { text } of (await this.exportChunks(options)).chunks) yield text;
  }

  async *seriesText(query: SeriesQuery): AsyncGenerator<string> {
    const id = await this.#worker.callUntil(this.#deadline, 'seriesBegin', query);
    for await (const { text } of this.#pull(id)) yield text;
  }

  /** An export with its progress. */
  async exportChunks(
    options: ExportOptions,
  ): Promise<Pick<ExportBegun, 'range'> & { readonly chunks: AsyncGenerator<ExportChunk> }> {
    const { id, range } = await this.#worker.call('exportBegin', options);
    return { range, chunks: this.#pull(id) };
  }

  /**
   * Something started, chunk by chunk, until its end or until the caller stops reading. One chunk
   * is prefetched while the previous one is written.
   */
  #pull(id: number): AsyncGenerator<ExportChunk> {
    const ask = (): Promise<ExportChunk | null> => {
      const coming = this.#worker.callUntil(this.#deadline, 'exportNext', id);
      // A failure surfaces when the chunk is needed, if ever.
      coming.catch(() => undefined);
      return coming;
    };
    return this.#pulled(id, ask(), ask);
  }

  async *#pulled(
    id: number,
    first: Promise<ExportChunk | null>,
    ask: () => Promise<ExportChunk | null>,
  ): AsyncGenerator<ExportChunk> {
    try {
      for (let coming = first; ;) {
        const chunk = await coming;
        if (chunk === null) return;
        coming = ask();
        yield chunk;
      }
    } finally {
      // A thread that is gone needs no call.
      await this.#worker.call('exportEnd', id).catch(() => undefined);
    }
  }

  exportFile(options: ExportOptions, file: string, signal: AbortSignal): Promise<void> {
    return exportInChild(this.#options, options, file, signal);
  }

  /** Starts the thread ahead of the first call. */
  start(): void {
    this.#worker.start();
  }

  /** Where in the log of several nodes the database ends; null if filled by a single process. */
  logEnd(): Promise<LogEnd | null> {
    return this.#worker.call('logEnd');
  }

  /** The last sign of life of a recorder that is not running, Unix ms; null while it runs. */
  silentSince(): Promise<number | null> {
    return this.#worker.call('silentSince');
  }

  /** Runs `work` while no reader has the database open; calls wait for it. */
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

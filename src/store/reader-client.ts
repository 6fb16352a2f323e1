import type { Market } from '../market/market.js';
import type { ReadTrade, Trade } from '../market/trade.js';
import type { Span } from '../market/trade-span.js';
import { exportInChild } from './export/child.js';
import type { ExportBegun, ExportChunk, ReaderOptions, ReaderService } from './reader-protocol.js';
import { RpcWorker } from './rpc.js';
import type { LogEnd, ExportOptions, SeriesQuery, StoreReader } from './store-types.js';
import { within } from '../util/wait.js';

/** The calls of a reader, passed on to its thread. */
class ReaderCalls implements StoreReader {
  readonly #worker: RpcWorker<ReaderService>;
  readonly #options: ReaderOptions;
  readonly #deadline: number | undefined;

  constructor(worker: RpcWorker<ReaderService>, options: ReaderOptions, deadline?: number) {
    this.#worker = worker;
    this.#options = options;
    this.#deadline = deadline;
  }

  until(deadline: number): StoreReader {
    return new ReaderCalls(this.#worker, this.#options, deadline);
  }

  newestBook: StoreReader['newestBook'] = (market) =>
    this.#worker.callUntil(this.#deadline, 'newestBook', market);
  bookAt: StoreReader['bookAt'] = (market, at) =>
    this.#worker.callUntil(this.#deadline, 'bookAt', market, at);
  bestPrices: StoreReader['bestPrices'] = (market, moments) =>
    this.#worker.callUntil(this.#deadline, 'bestPrices', market, moments);
  bookCounts: StoreReader['bookCounts'] = (query) =>
    this.#worker.callUntil(this.#deadline, 'bookCounts', query);
  rows: StoreReader['rows'] = (query) => this.#worker.callUntil(this.#deadline, 'rows', query);
  books: StoreReader['books'] = (query) => this.#worker.callUntil(this.#deadline, 'books', query);
  bookPage: StoreReader['bookPage'] = (query) =>
    this.#worker.callUntil(this.#deadline, 'bookPage', query);
  trades: StoreReader['trades'] = (query) =>
    this.#worker.callUntil(this.#deadline, 'trades', query);
  tradesAfter: StoreReader['tradesAfter'] = (query) =>
    this.#worker.callUntil(this.#deadline, 'tradesAfter', query);
  hasTrades: StoreReader['hasTrades'] = (selection) =>
    this.#worker.callUntil(this.#deadline, 'hasTrades', selection);
  marketsWithTrades: StoreReader['marketsWithTrades'] = () =>
    this.#worker.callUntil(this.#deadline, 'marketsWithTrades');
  tradeSpans: StoreReader['tradeSpans'] = (query) =>
    this.#worker.callUntil(this.#deadline, 'tradeSpans', query);
  tradeCoverage: StoreReader['tradeCoverage'] = (query) =>
    this.#worker.callUntil(this.#deadline, 'tradeCoverage', query);
  tradeTotals: StoreReader['tradeTotals'] = (selection) =>
    this.#worker.callUntil(this.#deadline, 'tradeTotals', selection);
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
    for await (const { text } of (await this.exportChunks(options)).chunks) yield text;
  }

  async *seriesText(query: SeriesQuery): AsyncGenerator<string> {
    const id = await this.#worker.callUntil(this.#deadline, 'seriesBegin', query);
    for await (const { text } of this.#pull(id)) yield text;
  }

  /** An export with what is known of its progress. */
  async exportChunks(
    options: ExportOptions,
  ): Promise<Pick<ExportBegun, 'range'> & { readonly chunks: AsyncGenerator<ExportChunk> }> {
    const { id, range } = await this.#worker.call('exportBegin', options);
    return { range, chunks: this.#pull(id) };
  }

  /**
   * Something begun, chunk by chunk, until its end or until the caller stops reading. One chunk is made ahead
   * while the one before it is written.
   */
  #pull(id: number): AsyncGenerator<ExportChunk> {
    const ask = (): Promise<ExportChunk | null> => {
      const coming = this.#worker.callUntil(this.#deadline, 'exportNext', id);
      // Whether it failed is looked at when it is wanted, if it is.
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
      // Nothing to tell a thread that is gone.
      await this.#worker.call('exportEnd', id).catch(() => undefined);
    }
  }

  exportFile(options: ExportOptions, file: string, signal: AbortSignal): Promise<void> {
    return exportInChild(this.#options, options, file, signal);
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
    super(worker, options);
    this.#worker = worker;
  }

  /** Starts the thread ahead of the first call. */
  start(): void {
    this.#worker.start();
  }

  /** Where in the log of several nodes the database ends; null if it was filled by a process alone. */
  logEnd(): Promise<LogEnd | null> {
    return this.#worker.call('logEnd');
  }

  /** See `CollectorMemory.unknownTrades`. */
  unknownTrades(market: Market, trades: readonly ReadTrade[]): Promise<ReadTrade[]> {
    return this.#worker.call('unknownTrades', market, trades);
  }

  /** See `CollectorMemory.newestTrade`. */
  newestTrade(market: Market): Promise<Trade | null> {
    return this.#worker.call('newestTrade', market);
  }

  /** See `CollectorMemory.matchTrades`. */
  matchTrades(market: Market, history: readonly ReadTrade[], span: Span) {
    return this.#worker.call('matchTrades', market, history, span);
  }

  /** See `CollectorMemory.hasTradeBefore`. */
  hasTradeBefore(market: Market, time: number): Promise<boolean> {
    return this.#worker.call('hasTradeBefore', market, time);
  }

  /** See `CollectorMemory.tradeVolumes`. */
  tradeVolumes(market: Market, span: Span) {
    return this.#worker.call('tradeVolumes', market, span);
  }

  /** See `CollectorMemory.tradesKnown`. */
  tradesKnown(market: Market, startedAt: number) {
    return this.#worker.call('tradesKnown', market, startedAt);
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

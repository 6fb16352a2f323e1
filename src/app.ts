import type { AlertTuning } from './alerts/alerts.js';
import { Bus } from './bus.js';
import type { CheckTimes } from './collector/history/history-checker.js';
import type { SilenceBounds } from './collector/market/silence-threshold.js';
import { adapters } from './collector/exchanges/registry.js';
import { StandstillWatch } from './collector/clock/standstill-watch.js';
import { Supervisor } from './collector/supervisor.js';
import { openLog, serveApi, storeSettings } from './compose.js';
import type { Config } from './settings/config.js';
import { localTime } from './logging/logger.js';
import { openStore } from './store/store.js';
import type { StoreStats } from './store/store-types.js';
import type { Running } from './running.js';
import { keepArchive } from './keep-archive.js';
import { logStore } from './store-log.js';

/** A running recorder. */
export interface App extends Running {
  /** Address of the API, for the user to open. */
  readonly url: string;
  readonly supervisor: Supervisor;
  readonly bus: Bus;
  /** Settles when each exchange's collectors have been started once, successfully or not. */
  readonly tried: Promise<void>;
  /** Statistics of the store. */
  storeStats(): StoreStats;
  /** Shuts down in order: collectors, API, store, logs. Takes less than 5 s. */
  close(signal: string): Promise<void>;
}

/** Options that no user sets. */
export interface AppTuning {
  /** Overrides the silence bounds. */
  readonly rhythm?: SilenceBounds;
  /** Overrides the timing of trade checks. */
  readonly checkTimes?: Partial<CheckTimes>;
  /** Maximum number of books waiting for the disk. */
  readonly maxQueuedBooks?: number;
  readonly alerts?: AlertTuning;
}

/** Longest wait for API clients to leave, ms. */
const API_GRACE_MS = 1500;
/** Longest wait for the queue to be written, ms. */
const STORE_GRACE_MS = 2500;

/**
 * Composes the program and runs it. Data flows one way: collectors → bus → store and API.
 * @param quiet keeps the log off standard output (tests)
 * @param tuning options that no user sets (tests)
 * @throws {Error} with one clear line when the log folder, the database or the port cannot be
 * opened; what was already open is closed again
 */
export async function startApp(
  config: Config,
  quiet = false,
  tuning: AppTuning = {},
): Promise<App> {
  const opened: (() => Promise<void>)[] = [];
  try {
    const bus = new Bus();
    const watch = new StandstillWatch();
    opened.push(async () => watch.close());
    const store = await openStore({
      ...storeSettings(config),
      maxQueuedBooks: tuning.maxQueuedBooks,
      now: () => watch.look(),
    });
    // A heartbeat before the gaps of the previous run are taken over would move their start.
    if (store.previousHeartbeat !== null) store.vouchUntil(store.previousHeartbeat);
    opened.push(() => store.close(STORE_GRACE_MS));
    const { files, logger } = await openLog(config, quiet, databaseSecrets(config.databaseUrl));
    // Last of all: what shuts down may still log something.
    opened.unshift(() => files.close());
    logger.addSink((record) => bus.logs.publish(record));
    files.output?.onLeftOut((lines) => {
      if (lines === null) logger.log('CONSOLE_BLOCKED', {}, undefined);
      else logger.log('CONSOLE_RESUMED', {}, { lines });
    });

    if (config.channels.includes('orderbook')) bus.books.on((event) => store.putBook(event));
    bus.trades.on((trade) => store.putTrade(trade));
    bus.tradeSpans.on((span) => store.putTradeSpan(span));
    store.onTradeLost((loss) => bus.tradeLosses.publish(loss));
    bus.gaps.on((gap) => store.putGap(gap));
    store.onGap((gap) => bus.gaps.publish(gap));
    bus.coverage.on((record) => store.putCoverage(record));
    bus.logs.on((record) => store.putLog(record));
    logStore(store, logger);
    watch.standstills.on((stood) => logger.log('STANDSTILL', {}, stood));
    store.onCommitted((receivedAt) => bus.commits.publish(receivedAt));

    const archive = config.archivePath === '' ? null : keepArchive(config, store, logger);
    opened.push(async () => archive?.close());

    const supervisor = new Supervisor({
      config,
      adapters: adapters(config.bithumbTransport),
      store,
      bus,
      logger,
      watch,
      rhythm: tuning.rhythm,
      checkTimes: tuning.checkTimes,
    });
    const { url, api, alerts } = await serveApi(
      config,
      logger,
      {
        bus,
        reader: store.reader,
        stats: () => ({ ...store.stats(), archive: archive?.stats ?? null }),
        sequences: () => store.sequenceState(),
        unkeptAt: (market, sequence) => store.unkeptAt(market, sequence),
        control: supervisor,
        consoleLinesLeftOut: () => files.output?.linesLeftOut ?? 0,
        closeGraceMs: API_GRACE_MS,
      },
      () => supervisor.load(),
      tuning.alerts,
    );
    opened.push(() => api.close());

    logger.log('STARTED', {}, { url });
    if (store.previousHeartbeat !== null && !store.previousRunClosed) {
      const since = localTime(store.previousHeartbeat);
      logger.log('PREVIOUS_RUN_UNFINISHED', {}, { since });
    }
    opened.push(() => supervisor.close());
    opened.push(async () => alerts?.close());
    const tried = supervisor.run();
    store.vouchUntil(Infinity);

    return {
      url,
      supervisor,
      bus,
      tried,
      storeStats: () => store.stats(),
      close: async (signal) => {
        // A standstill before this is reported before shutdown vouches for everything until now.
        store.vouchUntil(watch.look());
        logger.log('STOPPING', {}, { signal });
        archive?.close();
        alerts?.close();
        await Promise.all([supervisor.close(), api.close()]);
        try {
          await store.close(STORE_GRACE_MS);
          logger.log('STOPPED', {}, undefined);
        } finally {
          watch.close();
          await files.close();
        }
      },
    };
  } catch (error) {
    for (const close of opened.reverse()) await close().catch(() => undefined);
    throw error;
  }
}

/** Parts of a database address that no log may show: its password, encoded and decoded. */
function databaseSecrets(url: string | null): string[] {
  const written = url === null ? '' : new URL(url).password;
  return written === '' ? [] : [written, decodeURIComponent(written)];
}

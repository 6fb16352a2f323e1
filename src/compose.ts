/** Parts that the program is put together from, whether it runs alone or as one of several nodes. */
import { resolve } from 'node:path';
import { Alerts, type AlertTuning } from './alerts/alerts.js';
import { type Api, type ApiOptions, createApi } from './api/server.js';
import { archivedDays } from './archive/keeper.js';
import { openLogFiles } from './logging/log-files.js';
import { Logger } from './logging/logger.js';
import { type Config, databaseOf } from './settings/config.js';
import type { ReaderOptions } from './store/reader-protocol.js';
import type { StoreOptions } from './store/store-options.js';
import { VERSION } from './util/version.js';

/** Where the settings place the stored books: what a reader is opened with. */
export function storePlace(config: Config): ReaderOptions {
  const path = databaseOf(config);
  return config.archivePath === '' ? { path } : { path, archivePath: resolve(config.archivePath) };
}

/** The store options given by the settings. */
export function storeSettings(config: Config): StoreOptions {
  const place = storePlace(config);
  const { archivePath } = place;
  return {
    ...place,
    flushMs: config.flushMs,
    retentionDays: config.retentionDays,
    maxBytes: config.maxDbBytes,
    logKeepDays: config.logKeepDays,
    snapshotEveryMs: config.snapshotEveryMs,
    ...(archivePath === undefined ? {} : { archived: () => archivedDays(archivePath) }),
  };
}

/**
 * Opens the log files, and a logger that writes to them.
 * @param quiet keeps the log off standard output
 * @param passwords secrets to hide in the log besides those among the settings
 * @throws {Error} with one clear line when the folder is not writable
 */
export async function openLog(
  config: Config,
  quiet: boolean,
  passwords: readonly (string | null)[],
) {
  const bounds = { keepDays: config.logKeepDays, maxBytes: config.maxLogBytes };
  const files = await openLogFiles(config.logPath, quiet, bounds, config.logFormat);
  const { apiToken, gopaxKeys, alertWebhookUrl } = config;
  const secrets = [
    apiToken,
    gopaxKeys?.apiKey,
    gopaxKeys?.secretKey,
    alertWebhookUrl,
    ...passwords,
  ];
  const logger = new Logger({
    level: config.logLevel,
    lang: config.logLang,
    secrets: secrets.filter((secret) => secret !== undefined && secret !== null),
  });
  logger.addSink(files.sink);
  return { files, logger };
}

/** What the API serves; the rest follows from the settings. */
type Served = Pick<
  ApiOptions,
  | 'bus'
  | 'reader'
  | 'stats'
  | 'sequences'
  | 'unkeptAt'
  | 'control'
  | 'consoleLinesLeftOut'
  | 'closeGraceMs'
>;

/**
 * Serves the API, and sends alerts if a webhook is set.
 * @param beforeListening done once the API follows the bus, before it answers any request
 * @throws {Error} with one clear line when the address cannot be bound
 */
export async function serveApi(
  config: Config,
  logger: Logger,
  served: Served,
  beforeListening: () => Promise<void> = async () => undefined,
  tuning?: AlertTuning,
): Promise<{ readonly url: string; readonly api: Api; readonly alerts: Alerts | null }> {
  let alerts: Alerts | null = null;
  const api = createApi({
    ...served,
    host: config.host,
    port: config.port,
    apiToken: config.apiToken,
    allowedHosts: config.allowedHosts,
    corsOrigins: config.corsOrigins,
    limits: config.limits,
    version: VERSION,
    metricsMarkets: config.metricsMarkets,
    alerts: () => alerts?.counts ?? null,
    readerIdleMs: config.readerIdleMs,
    onReaderIdle: (reader, idleMs) => logger.log('READER_IDLE', {}, { reader, idleMs }),
    log: {
      debug: () => undefined,
      info: () => undefined,
      warn: () => undefined,
      error: (...parts) => logger.log('API_UNEXPECTED_ERROR', {}, { reason: inWords(parts) }),
    },
  });
  await beforeListening();
  const { url } = await api.listen();
  if (config.alertWebhookUrl !== null) {
    const target = { url: config.alertWebhookUrl, lang: config.logLang };
    alerts = new Alerts(target, () => api.verdict, logger, tuning);
  }
  return { url, api, alerts };
}

function inWords(parts: readonly unknown[]): string {
  return parts.map((p) => (p instanceof Error ? (p.stack ?? p.message) : String(p))).join(' ');
}

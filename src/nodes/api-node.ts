import { setTimeout as pause } from 'node:timers/promises';
import type { Alerts } from '../alerts/alerts.js';
import type { Api } from '../api/server.js';
import { Bus } from '../bus.js';
import { serveApi, storePlace } from '../compose.js';
import type { Logger } from '../logging/logger.js';
import { type BusConnection, BusError } from '../nats/connection.js';
import { LogBooks } from '../nats/log-books.js';
import { newestBook } from '../nats/log-ends.js';
import type { LogState, LogStream } from '../nats/log-stream.js';
import { hear } from '../nats/hear.js';
import type { Config } from '../settings/config.js';
import { ReaderClient } from '../store/reader-client.js';
import type { LogEnd, SequenceState, StoreStats } from '../store/store-types.js';
import { COMMIT_SUBJECT, type CommitNotice, STORE_SUBJECT, type StoreReport } from './report.js';
import { RemoteControl } from './remote-control.js';
import { storeName } from './store-name.js';

/** What an API node works with. */
export interface ApiServices {
  readonly config: Config;
  readonly bus: BusConnection;
  readonly stream: LogStream;
  readonly logger: Logger;
  readonly consoleLinesLeftOut: () => number;
  readonly closeGraceMs: number;
  /** It cannot go on, for a reason that only a person can fix. */
  readonly onFatal: (error: Error) => void;
}

/** Messages read to catch up with what recorders have not stored; if there are more, only the newest. */
const MAX_BEHIND = 100_000;
/** Messages by which another API node may be ahead of this one. */
const MAX_AHEAD = 100_000;
const REPORT_SILENT_MS = 5_000;
const LOOK_MS = 1_000;
const WAIT_MS = 500;
/** Wait for a database that is filled from another log, ms: a recorder may be about to change that. */
const OTHER_LOG_MS = 10_000;

const NO_STATS: StoreStats = {
  queuedBooks: 0,
  queuedBytes: 0,
  storedBooks: 0,
  storedTrades: 0,
  droppedTrades: 0,
  droppedBooks: 0,
  droppedRecords: 0,
  lastFlushMs: null,
  flushMs: 0,
  failure: null,
  retentionHeld: null,
  disk: {
    databaseBytes: null,
    maxDatabaseBytes: null,
    freeBytes: null,
    growthBytesPerDay: null,
    daysUntilFull: null,
    warning: null,
  },
};

/** What has to be closed. */
interface ApiParts {
  readonly api: Api;
  readonly control: RemoteControl;
  readonly reader: ReaderClient;
  /** Stops reading the log. */
  readonly end: AbortController;
  /** Settles when that has ended. */
  readonly following: Promise<void>;
  readonly subscriptions: readonly { unsubscribe(): void }[];
  readonly alerts: Alerts | null;
}

/** Serves live books from the log and the past from the database. */
export class ApiNode {
  readonly url: string;
  readonly #parts: ApiParts;

  private constructor(url: string, parts: ApiParts) {
    this.url = url;
    this.#parts = parts;
  }

  /** Catches up with the log, then serves. @throws {Error} when the port cannot be opened */
  static async open(services: ApiServices): Promise<ApiNode> {
    const { config, bus: nats, stream, logger } = services;
    const reader = new ReaderClient(storePlace(config));
    const bus = new Bus();
    const end = new AbortController();
    const control = new RemoteControl(nats, config, reader, bus);
    try {
      const { place, state } = await waitForLog(services, reader);
      // The newest that recorders have stored is where all nodes agree; too far behind, it is not
      // worth it.
      const from = Math.max(place.offset, state.last - MAX_BEHIND, state.first - 1);
      const books = new LogBooks({
        bus,
        base: place.base,
        from,
        lastTimestamp: place.lastTimestamp,
        fetch: (seq) => stream.at(seq),
        stored: (market) => reader.newestBook(market),
        // Live books do not wait for the database; a market without a book here has an old one
        // there.
        newestAt: async () => null,
        onUnreadable: ({ subject, seq }, reason) =>
          nats.unreadable.publish({ subject, seq, reason }),
      });
      for (const last of await stream.lastOfEach('book.>')) {
        const book = await newestBook(stream, last);
        if (book !== null && book.seq <= from) books.restore(book);
      }
      const progress = { offset: place.offset, heardAt: performance.now() };
      const sequences = (): SequenceState => {
        const newest = place.base + books.position;
        const settled = Math.min(newest, place.base + progress.offset);
        // A reader that comes from another node may have seen more than this node has read.
        return { newest, settled, elsewhere: newest + MAX_AHEAD };
      };
      let stored: { readonly report: StoreReport; readonly heardAt: number } | null = null;
      const subscriptions: { unsubscribe(): void }[] = [
        hear<CommitNotice>(nats, COMMIT_SUBJECT, ({ offset, receivedAt }) => {
          if (!Number.isSafeInteger(offset) || !Array.isArray(receivedAt))
            throw new Error('it does not say how far the log is stored');
          progress.offset = Math.max(progress.offset, offset);
          progress.heardAt = performance.now();
          bus.commits.publish(receivedAt);
        }),
        hear<StoreReport>(nats, STORE_SUBJECT, (report) => {
          if (typeof report.stats !== 'object' || report.stats === null)
            throw new Error('it has no figures of a store');
          stored = { report, heardAt: performance.now() };
        }),
      ];
      // Recorders' reports may be lost on the way.
      const looking = setInterval(() => {
        if (performance.now() - progress.heardAt < REPORT_SILENT_MS) return;
        reader.logEnd().then(
          (found) => {
            if (found?.id === place.id) progress.offset = Math.max(progress.offset, found.offset);
          },
          () => undefined,
        );
      }, LOOK_MS);
      subscriptions.push({ unsubscribe: () => clearInterval(looking) });
      const begun = performance.now();
      const stats = (): StoreStats => {
        const silent = performance.now() - (stored?.heardAt ?? begun) > REPORT_SILENT_MS;
        const known = stored?.report.stats ?? NO_STATS;
        const failure = silent
          ? 'no recorder node stores; books wait in the log'
          : nats.connected
            ? known.failure
            : 'the bus is out of reach';
        return { ...known, failure, droppedBooks: known.droppedBooks + control.droppedBooks };
      };
      const following = stream
        .follow(
          from + 1,
          (entry) => books.take(entry),
          end.signal,
          (reason) => logger.log('BUS_TROUBLE', {}, { reason }),
        )
        .catch(services.onFatal);
      await control.refreshWishes();
      const { url, api, alerts } = await serveApi(config, logger, {
        bus,
        reader,
        stats,
        sequences,
        control,
        consoleLinesLeftOut: services.consoleLinesLeftOut,
        closeGraceMs: services.closeGraceMs,
      });
      return new ApiNode(url, { api, control, reader, end, following, subscriptions, alerts });
    } catch (error) {
      end.abort();
      control.close();
      await reader.close(0);
      throw error;
    }
  }

  /** Disconnects readers and shuts down. */
  async close(): Promise<void> {
    const { api, control, reader, end, following, subscriptions, alerts } = this.#parts;
    alerts?.close();
    await api.close();
    end.abort();
    for (const subscription of subscriptions) subscription.unsubscribe();
    control.close();
    await following;
    await reader.close(1_000);
  }
}

/**
 * Up to where in the log the database is filled, once a recorder has begun, and which messages the log
 * has.
 * @throws {BusError} when the database belongs to another log
 */
async function waitForLog(
  { bus, stream, config, logger }: ApiServices,
  reader: ReaderClient,
): Promise<{ place: LogEnd; state: LogState }> {
  const since = performance.now();
  for (let attempt = 0; ; attempt++) {
    let reason = 'no recorder node has begun to store the log';
    try {
      const [place, state] = await Promise.all([reader.logEnd(), stream.state()]);
      if (place !== null && place.id === state?.id) return { place, state };
      if (place !== null && state !== null && performance.now() - since > OTHER_LOG_MS) {
        throw new BusError(
          `${storeName(config)} is not filled from the log at ${bus.address.shown}, but from that of other NATS servers; set the DATABASE_URL of the recorders of this bus`,
        );
      }
    } catch (error) {
      if (error instanceof BusError) throw error;
      reason = (error as Error).message;
    }
    if (attempt === 4) logger.log('NODE_WAITS', {}, { what: reason });
    await pause(WAIT_MS);
  }
}

import type { ArchivedDay } from './archived.js';

/** How to open the store. Everything but the path has a default. */
export interface StoreOptions {
  /** The database: a file, made with its folder when there is none, or a `postgresql://` address. */
  readonly path: string;
  /** A changed book so long after its market's last whole one is stored whole, ms; 0 = each. 60000. */
  readonly snapshotEveryMs?: number | undefined;
  /** How long books gather before they are written, ms. 100. */
  readonly flushMs?: number | undefined;
  /** Books of one batch at most; so many waiting are written at once. 4000. */
  readonly maxBatch?: number | undefined;
  /** Books that may wait for the disk. 200000. */
  readonly maxQueuedBooks?: number | undefined;
  /** Estimated bytes of books that may wait. 256 MiB. */
  readonly maxQueuedBytes?: number | undefined;
  /** First and longest wait after a failed write, ms; doubled each time. 100 and 5000. */
  readonly retryMs?: number | undefined;
  readonly maxRetryMs?: number | undefined;
  /** How often a sign of life is written, ms. 1000. */
  readonly heartbeatMs?: number | undefined;
  /** Sequences reserved ahead, lost at most in a crash. 10 million. */
  readonly sequenceBlock?: number | undefined;
  /** Books older than so many days are deleted; 0 keeps all. 0. */
  readonly retentionDays?: number | undefined;
  /** Bytes that the file and its log may have; beyond, the oldest books go; 0 = no bound. 0. */
  readonly maxBytes?: number | undefined;
  /** Folder of the archive, which answers for what has been deleted; absent = there is none. */
  readonly archivePath?: string | undefined;
  /** Days of the archive that books must be in before deletion; absent = there is no archive. */
  readonly archived?: (() => Promise<readonly ArchivedDay[]>) | undefined;
  /** The time of a sign of life, Unix ms; may put gaps before it answers. Date.now. */
  readonly now?: (() => number) | undefined;
  /** Log records older than so many days are deleted; 0 keeps all within their number. 0. */
  readonly logKeepDays?: number | undefined;
  /** Files that were taken away are put back after so long: whoever removes a folder shall be done, ms. 2000. */
  readonly putBackMs?: number | undefined;
  /** Books of a piece at most, where the engine keeps them in pieces. */
  readonly pieceBooks?: number | undefined;
  /**
   * Stores on one server may have the database open together, each filled from the same log
   * (`Store.fillFromLog`): of two that are about to store the same part of it one is refused
   * (`Store.onLogMoved`). An SQLite file has one writer in any case. false.
   */
  readonly shared?: boolean | undefined;
  /** For tests of a full disk: the size in pages that the file may reach. */
  readonly maxPages?: number | undefined;
}

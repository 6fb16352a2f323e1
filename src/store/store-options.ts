import type { ArchivedDay } from './archived.js';

/** How to open the store. Everything but the path has a default. */
export interface StoreOptions {
  /** The database: a file, created with its folder if missing, or a `postgresql://` address. */
  readonly path: string;
  /** A changed book this long after its market's last whole one is stored whole, ms; 0 = each. 60000. */
  readonly snapshotEveryMs?: number | undefined;
  /** How long books are batched before they are written, ms. 100. */
  readonly flushMs?: number | undefined;
  /** Maximum books per batch; when this many are queued they are written at once. 4000. */
  readonly maxBatch?: number | undefined;
  /** Maximum number of books waiting for the disk. 200000. */
  readonly maxQueuedBooks?: number | undefined;
  /** Maximum estimated bytes of waiting books. 256 MiB. */
  readonly maxQueuedBytes?: number | undefined;
  /** First and longest wait after a failed write, ms; doubled each time. 100 and 5000. */
  readonly retryMs?: number | undefined;
  readonly maxRetryMs?: number | undefined;
  /** Heartbeat interval, ms. 1000. */
  readonly heartbeatMs?: number | undefined;
  /** Sequences reserved ahead, at most lost in a crash. 10 million. */
  readonly sequenceBlock?: number | undefined;
  /** Books older than this many days are deleted; 0 keeps all. 0. */
  readonly retentionDays?: number | undefined;
  /** Maximum bytes of the file and its log, beyond which the oldest books are deleted; 0 = unlimited. 0. */
  readonly maxBytes?: number | undefined;
  /** Folder of the archive, which answers for what has been deleted; absent = none. */
  readonly archivePath?: string | undefined;
  /** Days of the archive that books must be in before deletion; absent = there is no archive. */
  readonly archived?: (() => Promise<readonly ArchivedDay[]>) | undefined;
  /** The time of a heartbeat, Unix ms; reading it may add gaps. Date.now. */
  readonly now?: (() => number) | undefined;
  /** Log records older than this many days are deleted; 0 keeps all within their maximum number. 0. */
  readonly logKeepDays?: number | undefined;
  /**
   * Delay before files that were taken away are restored, so that whoever removes a folder can
   * finish, ms. 2000.
   */
  readonly putBackMs?: number | undefined;
  /** Maximum books per partition, where the engine partitions them. */
  readonly pieceBooks?: number | undefined;
  /**
   * Whether several stores may have the database on one server open together, each filled from the
   * same log (`Store.fillFromLog`): if two are about to store the same part of it, one is refused
   * (`Store.onLogMoved`). An SQLite file always has a single writer. false.
   */
  readonly shared?: boolean | undefined;
  /** For tests of a full disk: maximum size of the file in pages. */
  readonly maxPages?: number | undefined;
}

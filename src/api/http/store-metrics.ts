import type { ArchiveStats, DiskStats, StoreStats } from '../../store/store-types.js';
import type { MetricSet, Sample } from './metric-set.js';

/**
 * Metrics of the database, its disk and the archive. Statistics are read once per scrape, by the
 * first metric.
 */
export function addStoreMetrics(set: MetricSet, stats: () => StoreStats): void {
  let store = stats();
  type Read<Of> = (of: Of) => number | null;
  const sample = (value: number | null): Sample[] => (value === null ? [] : [[{}, value]]);
  const gauge = (name: string, help: string, read: Read<StoreStats>): void =>
    set.gauge(name, help, [], () => sample(read(store)));
  const count = (name: string, help: string, read: Read<StoreStats>): void =>
    set.count(name, help, [], () => sample(read(store)));
  const disk = (name: string, help: string, read: Read<DiskStats>): void =>
    gauge(name, help, (of) => read(of.disk));
  const archive = (name: string, help: string, read: Read<ArchiveStats>): void =>
    gauge(name, help, (of) => (of.archive ? read(of.archive) : null));
  set.gauge('orderbook_store_queued_books', 'Books waiting to be written.', [], () => {
    store = stats();
    return sample(store.queuedBooks);
  });
  gauge('orderbook_store_queued_bytes', 'Estimated bytes of those.', (of) => of.queuedBytes);
  count('orderbook_store_stored_books_total', 'Books written.', (of) => of.storedBooks);
  count(
    'orderbook_store_dropped_books_total',
    'Books that could not be kept; each is inside a gap.',
    (of) => of.droppedBooks,
  );
  count('orderbook_store_trades_total', 'Trades written to the database.', (of) => of.storedTrades);
  count(
    'orderbook_store_dropped_trades_total',
    'Trades that could not be kept.',
    (of) => of.droppedTrades,
  );
  count(
    'orderbook_store_dropped_records_total',
    'Gaps and log entries that could not be kept.',
    (of) => of.droppedRecords,
  );
  gauge(
    'orderbook_store_last_flush_seconds',
    'Duration of the last write; absent before the first.',
    ({ lastFlushMs }) => (lastFlushMs === null ? null : lastFlushMs / 1000),
  );
  gauge('orderbook_store_failing', '1 while nothing can be written.', ({ failure }) =>
    failure === null ? 0 : 1,
  );
  disk('orderbook_database_bytes', 'Size of the database and its log.', (of) => of.databaseBytes);
  disk(
    'orderbook_disk_free_bytes',
    "Free space on the database's file system.",
    (of) => of.freeBytes,
  );
  disk(
    'orderbook_disk_full_days',
    "Days until that is full at the last day's growth; absent while unknown, or never.",
    (of) => of.daysUntilFull,
  );
  archive(
    'orderbook_archive_bytes',
    'Size of the archive as of the last attempt to archive; absent without one.',
    (of) => of.bytes,
  );
  archive('orderbook_archive_days', 'Days in the archive; absent without one.', (of) => of.allDays);
  archive(
    'orderbook_archive_free_bytes',
    "Free space on the archive's file system; absent without one.",
    (of) => of.freeBytes,
  );
  archive(
    'orderbook_archive_failing',
    '1 while closed days cannot be archived; absent without an archive.',
    ({ failure }) => (failure === null ? 0 : 1),
  );
}

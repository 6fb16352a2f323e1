import type { ArchiveStats, DiskStats, StoreStats } from '../../store/store-types.js';
import type { MetricSet, Sample } from './metric-set.js';

/** The database, its disk and the archive. They are looked at once a scrape, by the first of these. */
export function addStoreMetrics(set: MetricSet, stats: () => StoreStats): void {
  let store = stats();
  const one = (pick: (store: StoreStats) => number) => (): Sample[] => [[{}, pick(store)]];
  set.gauge('orderbook_store_queued_books', 'Books waiting to be written.', [], () => {
    store = stats();
    return [[{}, store.queuedBooks]];
  });
  set.gauge(
    'orderbook_store_queued_bytes',
    'Estimated bytes of those.',
    [],
    one((store) => store.queuedBytes),
  );
  set.count(
    'orderbook_store_stored_books_total',
    'Books written.',
    [],
    one((store) => store.storedBooks),
  );
  set.count(
    'orderbook_store_dropped_books_total',
    'Books that could not be kept; each is inside a gap.',
    [],
    one((store) => store.droppedBooks),
  );
  set.count(
    'orderbook_store_trades_total',
    'Trades written to the database.',
    [],
    one((store) => store.storedTrades),
  );
  set.count(
    'orderbook_store_dropped_trades_total',
    'Trades that could not be kept.',
    [],
    one((store) => store.droppedTrades),
  );
  set.count(
    'orderbook_store_dropped_records_total',
    'Gaps and log entries that could not be kept.',
    [],
    one((store) => store.droppedRecords),
  );
  set.gauge(
    'orderbook_store_last_flush_seconds',
    'Duration of the last write; absent before the first.',
    [],
    () => {
      const { lastFlushMs } = store;
      return lastFlushMs === null ? [] : [[{}, lastFlushMs / 1000]];
    },
  );
  set.gauge(
    'orderbook_store_failing',
    '1 while nothing can be written.',
    [],
    one((store) => (store.failure === null ? 0 : 1)),
  );
  const known = (pick: (disk: DiskStats) => number | null) => (): Sample[] => {
    const value = pick(store.disk);
    return value === null ? [] : [[{}, value]];
  };
  set.gauge(
    'orderbook_database_bytes',
    'Size of the database and its log.',
    [],
    known((disk) => disk.databaseBytes),
  );
  set.gauge(
    'orderbook_disk_free_bytes',
    'Free space of the file system of the database.',
    [],
    known((disk) => disk.freeBytes),
  );
  set.gauge(
    'orderbook_disk_full_days',
    'Days until that is full at the growth of the last day; absent while not known, or never.',
    [],
    known((disk) => disk.daysUntilFull),
  );
  const archived = (pick: (archive: ArchiveStats) => number | null) => (): Sample[] => {
    const { archive } = store;
    const value = archive === null || archive === undefined ? null : pick(archive);
    return value === null ? [] : [[{}, value]];
  };
  set.gauge(
    'orderbook_archive_bytes',
    'Size of the archive, as of the last try to archive; absent without one.',
    [],
    archived((archive) => archive.bytes),
  );
  set.gauge(
    'orderbook_archive_days',
    'Days in the archive; absent without one.',
    [],
    archived((archive) => archive.allDays),
  );
  set.gauge(
    'orderbook_archive_free_bytes',
    'Free space of the file system of the archive; absent without one.',
    [],
    archived((archive) => archive.freeBytes),
  );
  set.gauge(
    'orderbook_archive_failing',
    '1 while closed days cannot be archived; absent without an archive.',
    [],
    archived((archive) => (archive.failure === null ? 0 : 1)),
  );
}

import { BurstGate } from './logging/burst-gate.js';
import { localTime, type Logger } from './logging/logger.js';
import type { Store } from './store/store-types.js';

/** Logs the events of a store: overflow, failures, deletions, a disk filling up. */
export function logStore(store: Store, logger: Logger): void {
  const overflows = new BurstGate();
  let unsaid = 0;
  store.onOverflow((leftOut) => {
    if (leftOut === null) {
      const suppressed = overflows.pass('overflow');
      if (suppressed !== null) logger.log('QUEUE_OVERFLOW', {}, { suppressed });
      return;
    }
    unsaid += leftOut;
    if (overflows.pass('drained') === null) return;
    logger.log('QUEUE_DRAINED', {}, { books: unsaid });
    unsaid = 0;
  });
  store.onFailure((reason) => {
    if (reason === null) logger.log('STORE_RECOVERED', {}, undefined);
    else logger.log('STORE_FAILED', {}, { reason });
  });

  store.onPutBack((putBack) => logger.log('DATABASE_PUT_BACK', {}, putBack));
  store.onRetired((retired) => logger.log('BOOKS_RETIRED', {}, retired));
  store.onRetentionHeld((held) => {
    if (held === null) return logger.log('RETENTION_RESUMED', {}, undefined);
    const { clock, believed } = held;
    logger.log('RETENTION_HELD', {}, { clock: localTime(clock), believed: localTime(believed) });
  });
  store.onRetentionWaiting((setting) => {
    if (setting !== null) logger.log('RETENTION_WAITS', {}, { setting });
  });
  store.onDiskWarning(({ daysUntilFull, freeBytes, growthBytesPerDay }) => {
    const figures = { freeBytes: freeBytes ?? 0, growthBytesPerDay: growthBytesPerDay ?? 0 };
    logger.log('DISK_FILLING', {}, { days: daysUntilFull ?? 0, ...figures });
  });
}

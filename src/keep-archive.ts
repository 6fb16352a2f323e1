import { resolve } from 'node:path';
import { ArchiveKeeper } from './archive/keeper.js';
import type { Logger } from './logging/logger.js';
import type { Config } from './settings/config.js';
import type { Store } from './store/store-types.js';

/** Archives closed days while the recorder is storing, and logs the results. */
export function keepArchive(config: Config, store: Store, logger: Logger): ArchiveKeeper {
  const options = {
    folder: resolve(config.archivePath),
    dbPath: config.databaseUrl ?? resolve(config.dbPath),
    afterDays: config.archiveAfterDays,
    now: () => store.now(),
  };
  return new ArchiveKeeper(options, {
    onDay: ({ date, books, trades, bytes, ms }) =>
      logger.log('DAY_ARCHIVED', {}, { date, books, trades, bytes, lastedMs: ms }),
    onFailure: (reason) => {
      if (reason === null) logger.log('ARCHIVE_RECOVERED', {}, undefined);
      else logger.log('ARCHIVE_FAILED', {}, { reason });
    },
  });
}

/** `npm run backup -- FILE`: a copy of the database, even while it is recording. */
import { loadSettings, readPastSettings } from '../settings/config.js';
import { exitOnUsageError, readCommandLine, UsageError } from '../util/command-line.js';
import { backUp } from './backup.js';
import { StoreError } from './errors.js';

const USAGE = `usage: npm run backup -- FILE
Copies the SQLite database of DB_PATH to FILE as it is at one moment, also while a recorder writes
it, and reads the copy back. FILE must not exist. With ARCHIVE_PATH the manifests of the archive
are copied to FILE.archive; its Parquet files never change, so copy them with rsync or the like. To
restore, stop the recorder and put FILE in the place of DB_PATH, without the -wal and -shm files
that lay beside it. A database of PostgreSQL (DATABASE_URL) is copied with its own pg_dump.`;

async function main(): Promise<void> {
  const { positionals } = readCommandLine({ usage: USAGE, options: {}, words: true });
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0) throw new UsageError('name one file; see --help');
  loadSettings();
  const started = performance.now();
  const { dbPath, databaseUrl, archivePath } = readPastSettings(process.env);
  if (databaseUrl !== null) {
    throw new StoreError(
      `the database is in PostgreSQL (DATABASE_URL); back it up with its own tool: pg_dump --format=custom --file=${file} "$DATABASE_URL"`,
    );
  }
  const { bytes, books, newest, archivedDays } = await backUp(dbPath, file, archivePath);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stderr.write(
    `${file}: ${books} stored books up to sequence ${newest}, ${bytes} bytes, verified, ` +
      `${archivedDays === null ? '' : `with the manifests of ${archivedDays} archived days, `}${seconds} s\n`,
  );
}

main().catch((error: unknown) => {
  if (error instanceof UsageError) exitOnUsageError('backup', error);
  process.stderr.write(`backup: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});

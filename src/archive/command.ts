import { existsSync, realpathSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import {
  databaseOf,
  loadSettings,
  type PastSettings,
  readPastSettings,
} from '../settings/config.js';
import { canonicalLocation, openEngine } from '../store/engine/open.js';
import { archiveClosedDays } from './archive.js';
import { checkArchive } from './check.js';
import { reasonOf } from '../parquet/errors.js';
import { dateOf, isDate } from '../parquet/layout.js';
import { rowsOfDay } from '../parquet/manifest.js';
import { UsageError } from '../util/command-line.js';

const USAGE = `usage: npm run archive -- [verify [DATE]]
Archives all days that ended at least ARCHIVE_AFTER_DAYS days ago. With verify it reads all days
back, or that of DATE (2026-11-25, UTC), and compares them with their manifests and the database.
The archive is ARCHIVE_PATH, the database DATABASE_URL or DB_PATH; a recorder may go on recording.
More: docs/archive.md`;

/** Archives. @returns the exit code */
async function archiveNow(past: PastSettings): Promise<number> {
  const { archivePath, archiveAfterDays } = past;
  const task = {
    folder: archivePath,
    dbPath: await canonicalLocation(databaseOf(past)),
    afterDays: archiveAfterDays,
    now: Date.now(),
  };
  const count = await archiveClosedDays(task, ({ manifest, seconds }) => {
    const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
    process.stdout.write(
      `${manifest.date}: ${rowsOfDay(manifest, 'books')} books, ${rowsOfDay(manifest, 'trades')} trades, ` +
        `${bytes} bytes, ${seconds.toFixed(1)} s\n`,
    );
  });
  if (count === 0) process.stdout.write('nothing to archive\n');
  return 0;
}

/** Verifies. @returns the exit code */
async function verifyNow(past: PastSettings, date: string | undefined): Promise<number> {
  const { archivePath } = past;
  const dbPath = await canonicalLocation(databaseOf(past));
  const there = await (await openEngine(dbPath)).exists();
  if (date !== undefined && !existsSync(archivePath)) {
    throw new Error(`there is no archive at ${archivePath}`);
  }
  let wrong = 0;
  let days = 0;
  for await (const day of checkArchive(archivePath, there ? dbPath : null, date)) {
    days++;
    if (day.problems.length === 0) {
      process.stdout.write(
        `${day.date}: ${day.books} books and ${day.trades} trades as archived; the database: ${day.database}\n`,
      );
      continue;
    }
    wrong++;
    for (const problem of day.problems) process.stderr.write(`archive: ${problem}\n`);
  }
  if (days === 0) process.stdout.write('nothing is archived\n');
  return wrong === 0 ? 0 : 1;
}

/** The command `npm run archive`. @returns its exit code. */
async function archiveCommand(args: readonly string[]): Promise<number> {
  try {
    if (args.includes('--help') || args.includes('-h')) {
      process.stdout.write(`${USAGE}\n`);
      return 0;
    }
    const [verb, date, ...more] = args;
    if (verb !== undefined && verb !== 'verify') {
      throw new UsageError(`${JSON.stringify(verb)} is unknown; use verify or --help`);
    }
    if (date !== undefined && !isDate(date)) {
      throw new UsageError(
        `${JSON.stringify(date)} is not a day; write it as ${dateOf(Date.now())}`,
      );
    }
    if (more.length > 0) throw new UsageError(`name one day, not ${args.slice(1).join(' and ')}`);
    loadSettings();
    const past = readPastSettings(process.env);
    if (past.archivePath === '') {
      throw new Error('ARCHIVE_PATH is not set; it must name the archive folder');
    }
    return await (verb === 'verify' ? verifyNow(past, date) : archiveNow(past));
  } catch (error) {
    process.stderr.write(`archive: ${reasonOf(error)}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

const started = process.argv[1];
if (started !== undefined && import.meta.url === pathToFileURL(realpathSync(started)).href) {
  process.exitCode = await archiveCommand(process.argv.slice(2));
}

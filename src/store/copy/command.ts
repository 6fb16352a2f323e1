/** `npm run copy -- --from sqlite:FILE --to postgresql://…`: moves a history to a server. */
import { databaseUrlProblem, loadSettings, readPastSettings } from '../../settings/config.js';
import { exitOnUsageError, readCommandLine, UsageError } from '../../util/command-line.js';
import { failureText } from '../errors.js';
import { ProgressBar } from '../export/progress.js';
import { copyHistory } from './copy.js';

const USAGE = `usage: npm run copy -- [--from sqlite:FILE] [--to postgresql://user:password@host:port/database]
Copies all that is recorded in an SQLite file into a database of PostgreSQL, with its sequence
numbers, and reads both back: every book, trade and record is compared. The file stays as it is.
  --from sqlite:FILE  the file (default: DB_PATH)
  --to ADDRESS        an empty database, or one with an earlier copy of this file (default:
                      DATABASE_URL, which keeps a password out of the command line)
Interrupted and started again it goes on. A recorder may go on writing the file: what is copied is
what was there when the copy began. Stop it then and copy again, which brings only what is new;
then start it with DATABASE_URL.
Exit code: 0 copied and equal, 1 failed, 2 wrong usage.`;

const SQLITE = 'sqlite:';

/** The source and target from the command line and the settings. @throws {UsageError} */
function readPlaces(): { from: string; to: string } {
  const text = { type: 'string' } as const;
  const { values } = readCommandLine({ usage: USAGE, options: { from: text, to: text } });
  if (values.from !== undefined && !/^sqlite:./.test(values.from)) {
    throw new UsageError(
      `--from is ${JSON.stringify(values.from)}; it must be sqlite:FILE, for example sqlite:./data/orderbook.db`,
    );
  }
  const problem = values.to === undefined ? null : databaseUrlProblem(values.to, '--to');
  if (problem !== null || values.to === '') {
    throw new UsageError(
      problem ?? '--to is empty; it must be postgresql://user:password@host:port/database',
    );
  }
  loadSettings();
  const { dbPath, databaseUrl } = readPastSettings(process.env);
  const to = values.to ?? databaseUrl;
  if (to === null) {
    throw new UsageError(
      '--to is missing; name the PostgreSQL database, postgresql://user:password@host:port/database, there or in DATABASE_URL',
    );
  }
  return { from: values.from?.slice(SQLITE.length) ?? dbPath, to };
}

async function main(): Promise<void> {
  const places = readPlaces();
  const started = performance.now();
  let bar = new ProgressBar(null);
  const copied = await copyHistory({
    ...places,
    onStep: (step, range) => {
      bar.end();
      if (process.stderr.isTTY) process.stderr.write(`${step}\n`);
      bar = new ProgressBar(range);
    },
    onSequence: (sequence) => bar.update(sequence),
  });
  bar.end();
  const { books, trades, markets, target, recording } = copied;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stdout.write(
    `${target}: ${books} books and ${trades} trades of ${markets} markets copied from ${places.from}, verified as equal, ${seconds} s` +
      `${recording ? '; a recorder is still writing that file: stop it and copy again to transfer what was added since' : ''}\n`,
  );
}

main().catch((error: unknown) => {
  if (error instanceof UsageError) exitOnUsageError('copy', error);
  process.stderr.write(`copy: ${failureText(error)}\n`);
  process.exit(1);
});

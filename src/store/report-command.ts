import { dateOf, dayStart, reportMarkdown } from '../market/day-report.js';
import { loadSettings, readPastSettings } from '../settings/config.js';
import { exitOnUsageError, readCommandLine, UsageError } from '../util/command-line.js';
import { failureText } from './errors.js';
import { silenceNote } from './export/notes.js';
import { openPast } from './past.js';
import { Reader } from './reader.js';

const USAGE = `usage: npm run report -- [--date 2026-11-25] [--format md|json]
How well each market was recorded in a day (UTC), the worst first.
  --date D        the day (default: the newest that has something)
  --format md     Markdown (default) or json
The database is DATABASE_URL or DB_PATH (default ./data/orderbook.db); a recorder may go on
recording.`;

const { values } = read();
const from = readDate(values.date);

/** Parses the command line, or ends the process. */
function read() {
  try {
    const text = { type: 'string' } as const;
    const line = readCommandLine({ usage: USAGE, options: { date: text, format: text } });
    const { format = 'md', date } = line.values;
    if (format !== 'md' && format !== 'json') {
      throw new UsageError(`--format is "${format}"; it must be md or json`);
    }
    return { values: { format, date } };
  } catch (error) {
    return exitOnUsageError('report', error);
  }
}

/** The first ms of a day, or ends the process. */
function readDate(date: string | undefined): number | undefined {
  if (date === undefined) return undefined;
  const start = dayStart(date);
  if (start !== null && start <= Date.now()) return start;
  const wrong = start === null ? `must be a day such as ${dateOf(Date.now())}` : 'is in the future';
  return exitOnUsageError('report', new UsageError(`--date is "${date}"; it ${wrong}`));
}

async function run(): Promise<void> {
  loadSettings();
  const reader = new Reader(await openPast(readPastSettings(process.env)));
  try {
    const report = await reader.dayReport(from);
    if (report === null) throw new Error('nothing has been recorded yet');
    process.stdout.write(
      values.format === 'md' ? reportMarkdown(report) : `${JSON.stringify(report, null, 2)}\n`,
    );
    const since = await reader.silentSince();
    if (since !== null && since < report.to) process.stderr.write(`note: ${silenceNote(since)}\n`);
  } finally {
    await reader.close();
  }
}

// A reader that closes after the first lines has what it wanted.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});
await run().catch((error: unknown) => {
  process.stderr.write(`report: ${failureText(error)}\n`);
  process.exitCode = 1;
});

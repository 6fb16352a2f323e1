import { EXCHANGES, isExchange, type Exchange } from '../market/exchange.js';
import { type Config, loadSettings, readDoctorSettings } from '../settings/config.js';
import { exitOnUsageError, readCommandLine, UsageError } from '../util/command-line.js';
import { reasonOf } from '../util/reason.js';
import { notify } from './alerting.js';
import { GROUPS } from './evidence.js';
import { examine, type Examination } from './examine.js';
import { SHEETS } from './facts/sheets.js';
import { Recording } from './recording.js';
import { reportJson, reportText } from './report.js';

const USAGE = `usage: npm run doctor -- [EXCHANGE…] [--long] [--record DIR] [--format text|json]
Asks the exchanges whether the protocol facts in docs/exchanges that the recorder relies on hold.
Without an EXCHANGE: all five at once, about a minute. Needs no key and probes no limit. Best run
while no recorder runs at the same address, since both count towards the same limits.
  --long        also measure how long idle sockets stay open, three minutes more
  --record DIR  keep all raw messages with their times in DIR, one file per exchange
  --format F    text (default), a table, or json
Each fact is CONFIRMED, CONTRADICTED or NOT SEEN. Exit code 1 when one is contradicted, or when an
exchange cannot be reached. ALERT_WEBHOOK_URL, if set, is notified of newly contradicted facts of an
exchange, and when all are confirmed again. Addresses are set as for the recorder: UPBIT_WS_URL, ...`;

interface Task {
  readonly exchanges: readonly Exchange[];
  readonly long: boolean;
  readonly folder: string | undefined;
  readonly format: 'text' | 'json';
}

const task = readTask();
await run(task).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    process.stderr.write(`doctor: ${reasonOf(error)}\n`);
    process.exitCode = 1;
  },
);

/** Parses the command line, or ends the process. */
function readTask(): Task {
  try {
    const { values, positionals } = readCommandLine({
      usage: USAGE,
      words: true,
      options: {
        long: { type: 'boolean', default: false },
        record: { type: 'string' },
        format: { type: 'string', default: 'text' },
      },
    });
    const { long, record: folder, format } = values;
    if (format !== 'text' && format !== 'json')
      throw new UsageError(`--format is "${format}"; it must be text or json`);
    if (folder?.trim() === '') throw new UsageError('--record is empty; it must name a folder');
    const names = positionals.map((word) => word.toUpperCase());
    const wrong = names.findIndex((name) => !isExchange(name));
    if (wrong !== -1)
      throw new UsageError(
        `there is no exchange ${positionals[wrong]!}; there are ${EXCHANGES.join(', ')}`,
      );
    const exchanges = names.length === 0 ? EXCHANGES : EXCHANGES.filter((e) => names.includes(e));
    return { exchanges, long, folder, format };
  } catch (error) {
    return exitOnUsageError('doctor', error);
  }
}

/** @returns the exit code */
async function run({ exchanges, long, folder, format }: Task): Promise<number> {
  loadSettings();
  const settings = readDoctorSettings(process.env);
  const results = await Promise.all(
    exchanges.map((exchange) => examineOne(exchange, settings.urls, long, folder)),
  );
  process.stdout.write(format === 'json' ? reportJson(results) : reportText(results));
  await notify(results, settings);
  const bad = results.some(
    ({ reached, findings }) =>
      !reached || findings.some(({ verdict }) => verdict === 'CONTRADICTED'),
  );
  return bad ? 1 : 0;
}

async function examineOne(
  exchange: Exchange,
  urls: Config['urls'],
  long: boolean,
  folder: string | undefined,
): Promise<Examination> {
  const recording = folder === undefined ? null : await Recording.open(folder, exchange);
  const groups = GROUPS.filter((group) => long || group !== 'idle');
  const parts = { sheet: SHEETS[exchange], urls: urls[exchange], recording, second: 1000 };
  const result = await examine(parts, groups);
  await recording?.close();
  return result;
}

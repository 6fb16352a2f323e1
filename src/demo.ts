import { ConfigError, loadSettings, readConfig } from './settings/config.js';
import { demoNodes } from './cluster/demo.js';
import { findPrograms } from './cluster/programs.js';
import { runUntilStopped } from './run.js';
import { startSimulators } from './simulator/simulators.js';
import { StoreError } from './store/errors.js';
import { exitOnUsageError, readCommandLine, UsageError } from './util/command-line.js';

const USAGE = `usage: npm run demo -- [--nodes N]
Runs the five simulated exchanges and a recorder of them, offline, with a separate database and
logs, until SIGINT or SIGTERM. Settings of .env hold, but for addresses and paths.
  --nodes N  N nodes of several roles instead of one process, with PostgreSQL and NATS of their
             own, which must be installed; one may be killed meanwhile`;

/** Database and logs of the demo, separate from those of the real recorder. */
const DEMO_DB = './data/demo.db';
const DEMO_LOGS = './logs/demo';
/** Maximum number of nodes on one machine. */
const MOST_NODES = 20;

/**
 * `npm run demo`: the five simulated exchanges and a recorder recording them, offline. Settings in
 * `.env` apply, except the exchanges' addresses, the database and the log folder.
 */
async function main(): Promise<void> {
  const { values } = readCommandLine({ usage: USAGE, options: { nodes: { type: 'string' } } });
  const nodes = values.nodes === undefined ? null : nodeCount(values.nodes);
  loadSettings();
  if (nodes !== null) findPrograms();
  const simulators = await startSimulators({ control: true, ledger: 0 });
  try {
    const settings = {
      COLLECT: '*:BTC-KRW,*:ETH-KRW,*:XRP-KRW,*:USDT-KRW',
      CHANNELS: 'orderbook,trade',
      ...process.env,
    } as Record<string, string>;
    if (nodes !== null) {
      await demoNodes(nodes, DEMO_LOGS, simulators, settings);
      await simulators.close();
      process.exit(0);
    }
    const config = readConfig({
      ...settings,
      ...simulators.env,
      DB_PATH: DEMO_DB,
      DATABASE_URL: '',
      LOG_PATH: DEMO_LOGS,
    });
    await runUntilStopped(
      config,
      (app) => {
        process.stdout.write(
          `\n  Five simulated exchanges are being recorded into ${DEMO_DB}.\n` +
            `  Open ${app.url} for the dashboard, ${app.url}/graphql to try the API.\n` +
            `  Faults to try: ${simulators.controlUrl}\n` +
            '  Press Ctrl+C to stop.\n\n',
        );
      },
      () => simulators.close(),
    );
  } catch (error) {
    await simulators.close();
    throw isTaken(error)
      ? new Error(`another demo is already recording into ${DEMO_DB}; stop that one first`)
      : error;
  }
}

/** Whether another demo runs. What helps a recorder then, another DB_PATH, does not help this one. */
function isTaken(error: unknown): boolean {
  return error instanceof StoreError && error.code?.startsWith('SQLITE_BUSY') === true;
}

/** @throws {UsageError} */
function nodeCount(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= MOST_NODES) return count;
  throw new UsageError(`--nodes must be a whole number from 1 to ${MOST_NODES}, not "${text}"`);
}

main().catch((error: unknown) => {
  if (error instanceof UsageError) exitOnUsageError('demo', error);
  const lines = error instanceof ConfigError ? error.problems : [(error as Error).message];
  for (const line of lines) process.stderr.write(`cannot start the demo: ${line}\n`);
  process.exit(1);
});

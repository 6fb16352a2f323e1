import { ConfigError, loadSettings, readConfig } from './settings/config.js';
import { runUntilStopped } from './run.js';
import { startSimulators } from './simulator/simulators.js';
import { exitOnUsageError, readCommandLine, UsageError } from './util/command-line.js';

const USAGE = `npm run demo
Runs the five simulated exchanges and a recorder of them, offline, with a separate database and logs,
until SIGINT or SIGTERM. It takes no flags; settings of .env hold, but for addresses and paths.`;

/** Database and logs of the demo, apart from those of the real recorder. */
const DEMO_DB = './data/demo.db';
const DEMO_LOGS = './logs/demo';

/**
 * `npm run demo`: the five simulated exchanges and the recorder that records them, offline. Settings
 * of `.env` hold, but for the addresses of the exchanges, the database and the log folder.
 */
async function main(): Promise<void> {
  readCommandLine({ usage: USAGE, options: {} });
  loadSettings();
  const simulators = await startSimulators({ control: true, ledger: 0 });
  try {
    const settings = {
      COLLECT: '*:BTC-KRW,*:ETH-KRW,*:XRP-KRW,*:USDT-KRW',
      CHANNELS: 'orderbook,trade',
      ...process.env,
    };
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
            '  Ctrl+C ends it.\n\n',
        );
      },
      () => simulators.close(),
    );
  } catch (error) {
    await simulators.close();
    throw error;
  }
}

main().catch((error: unknown) => {
  if (error instanceof UsageError) exitOnUsageError(error);
  const lines = error instanceof ConfigError ? error.problems : [(error as Error).message];
  for (const line of lines) process.stderr.write(`cannot start the demo: ${line}\n`);
  process.exit(1);
});

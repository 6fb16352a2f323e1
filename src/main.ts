import { ConfigError, loadSettings, readConfig } from './settings/config.js';
import { flushConsole } from './logging/console.js';
import { runUntilStopped } from './run.js';
import { exitOnUsageError, readCommandLine, UsageError } from './util/command-line.js';

const USAGE = `usage: npm start
Records the order books of the markets in COLLECT and serves them, until SIGINT or SIGTERM. It
takes no flags: settings stand in the environment or in the file .env, and .env.example describes
each.`;

/** `npm start`: reads the settings and runs the recorder until SIGINT or SIGTERM. */
async function main(): Promise<void> {
  try {
    readCommandLine({ usage: USAGE, options: {} });
    loadSettings();
    await runUntilStopped(readConfig(process.env));
  } catch (error) {
    if (error instanceof UsageError) exitOnUsageError('start', error);
    if (error instanceof ConfigError) {
      process.stderr.write('The settings are invalid; nothing was started:\n');
      for (const problem of error.problems) process.stderr.write(`  - ${problem}\n`);
    } else {
      process.stderr.write(
        `cannot start: ${error instanceof Error ? error.message : String(error)}\n`,
      );
    }
    await flushConsole(1000);
    process.exit(1);
  }
}

await main();

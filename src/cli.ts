#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { readCommandLine, exitOnUsageError, UsageError } from './util/command-line.js';

/** Entry points of the installed package, by command name. */
const COMMANDS: Readonly<Record<string, string>> = {
  start: './main.js',
  demo: './demo.js',
  simulate: './simulator/main.js',
  export: './store/export/command.js',
  archive: './archive/command.js',
  backup: './store/backup-command.js',
  copy: './store/copy/command.js',
  report: './store/report-command.js',
  doctor: './doctor/command.js',
};

const USAGE = `usage: korean-orderbook-recorder COMMAND [flags]
Commands: ${Object.keys(COMMANDS).join(', ')}. Each answers --help.`;

/** Passes its flags to a command, like `npm run COMMAND -- flags` in a clone. */
async function main(): Promise<void> {
  const [name] = process.argv.splice(2, 1);
  if (name === '--help' || name === '-h') process.argv.push(name);
  if (name === undefined || name.startsWith('-')) readCommandLine({ usage: USAGE, options: {} });
  const command = COMMANDS[name ?? ''];
  if (command === undefined) {
    const wanted = name === undefined ? 'name a command' : `there is no command ${name}`;
    throw new UsageError(`${wanted}; the commands are ${Object.keys(COMMANDS).join(', ')}`);
  }
  const file = new URL(command, import.meta.url);
  process.argv[1] = fileURLToPath(file);
  await import(file.href);
}

await main().catch((error: unknown) => exitOnUsageError('korean-orderbook-recorder', error));

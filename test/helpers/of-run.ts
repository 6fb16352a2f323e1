import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from './wait.js';

/** Longest wait for one to start, ms: on a busy machine PostgreSQL takes a while to make its database. */
const WAIT_MS = 40_000;

/** What the tests of a run share: a file here that calls `keepForRun`. */
export type Keeper = 'postgres-keeper' | 'browser-keeper';

/**
 * What all tests of a run share, as its start is dear: started by the first that needs it, ended with the run.
 * @returns its address
 * @throws if it does not start
 */
export async function ofRun(keeper: Keeper): Promise<string> {
  const run = process.env['TEST_RUN_PID']!;
  const folder = join(tmpdir(), `${keeper}-of-run-${run}`);
  const [address, failure] = [join(folder, 'address'), join(folder, 'failure')];
  const errors = join(folder, 'stderr');
  if (made(folder)) start(keeper, folder, run, errors);
  try {
    await until(
      () => existsSync(address) || existsSync(failure),
      `the ${keeper} of this run`,
      WAIT_MS,
    );
  } catch (error) {
    const wrote = readFileSync(errors, 'utf8');
    throw new Error(`${(error as Error).message}; it wrote: ${wrote}`, { cause: error });
  }
  if (existsSync(failure)) throw new Error(`${keeper}: ${readFileSync(failure, 'utf8')}`);
  return readFileSync(address, 'utf8');
}

/** Starts a keeper. What it writes to its standard error goes to `errors`, which a reason for its end is read from. */
function start(keeper: string, folder: string, run: string, errors: string): void {
  const built = new URL('native/built.mjs', import.meta.url).href;
  const entry = fileURLToPath(new URL(`${keeper}.ts`, import.meta.url));
  const stderr = openSync(errors, 'w');
  const child = spawn(process.execPath, ['--import', built, entry, folder, run], {
    detached: true,
    stdio: ['ignore', 'ignore', stderr],
  });
  closeSync(stderr);
  child.once('exit', (code, signal) => {
    // Only one that ends before its time leaves its folder.
    if (!existsSync(errors)) return;
    const why = `it ended with ${code ?? signal}: ${readFileSync(errors, 'utf8')}`;
    if (!existsSync(join(folder, 'failure'))) writeFileSync(join(folder, 'failure'), why);
  });
  child.unref();
}

/** Makes a folder. @returns whether it was not there */
function made(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

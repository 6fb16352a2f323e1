import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from './wait.js';

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
  if (made(folder)) {
    const built = new URL('native/built.mjs', import.meta.url).href;
    const entry = fileURLToPath(new URL(`${keeper}.ts`, import.meta.url));
    const options = { detached: true, stdio: 'ignore' } as const;
    spawn(process.execPath, ['--import', built, entry, folder, run], options).unref();
  }
  const [address, failure] = [join(folder, 'address'), join(folder, 'failure')];
  await until(
    () => existsSync(address) || existsSync(failure),
    `the ${keeper} of this run`,
    20_000,
  );
  if (existsSync(failure)) throw new Error(`${keeper}: ${readFileSync(failure, 'utf8')}`);
  return readFileSync(address, 'utf8');
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

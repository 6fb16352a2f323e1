import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Starts a TypeScript file of the tests as a process of its own, on the built program. */
export function forkBuilt(entry: URL, args: readonly string[]): ChildProcess {
  const built = new URL('./native/built.mjs', import.meta.url).href;
  return fork(fileURLToPath(entry), args, { execArgv: ['--import', built] });
}

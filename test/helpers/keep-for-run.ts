import { renameSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const POLL_MS = 500;

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** What tests share. */
interface Kept {
  readonly address: string;
  /** Whether it has ended of itself; absent = it does not. */
  ended?(): boolean;
  close(): Promise<unknown>;
}

/**
 * The life of a program `keeper.ts FOLDER PID`, which `ofRun` starts: what all tests of a run share, as long as
 * the run lives, whose process is PID. Writes the address of it to FOLDER/address, also when it had to be started
 * again, or why there is none to FOLDER/failure.
 */
export async function keepForRun(start: () => Promise<Kept>): Promise<void> {
  const [, , folder, run] = process.argv as [string, string, string, string];
  const write = (name: string, text: string): void => {
    writeFileSync(join(folder, 'part'), text);
    renameSync(join(folder, 'part'), join(folder, name));
  };
  const begin = async (): Promise<Kept | null> => {
    try {
      const kept = await start();
      write('address', kept.address);
      return kept;
    } catch (error) {
      write('failure', (error as Error).message);
      return null;
    }
  };
  let kept = await begin();
  while (alive(Number(run))) {
    await pause(POLL_MS);
    if (kept?.ended?.() === true) kept = await begin();
  }
  await kept?.close();
  await rm(folder, { recursive: true, force: true });
}

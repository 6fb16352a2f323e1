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

/**
 * The life of a program `keeper.ts FOLDER PID`, which `ofRun` starts: what all tests of a run share, as long as
 * the run lives, whose process is PID. Writes the address of it to FOLDER/address, or why there is none to
 * FOLDER/failure.
 */
export async function keepForRun(
  start: () => Promise<{ readonly address: string; close(): Promise<unknown> }>,
): Promise<void> {
  const [, , folder, run] = process.argv as [string, string, string, string];
  const write = (name: string, text: string): void => {
    writeFileSync(join(folder, 'part'), text);
    renameSync(join(folder, 'part'), join(folder, name));
  };
  let close: (() => Promise<unknown>) | null = null;
  try {
    const kept = await start();
    close = () => kept.close();
    write('address', kept.address);
  } catch (error) {
    write('failure', (error as Error).message);
  }
  while (alive(Number(run))) await pause(POLL_MS);
  await close?.();
  await rm(folder, { recursive: true, force: true });
}

/**
 * `postgres-keeper.ts FOLDER PID`: one server of PostgreSQL for all tests of a run, whose process is PID;
 * ends with it. Writes the address of a database, made and empty, to FOLDER/address, or why there is none.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { openEngine } from '../../src/store/engine/open.js';
import { PostgresServer } from './postgres-server.js';

const [, , folder, run] = process.argv as [string, string, string, string];
const POLL_MS = 500;

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function print(text: string): void {
  writeFileSync(join(folder, 'part'), text);
  renameSync(join(folder, 'part'), join(folder, 'address'));
}

let server: PostgresServer | null = null;
try {
  server = await PostgresServer.start();
  const address = await server.database('template_recorder');
  await (await openEngine(address)).make();
  print(address);
} catch (error) {
  print(`failed: ${(error as Error).message}`);
}
while (alive(Number(run))) await pause(POLL_MS);
await server?.close();
await rm(folder, { recursive: true, force: true });

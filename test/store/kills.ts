import { expect } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { forkBuilt } from '../helpers/fork-built.js';
import {
  exportOf,
  GOPAX_BTC,
  openClient,
  seeded,
  small,
  temporaryFolder,
  UPBIT_BTC,
  withStore,
} from './support.js';

/** The newest sequence that the child reported when it was killed, at its n-th report. */
async function killAtReport(child: ChildProcess, n: number): Promise<number> {
  let reports = 0;
  let newest = 0;
  const exited = once(child, 'exit');
  child.on('message', (sequence) => {
    newest = sequence as number;
    if (++reports === n) child.kill('SIGKILL');
  });
  await exited;
  return newest;
}

/** Kills a process that records, at `kills` random moments: no acknowledged book is lost, no hole is left. */
export async function killRecorder(snapshotEveryMs: number, kills: number): Promise<void> {
  const folder = await temporaryFolder();
  const path = join(folder.path, 'orderbook.db');
  const random = seeded(11 + snapshotEveryMs);
  const runs: { after: number; acknowledged: number }[] = [];
  try {
    for (let run = 0; run < kills; run++) {
      const after = runs.length === 0 ? 0 : await newestSequence(path);
      const args = [path, String(snapshotEveryMs)];
      const child = forkBuilt(new URL('./kill-child.ts', import.meta.url), args);
      const reports = 1 + Math.floor(random() * 60);
      runs.push({ after, acknowledged: await killAtReport(child, reports) });

      const client = await openClient(path);
      expect(await client.$queryRawUnsafe('PRAGMA integrity_check')).toEqual([
        { integrity_check: 'ok' },
      ]);
      const rows = await client.$queryRaw<{ sequence: number }[]>`
        SELECT sequence FROM book WHERE sequence > ${after} ORDER BY sequence`;
      await client.$disconnect();
      const sequences = rows.map(({ sequence }) => sequence);
      // Batches are whole, and none is there without those before it.
      expect(sequences).toEqual(sequences.map((_, i) => sequences[0]! + i));
      expect(sequences.at(-1)).toBeGreaterThanOrEqual(runs.at(-1)!.acknowledged);
      expect(sequences[0]).toBeGreaterThan(after);
    }
    await withStore({ path }, async (store) => {
      expect(store.previousRunClosed).toBe(false);
      for (const { exchange } of [UPBIT_BTC, GOPAX_BTC]) {
        const books = await exportOf(store.reader, { exchange, shape: 'books' });
        expect(books.length).toBeGreaterThan(0);
        const wrong = books.filter(({ sequence, asks, bids }) => {
          const expected = small(Number(sequence) % 1_000);
          return JSON.stringify({ asks, bids }) !== JSON.stringify(expected);
        });
        expect(wrong).toEqual([]);
      }
    });
  } finally {
    await folder.remove();
  }
}

async function newestSequence(path: string): Promise<number> {
  const client = await openClient(path, { readonly: true });
  const newest = await client.book.findFirst({ orderBy: { sequence: 'desc' } });
  await client.$disconnect();
  return Number(newest?.sequence ?? 0);
}

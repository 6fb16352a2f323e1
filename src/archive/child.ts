import { constants, setPriority } from 'node:os';
import { archiveClosedDays, type ArchiveTask } from './archive.js';
import { type ArchiveSize, sizeOf } from './size.js';
import { reasonOf } from '../parquet/errors.js';
import { rowsOfDay } from '../parquet/manifest.js';

/** Messages from this process to the recorder that started it. */
export type ArchiveMessage =
  | {
      readonly date: string;
      readonly books: number;
      readonly trades: number;
      readonly bytes: number;
      readonly ms: number;
    }
  | { readonly failure: string | null; readonly size: ArchiveSize | null };

const say = (message: ArchiveMessage): Promise<void> =>
  new Promise((done) => process.send?.(message, undefined, undefined, () => done()) ?? done());

// Without its recorder it has no purpose; a later run continues what is half done.
process.on('disconnect', () => process.exit(1));
// Ctrl+C stops the recorder, which stops this process.
process.on('SIGINT', () => undefined);
setPriority(constants.priority.PRIORITY_LOW);

const task = JSON.parse(process.env['ARCHIVE_TASK']!) as ArchiveTask;
let failure: string | null = null;
try {
  await archiveClosedDays(task, ({ manifest, seconds }) => {
    const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
    void say({
      date: manifest.date,
      books: rowsOfDay(manifest, 'books'),
      trades: rowsOfDay(manifest, 'trades'),
      bytes,
      ms: Math.round(seconds * 1_000),
    });
  });
} catch (error) {
  failure = reasonOf(error);
}
await say({ failure, size: await sizeOf(task.folder).catch(() => null) });
process.exit(0);

import { existsSync } from 'node:fs';
import { databaseIdentity } from '../archived.js';
import { lockDatabase, lockPath } from '../engine/sqlite/lock.js';
import { canonicalPath } from '../engine/sqlite/paths.js';
import { openEngine } from '../engine/open.js';
import type { Engine, NumberedTable, Rows, Session, WriterSession } from '../engine/engine.js';
import { sql } from '../engine/sql.js';
import { HALF_COPIED, StoreError } from '../errors.js';
import { COPIED_KEY, COPYING_KEY } from '../copy-marks.js';
import { checkEqual, type Contents, contentsOf, stateRows } from './compare.js';
import { HistoryWalk } from './history.js';
import { pagesOf, TABLES_AFTER, TABLES_BEFORE } from './tables.js';
import { CopyTarget } from './target.js';

/** What to copy, and where to report. */
export interface CopyTask {
  /** The SQLite file. */
  readonly from: string;
  /** The `postgresql://` address. */
  readonly to: string;
  /** Called with the current step and its sequences. */
  readonly onStep: (step: 'copying' | 'comparing', range: SequenceRange | null) => void;
  /** Called with the progress. */
  readonly onSequence: (sequence: number) => void;
}

interface SequenceRange {
  readonly low: number;
  readonly high: number;
}

/** The result of a copy. */
export interface Copied extends Contents {
  /** Name of the target, without its password. */
  readonly target: string;
  /** A recorder is writing the source: what was added since the copy began is missing. */
  readonly recording: boolean;
}

/**
 * Copies the history of an SQLite file, as of one moment, into a PostgreSQL database, and compares
 * the two. Whatever is there from an earlier copy of the same file, interrupted or complete, is
 * compared and kept, so a second copy only transfers what is new.
 * @throws {StoreError} with one line; a refused target is left unchanged
 */
export async function copyHistory(task: CopyTask): Promise<Copied> {
  const from = await canonicalPath(task.from);
  const source = await openEngine(from);
  const target = await openEngine(task.to);
  await source.checkReadable();
  const reader = await source.openReader();
  try {
    return await reader.snapshot(async (rows) => {
      const identity = await databaseIdentity(reader);
      await checkTarget(target, identity);
      const writer = await openTarget(target);
      try {
        await fill(rows, writer, identity, task);
        const [wanted, found] = await compare(rows, target, task);
        checkEqual(wanted, found);
        await finish(rows, writer);
        return { ...wanted, target: target.name, recording: await isWritten(from) };
      } finally {
        await writer.close();
      }
    });
  } finally {
    await reader.close();
  }
}

/** @throws {StoreError} when a target has anything but a copy of this source that nothing was recorded into */
async function checkTarget(target: Engine, identity: string): Promise<void> {
  if (!(await target.exists())) return;
  await target.checkReadable().catch((error: unknown) => {
    if (!(error instanceof StoreError) || error.code !== HALF_COPIED) throw error;
  });
  const session = await target.openReader();
  try {
    const own = (await databaseIdentity(session)) === identity;
    const [row] = await session.rows(sql`
      SELECT EXISTS (SELECT 1 FROM market) OR EXISTS (SELECT 1 FROM log),
             EXISTS (SELECT 1 FROM state WHERE key IN (${COPYING_KEY}, ${COPIED_KEY}))`);
    const [filled, copy] = row!.map(Boolean) as [boolean, boolean];
    if (!filled || (own && copy)) return;
    throw new StoreError(
      own
        ? `${target.name} was copied from this file and has been recorded into since; that data would be lost: use it as is, or name an empty database`
        : `${target.name} already has its own history; name an empty database`,
    );
  } finally {
    await session.close();
  }
}

async function openTarget(target: Engine): Promise<WriterSession> {
  return target.openWriter({}).catch((error: unknown) => {
    if (!(error instanceof StoreError) || error.code !== 'DATABASE_LOCKED') throw error;
    throw new StoreError(
      `a recorder, or another copy, is writing ${target.name}; stop it, or name another database`,
    );
  });
}

async function fill(
  rows: Rows,
  writer: WriterSession,
  identity: string,
  { onStep, onSequence }: CopyTask,
): Promise<void> {
  await mark(writer, COPYING_KEY);
  // It continues the same history, and so does its archive.
  await writer.client.$executeRaw`
    UPDATE _prisma_migrations SET id = ${identity} WHERE id = ${await databaseIdentity(writer)}`;
  const target = await CopyTarget.begin(writer);
  for (const table of TABLES_BEFORE) await target.putTable(table, pagesOf(rows, table));
  onStep('copying', await rangeOf(rows));
  for await (const stretch of new HistoryWalk(rows).stretches()) {
    await target.put(stretch);
    onSequence(stretch.books.at(-1)?.[0] ?? stretch.after);
  }
  for (const table of TABLES_AFTER) await target.putTable(table, pagesOf(rows, table));
}

async function compare(
  rows: Rows,
  target: Engine,
  { onStep, onSequence }: CopyTask,
): Promise<[Contents, Contents]> {
  const session: Session = await target.openReader();
  try {
    onStep('comparing', await rangeOf(rows));
    return await Promise.all([
      contentsOf(rows, onSequence),
      session.snapshot((copied) => contentsOf(copied, () => undefined)),
    ]);
  } finally {
    await session.close();
  }
}

/** Copies the source's state, continues its row numbering, and marks the copy as complete. */
async function finish(rows: Rows, writer: WriterSession): Promise<void> {
  const { client, dialect } = writer;
  const state = [...(await stateRows(rows)), [COPIED_KEY, 1]];
  const ids = (await rows(sql`SELECT name, seq FROM sqlite_sequence WHERE seq > 0`)) as [
    NumberedTable,
    number,
  ][];
  await client.$transaction([
    client.$executeRaw`DELETE FROM state`,
    client.$executeRaw`
      INSERT INTO state (key, value)
      SELECT key, value FROM ${dialect.table(state, { key: 'text', value: 'integer' })} copied`,
    ...ids.flatMap(([table, last]) =>
      dialect.beginIdsAbove(table, last).map((statement) => client.$executeRaw(statement)),
    ),
  ]);
}

async function mark({ client }: WriterSession, key: string): Promise<void> {
  await client.$transaction([
    client.$executeRaw`DELETE FROM state WHERE key IN (${COPYING_KEY}, ${COPIED_KEY})`,
    client.$executeRaw`INSERT INTO state (key, value) VALUES (${key}, 1)`,
  ]);
}

async function rangeOf(rows: Rows): Promise<SequenceRange | null> {
  const [row] = await rows(sql`SELECT min(sequence), max(sequence) FROM book`);
  const [low, high] = row as [number | null, number | null];
  return low === null || high === null ? null : { low, high };
}

/** Whether a recorder holds the write lock of an SQLite file. */
async function isWritten(path: string): Promise<boolean> {
  // Without its file there is no lock, and none is left behind.
  if (!existsSync(lockPath(path))) return false;
  try {
    await (await lockDatabase(path)).dispose();
    return false;
  } catch (error) {
    return error instanceof StoreError && error.code?.startsWith('SQLITE_BUSY') === true;
  }
}

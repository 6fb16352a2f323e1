import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { join } from 'node:path';
import { JsonbRows } from '../../src/store/engine/sqlite/book-rows.js';
import { Sqlite } from '../../src/store/engine/sqlite/sqlite.js';
import { SqliteWriterSession } from '../../src/store/engine/sqlite/writer-session.js';
import { failureCode } from '../../src/store/errors.js';
import { Writer } from '../../src/store/writer.js';
import type { WriteBatch } from '../../src/store/writer-protocol.js';
import { NOTHING, temporaryFolder } from './support.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let path: string;
beforeEach(async () => {
  folder = await temporaryFolder();
  path = join(folder.path, 'test.db');
});
afterEach(async () => {
  jest.restoreAllMocks();
  await folder.remove();
});

/** A batch of one book. */
function batchOf(sequence: number): WriteBatch {
  const encoder = new JsonbRows();
  const row = { sequence, timestamp: 1, exchangeTimestamp: null, base: sequence };
  encoder.add({ ...row, asks: '[]', bids: '[]' }, 1);
  return {
    ...NOTHING,
    id: sequence,
    span: { first: sequence, last: sequence, time: 1 },
    rows: encoder.take(),
  };
}

describe('the writer of an SQLite file', () => {
  it('runs one statement for a batch of books, and one more for all that else is to be noted', async () => {
    const writer = new Writer({ path });
    await writer.open(100);
    await writer.write(batchOf(1));
    const statements = jest.spyOn(Sqlite.prototype, 'execute');
    const transactions = jest.spyOn(Sqlite.prototype, 'script');
    await writer.write(batchOf(2));
    expect([statements.mock.calls.length, transactions.mock.calls.length]).toEqual([1, 0]);
    await writer.write({ ...batchOf(3), heartbeat: 5, log: { from: 0, upTo: 3 } });
    // The place in the log is guarded by two.
    expect(statements.mock.calls).toHaveLength(5);
    expect(transactions.mock.calls).toEqual([['BEGIN'], ['COMMIT']]);
    await writer.write({ ...batchOf(3), again: true });
    await writer.close(3);
    const file = new Sqlite(path, { readonly: true, busyTimeoutMs: 0 });
    expect(file.queryNumbers('SELECT sequence FROM book')).toEqual([[1], [2], [3]]);
    expect(file.queryNumbers(`SELECT value FROM state WHERE key = 'log_offset'`)).toEqual([[3]]);
    file.close();
  });

  it('knows a batch of books out of a log again, the answer to which was lost', async () => {
    const writer = new Writer({ path });
    await writer.open(100);
    await writer.beginLog(7, 0);
    const batch = { ...batchOf(1), log: { from: 0, upTo: 1 } };
    await writer.write(batch);
    await writer.write({ ...batch, again: true });
    // Of another recorder, which has begun at the same place.
    await expect(writer.write({ ...batch, id: 2 })).rejects.toThrow(/another recorder/);
    await writer.close(1);
  });

  it('notes up to where messages went from the log unread', async () => {
    const writer = new Writer({ path });
    const { log } = await writer.open(100);
    expect(log).toBeNull();
    const place = await writer.beginLog(7, 0);
    expect(place).toEqual({ id: 7, base: 0, offset: 0, unread: 0 });
    await writer.write({ ...batchOf(5), log: { from: 0, upTo: 5, unread: 4 } });
    await writer.write({ ...batchOf(6), log: { from: 5, upTo: 6 } });
    await writer.close(6);
    expect((await writer.open(100)).log).toEqual({ ...place, offset: 6, unread: 4 });
    await writer.close(6);
    const file = new Sqlite(path, { readonly: false, busyTimeoutMs: 0 });
    file.script(`DELETE FROM state WHERE key = 'log_unread'`);
    file.close();
    // By an older version: it did not say.
    expect((await writer.open(100)).log).toEqual({ ...place, offset: 6, unread: 6 });
    await writer.write({ ...batchOf(8), log: { from: 6, upTo: 8 } });
    await writer.close(8);
    expect((await writer.open(100)).log).toEqual({ ...place, offset: 8, unread: 6 });
    await writer.close(8);
  });

  it('writes all of a batch or nothing, and goes on after a failure', async () => {
    const session = await SqliteWriterSession.openLocked(path, {}, () => undefined);
    const { client } = session;
    const set = (key: string, value: number | null) =>
      client.$executeRaw`INSERT INTO state (key, value) VALUES (${key}, ${value})`;
    const failing = session.atOnce([set('a', 1), set('b', null), set('c', 3)]);
    await expect(failing.catch((error: unknown) => failureCode(error))).resolves.toMatch(
      /^SQLITE_CONSTRAINT/,
    );
    await session.atOnce([set('d', 4), set('e', 5)]);
    const keys = (await client.state.findMany({ orderBy: { key: 'asc' } })).map(({ key }) => key);
    expect(keys).toEqual(['d', 'e']);
    await session.close();
  });
});

import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { big, Recorder, stored, temporaryFolder, UPBIT_BTC, withStore } from './support.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let path: string;

beforeEach(async () => {
  folder = await temporaryFolder();
  path = join(folder.path, 'orderbook.db');
});
afterEach(() => folder.remove());

describe('readers', () => {
  it('do not hold back the log of the database, however long an export stands still', async () => {
    await withStore({ path }, async (store) => {
      const recorder = new Recorder(store);
      const put = async (from: number, to: number): Promise<void> => {
        for (let i = from; i < to; i++) {
          recorder.put(UPBIT_BTC, 1_000 + i, big(i), { afterGap: true });
          if (i % 1_000 === 0) await stored(store);
        }
        await stored(store);
      };
      await put(0, 3_000);
      const text = store.reader.exportText({
        exchanges: ['UPBIT'],
        shape: 'rows',
        format: 'ndjson',
      });
      const chunks = text[Symbol.asyncIterator]();
      await chunks.next();
      // Twice what the log may hold until it is moved into the file.
      await put(3_000, 30_000);
      const { size } = await stat(path);
      expect(size).toBeGreaterThan(32e6);
      expect((await stat(`${path}-wal`)).size).toBeLessThan(25e6);
      await chunks.return?.();
    });
  }, 60_000);
});

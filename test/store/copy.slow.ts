import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { copyHistory } from '../../src/store/copy/copy.js';
import { DayReader } from '../../src/store/day-reader.js';
import { openStore } from '../../src/store/store.js';
import type { StoreReader } from '../../src/store/reader-types.js';
import type { Store } from '../../src/store/store-types.js';
import { queryOf } from '../helpers/postgres-server.js';
import { describeWithPostgres, serverDatabase, type TestDatabase } from './engines.js';
import { DAY, recordHistory as record } from './histories.js';
import {
  exportOf,
  Recorder,
  small,
  stored,
  temporaryFolder,
  UPBIT_BTC,
  UPBIT_ETH,
  withStore,
} from './support.js';
import { T0 } from './trade-support.js';

const COMMAND = fileURLToPath(new URL('../../dist/store/copy/command.js', import.meta.url));

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let from: string;
let target: TestDatabase;

/** All that is asked of a copy and its source. */
async function answers(reader: StoreReader): Promise<Record<string, unknown>> {
  const texts: string[] = [];
  const exchanges = ['UPBIT', 'GOPAX'] as const;
  for (const shape of ['books', 'gaps', 'trades'] as const) {
    for await (const text of reader.exportText({ shape, format: 'ndjson', exchanges })) {
      texts.push(text);
    }
  }
  const window = { market: UPBIT_BTC, limit: 1_000 };
  return {
    texts,
    minutes: await reader.coverageMinutes(window),
    coverage: await reader.coverage({ market: UPBIT_BTC, to: T0 + 9 * DAY }),
    spans: await reader.tradeSpans(window),
    markets: await reader.markets('UPBIT'),
    exchanges: await reader.exchanges(),
    wishes: await reader.wantedPatterns(),
    logs: (await reader.logs({ limit: 100 })).items.map(({ id, value }) => [
      id,
      { ...value, message: value.message.replace(/[\0\ufffd]/g, '?') },
    ]),
  };
}

/** The same of a database, by whom it is recorded next, and the next sequence it gives out. */
async function asNextRun(path: string): Promise<Record<string, unknown>> {
  return withStore({ path }, async (store: Store) => ({
    ...(await answers(store.reader)),
    sequence: store.sequences.next(),
    closed: store.previousRunClosed,
    heartbeat: store.previousHeartbeat,
    gaps: store.openGaps,
  }));
}

function command(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const env = { ...process.env, DB_PATH: '', DATABASE_URL: '' };
  return new Promise((resolve) => {
    execFile(process.execPath, [COMMAND, ...args], { env }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err });
    });
  });
}

const copy = (onSequence: (sequence: number) => void = () => undefined) =>
  copyHistory({ from, to: target.path, onStep: () => undefined, onSequence });

describeWithPostgres('a copy of an SQLite file in PostgreSQL', () => {
  beforeEach(async () => {
    folder = await temporaryFolder();
    from = join(folder.path, 'r.db');
    target = await serverDatabase('template1');
  });
  afterEach(async () => {
    await target.remove();
    await folder.remove();
  });

  it('answers as the file does and is recorded on as the file would be', async () => {
    await record(from, 1, 2_100, T0);
    await record(from, 2, 100, T0 + 4 * DAY);
    const { code, out, err } = await command('--from', `sqlite:${from}`, '--to', target.path);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(
      /^postgresql:\/\/[^\n@]*: 2200 books and 1200 trades of \d+ markets copied from [^\n]* equal[^\n]*\n$/,
    );

    const identity = async (path: string): Promise<string> => {
      const reader = await DayReader.open(path);
      await reader.close();
      return reader.identity;
    };
    expect(await identity(target.path)).toBe(await identity(from));
    const pieces = await queryOf(
      target.path,
      `SELECT count(*)::int AS n FROM pg_inherits WHERE inhparent = 'book'::regclass`,
    );
    expect(pieces[0]!['n']).toBeGreaterThanOrEqual(4);
    expect(await asNextRun(target.path)).toEqual(await asNextRun(from));
    // From then on it has a history of its own, which is not overwritten.
    await expect(copy()).rejects.toThrow(/has been recorded into since/);
  });

  it('goes on where it was interrupted, and nobody takes a part of it for the whole', async () => {
    await record(from, 3, 4_100, T0);
    const interrupted = copy((sequence) => {
      if (sequence > 2_500) throw new Error('interrupted');
    });
    await expect(interrupted).rejects.toThrow('interrupted');
    const [some] = await queryOf(target.path, 'SELECT count(*)::int AS n FROM book');
    expect(some!['n']).toBeGreaterThan(0);
    await expect(openStore({ path: target.path })).rejects.toThrow(/is an unfinished copy/);
    await expect(DayReader.open(target.path)).rejects.toThrow(/is an unfinished copy/);
    expect(await copy()).toMatchObject({ books: 4_100, trades: 600, recording: false });
    expect(await asNextRun(target.path)).toEqual(await asNextRun(from));
  });

  it('brings what has come since, and what was changed or deleted, when it is made again', async () => {
    await record(from, 5, 2_100, T0);
    await copy();
    await withStore({ path: from, retentionDays: 1, now: () => T0 + 4 * DAY }, async (store) => {
      const recorder = new Recorder(store);
      for (let i = 0; i < 50; i++) recorder.put(UPBIT_BTC, T0 + 5 * DAY + i, small(i));
      store.redate({ after: T0 + 5, byMs: -60_000 });
      await stored(store);
      // It is copied as it is at one moment, while it is being recorded into.
      expect(await copy()).toMatchObject({ recording: true });
      recorder.put(UPBIT_BTC, T0 + 6 * DAY, small(77));
      await stored(store);
    });
    // A row that is not as it should be, and one too many.
    await queryOf(target.path, `UPDATE book SET asks = '[["1","1"]]' WHERE sequence = 17`);
    await queryOf(target.path, 'UPDATE coverage SET frames = 99');
    expect(await copy()).toMatchObject({ recording: false });
    expect(await asNextRun(target.path)).toEqual(await asNextRun(from));
  });

  it('is refused in one line where it would harm or mislead, and nothing is changed', async () => {
    await record(from, 7, 50, T0);
    const refused = async (expected: RegExp, ...args: string[]): Promise<void> => {
      const { code, out, err } = await command(...args);
      expect([err.split('\n').length, out]).toEqual([2, '']);
      expect(err).toMatch(expected);
      expect(code).toBe(
        /^copy: (--|[^ ]* names no database|.*it must be sqlite:FILE)/.test(err) ? 2 : 1,
      );
    };
    const source = `sqlite:${from}`;
    await refused(/--to is missing/, '--from', source);
    await refused(/it must be sqlite:FILE/, '--from', from, '--to', target.path);
    await refused(/--to starts with mysql:/, '--from', source, '--to', 'mysql://x/y');
    await refused(/names no database/, '--from', source, '--to', 'postgresql://127.0.0.1');
    await refused(/there is no database at/, '--from', `${source}.absent`, '--to', target.path);
    await refused(/no database of this name/, '--from', source, '--to', `${target.path}_absent`);

    const tables = (): Promise<unknown> =>
      queryOf(target.path, `SELECT tablename FROM pg_tables WHERE schemaname = 'public'`);
    expect(await tables()).toEqual([]);
    await queryOf(target.path, 'CREATE TABLE theirs (id int)');
    await refused(/another program/, '--from', source, '--to', target.path);
    expect(await tables()).toHaveLength(1);
    await queryOf(target.path, 'DROP TABLE theirs');

    await withStore({ path: target.path }, async (store) => {
      await refused(/is writing/, '--from', source, '--to', target.path);
      new Recorder(store).put(UPBIT_ETH, T0, small(1));
      await stored(store);
    });
    await refused(/already has its own history/, '--from', source, '--to', target.path);
    await withStore({ path: target.path }, async ({ reader }) => {
      expect(await exportOf(reader, { exchange: 'UPBIT', shape: 'books' })).toHaveLength(1);
    });
  });
});

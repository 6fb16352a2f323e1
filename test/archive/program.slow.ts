import { execFile } from 'node:child_process';
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { startApp } from '../../src/app.js';
import { readConfig } from '../../src/settings/config.js';
import { temporaryFolder } from '../store/support.js';
import { openSqlite } from './sqlite.js';
import { DAY, DAY_MS, recordDays } from './support.js';

const run = promisify(execFile);
const command = (name: string): string =>
  fileURLToPath(new URL(`../../dist/${name}.js`, import.meta.url));
const iso = (time: number): string => new Date(time).toISOString();

const WINDOW = `from: "${iso(DAY + DAY_MS / 4)}", to: "${iso(DAY + 2.5 * DAY_MS)}"`;
const BOOK = '{ sequence timestamp exchangeTimestamp asks { price volume } bids { price volume } }';
const QUERY = `{
  morning: orderbook(exchange: UPBIT, at: "${iso(DAY + DAY_MS / 3)}") ${BOOK}
  later: orderbook(exchange: GOPAX, at: "${iso(DAY + 1.7 * DAY_MS)}") ${BOOK}
  newest: orderbook(exchange: UPBIT, symbol: "ETH") ${BOOK}
  books(exchange: UPBIT, ${WINDOW}, first: 20) { edges { node ${BOOK} } pageInfo { hasNextPage } }
  series(exchange: UPBIT, ${WINDOW}, step: 3600000) { time open close bestBid spread imbalance books covered }
  orderbookRows(exchange: UPBIT, symbol: "BTC", ${WINDOW}, first: 50) { edges { node { timestamp side price volume } } }
  gaps(exchange: UPBIT) { edges { node { symbol start end cause detail } } }
  coverage(exchange: UPBIT, ${WINDOW}) { percentOfRecorded recordedFrom recordedMs coveredMs frames minutes { edges { node { minute frames } } } }
  report(date: "2026-03-02") { marketCount markets { symbol percent recordedMs frames gaps { cause count ms } } }
}`;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

/** What the program answers about the past. */
async function answers(env: Record<string, string>): Promise<unknown[]> {
  const settings = { PORT: '0', COLLECT: '', LOG_PATH: join(folder.path, 'logs'), ...env };
  const app = await startApp(readConfig(settings), true);
  try {
    const asked = await fetch(`${app.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: QUERY }),
    });
    const answer = (await asked.json()) as { data?: object; errors?: unknown };
    expect(answer.errors).toBeUndefined();
    const found: unknown[] = [answer.data];
    for (const path of [
      'UPBIT.ndjson?shape=books',
      'UPBIT.csv?shape=top&symbol=BTC',
      'GOPAX.csv?shape=incremental_book_L2',
      'UPBIT.json?shape=gaps',
    ]) {
      const file = await fetch(`${app.url}/export/${path}`);
      expect([path, file.status]).toEqual([path, 200]);
      found.push(await file.text());
    }
    return found;
  } finally {
    await app.close('test');
  }
}

it('answers the same while days lie in the archive only, and out of a copy of the folder alone', async () => {
  const db = join(folder.path, 'orderbook.db');
  const archive = join(folder.path, 'archive');
  await recordDays(db, 4);
  const before = await answers({ DB_PATH: db });
  const env = { PATH: process.env['PATH'], LOG_PATH: join(folder.path, 'logs') };
  const archived = { ...env, DB_PATH: db, ARCHIVE_PATH: archive };
  const { stdout } = await run(process.execPath, [command('archive/command')], { env: archived });
  expect(stdout.trim().split('\n')).toHaveLength(4);
  openSqlite(db, (sqlite) => {
    const until = BigInt(DAY + 3 * DAY_MS);
    sqlite.execute(
      `DELETE FROM book WHERE sequence < (SELECT min(b.sequence) FROM book b
        WHERE b.market_id = book.market_id AND b.base = b.sequence AND b.timestamp >= ?)`,
      [until],
    );
    sqlite.execute('DELETE FROM gap WHERE "end" < ?', [until]);
    sqlite.execute('DELETE FROM coverage WHERE minute < ?', [until]);
  });
  expect(await answers({ DB_PATH: db, ARCHIVE_PATH: archive })).toEqual(before);

  const copy = join(folder.path, 'elsewhere', 'archive');
  await cp(archive, copy, { recursive: true });
  const alone = { DB_PATH: join(folder.path, 'elsewhere', 'new.db'), ARCHIVE_PATH: copy };
  expect(await answers(alone)).toEqual(before);

  // Commands, beside a folder that no recorder has ever used.
  const out = join(folder.path, 'out.ndjson');
  const bare = { ...env, DB_PATH: join(folder.path, 'bare.db'), ARCHIVE_PATH: copy };
  const args = ['UPBIT', '--shape', 'books', '--out', out];
  await run(process.execPath, [command('store/export/command'), ...args], { env: bare });
  expect(await readFile(out, 'utf8')).toBe(before[1]);
  const report = await run(process.execPath, [command('store/report-command')], { env: bare });
  expect(report.stdout).toMatch(/^# Recording of 2026-03-04/);
}, 120_000);

/**
 * What analysts ask for, from a day of the busiest market (600,000 changes) among others: its
 * changes as compressed CSV, beside `gzip` alone on the same text; its best prices as Parquet; its
 * series second by second. Wall time of each command, start included.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Reader } from '../dist/store/reader.js';
import { busyDay, DAY, fillDatabase } from './day-rows.mjs';
import { sized } from './sizes.mjs';

const CHANGES = sized(600_000, 2_000);
const START = Date.UTC(2026, 10, 24);
/** Rows of other markets between two of the busiest. */
const OTHERS = 3;
const ROUNDS = sized(3, 1);

const command = fileURLToPath(new URL('../dist/store/export/command.js', import.meta.url));

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** Seconds that a program takes. */
function timed(program, args, env = {}) {
  const t = performance.now();
  const { status, stderr } = spawnSync(program, args, { env: { ...process.env, ...env } });
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${String(stderr)}`);
  return (performance.now() - t) / 1000;
}

const folder = mkdtempSync(join(tmpdir(), 'bench-'));
try {
  const path = join(folder, 'shapes.db');
  await fillDatabase(path, (db) => busyDay(db, START, CHANGES, OTHERS));
  const market = ['UPBIT', '--symbol', 'BTC'];
  const exported = (file, ...flags) => {
    const out = join(folder, file);
    const args = [command, ...market, ...flags, '--out', out];
    return { out, seconds: timed(process.execPath, args, { DB_PATH: path }) };
  };
  const plain = exported('l2.csv', '--shape', 'incremental_book_L2');
  const records = readFileSync(plain.out, 'latin1').split('\n').length - 2;
  const rounds = Array.from({ length: ROUNDS }, () => {
    const zipped = exported('l2.csv.gz', '--shape', 'incremental_book_L2').seconds;
    const alone = timed('gzip', ['-4', '-k', '-f', plain.out]);
    const top = exported('top.parquet', '--shape', 'top').seconds;
    return { zipped, alone, top };
  });
  const of = (key) => median(rounds.map((round) => round[key]));
  console.log(
    `shapes: incremental_book_L2 as CSV.gz ${Math.round(records / of('zipped'))} levels/s (${records} levels), without gzip ${Math.round(records / plain.seconds)}; gzip -4 alone ${Math.round(records / of('alone'))}; ratio ${(of('alone') / of('zipped')).toFixed(2)}`,
  );
  console.log(
    `shapes: top of a day with ${CHANGES} changes as Parquet ${of('top').toFixed(2)} s, ${(statSync(join(folder, 'top.parquet')).size / 1e6).toFixed(1)} MB`,
  );
  const reader = new Reader({ path });
  const keys = [
    ...['time', 'open', 'high', 'low', 'close', 'bestBid', 'bestBidVolume', 'bestAsk'],
    ...['bestAskVolume', 'spread', 'spreadBp', 'imbalance', 'books', 'covered'],
  ].map((name) => [name, name]);
  const times = [];
  let points = 0;
  let memory = 0;
  for (let i = 0; i < ROUNDS; i++) {
    const t = performance.now();
    const id = await reader.seriesBegin({
      market: { exchange: 'UPBIT', symbol: 'BTC', currency: 'KRW' },
      from: START,
      to: START + DAY,
      step: 1000,
      keys,
    });
    for (let chunk; (chunk = await reader.exportNext(id)) !== null; points = chunk.records) {
      memory = Math.max(memory, process.memoryUsage().rss);
    }
    times.push((performance.now() - t) / 1000);
  }
  await reader.close();
  console.log(
    `shapes: series of that day at 1 s, ${points} points with every field ${median(times).toFixed(2)} s (${times.map((s) => s.toFixed(2)).join(' ')}), at most ${(memory / 1e6).toFixed(0)} MB of memory with this benchmark's own`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/**
 * A day of trades: its size on disk, and how fast, and with how much memory, it is stored, exported,
 * summed up, archived, and read by sequence from the archive alone. The trades are like Upbit's: bursts in
 * a millisecond, half of them in one market.
 *
 * `npm run bench -- trades [--trades N]` (1,000,000)
 */
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { openStore } from '../dist/store/store.js';
import { sized, TINY_OPTION } from './sizes.mjs';

const { values: flags } = parseArgs({
  options: {
    trades: { type: 'string', default: String(sized(1_000_000, 20_000)) },
    ...TINY_OPTION,
  },
});
const COUNT = Number(flags.trades);
const DAY_MS = 86_400_000;
const DAY = Date.parse('2026-03-01T00:00:00Z');
const MARKETS = 20;
/** No more at a time than the store packs with each batch, as at a market's rate. */
const BATCH = 400;

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'bench-trades-'));
const path = join(folder, 'trades.db');
const archivePath = join(folder, 'archive');
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const thousands = (n) => Math.round(n).toLocaleString('en');
const seconds = (since) => (performance.now() - since) / 1000;

let seed = 1;
const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
const markets = Array.from({ length: MARKETS }, (_, i) => {
  return { exchange: 'UPBIT', symbol: i === 0 ? 'BTC' : `S${i}`, currency: 'KRW' };
});

/** The trades of a day, in order. */
function* trades(sequences) {
  const step = DAY_MS / COUNT;
  let [time, counter] = [DAY, 0];
  for (let i = 0; i < COUNT; i++) {
    const next = random() < 0.5 ? Math.floor(DAY + i * step) : time;
    counter = next === time ? counter + 1 : 0;
    time = next;
    const market = random() < 0.5 ? markets[0] : markets[1 + Math.floor(random() * (MARKETS - 1))];
    yield {
      market,
      sequence: sequences.next(),
      timestamp: time + 20 + Math.floor(random() * 80),
      exchangeTimestamp: time,
      messageTimestamp: time + 10 + Math.floor(random() * 20),
      resolutionMs: 1,
      tradeId: `${time}${String(counter).padStart(4, '0')}`,
      idKind: 'EXCHANGE',
      side: random() < 0.5 ? 'buy' : 'sell',
      price: String(116_000_000 + Math.floor(random() * 500) * 1000),
      volume: (random() * 2 + 0.00001).toFixed(8).replace(/0+$/, ''),
      origin: 'LIVE',
    };
  }
}

/** Greatest memory of a process so far, MB. */
const memoryOf = (pid) => {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
};

/** Runs a command of the program to its end. @returns seconds and its greatest memory, MB */
async function measure(file, args, env) {
  const since = performance.now();
  const child = spawn(process.execPath, [file, ...args], {
    stdio: 'ignore',
    env: { ...process.env, ...env },
  });
  let memory = 0;
  const look = globalThis.setInterval(() => {
    try {
      memory = Math.max(memory, memoryOf(child.pid));
    } catch {
      // It has ended.
    }
  }, 50);
  const code = await new Promise((resolve) => child.on('exit', resolve));
  globalThis.clearInterval(look);
  if (code !== 0) throw new Error(`${file} ended with ${code}`);
  return { seconds: seconds(since), memory: Math.round(memory) };
}

try {
  let store = await openStore({ path });
  const empty = statSync(path).size;
  let since = performance.now();
  let waiting = 0;
  for (const trade of trades(store.sequences)) {
    store.putTrade(trade);
    if (++waiting % BATCH > 0) continue;
    while (store.stats().queuedBooks > BATCH) await sleep(1);
  }
  while (store.stats().queuedBooks > 0) await sleep(5);
  const stored = seconds(since);
  for (const market of markets) {
    const span = { start: DAY, end: DAY + DAY_MS, completeness: 'VERIFIED_BY_REST' };
    store.putTradeSpan({ market, ...span, cause: null, detail: null, checked: true });
  }
  await store.close();
  const bytes = statSync(path).size - empty;
  console.log(
    `stored: ${thousands(COUNT)} trades in ${stored.toFixed(1)} s, ${thousands(COUNT / stored)} a second, ${(bytes / COUNT).toFixed(1)} bytes each`,
  );

  const env = { DB_PATH: path, DATABASE_URL: '', ARCHIVE_PATH: '' };
  const command = here('../dist/store/export/command.js');
  for (const format of ['ndjson', 'parquet']) {
    const out = join(folder, `trades.${format}`);
    const args = ['all', '--shape', 'trades', '--format', format, '--out', out];
    const { seconds: took, memory } = await measure(command, args, env);
    console.log(
      `export as ${format}: ${took.toFixed(1)} s, ${thousands(COUNT / took)} trades a second, ${memory} MB at most, ${(statSync(out).size / COUNT).toFixed(1)} bytes a trade`,
    );
  }

  const series = async (reader, step) => {
    const from = performance.now();
    const keys = ['trades', 'volume', 'vwap'].map((key) => [key, key]);
    const query = { market: markets[0], from: DAY, to: DAY + DAY_MS, step, keys };
    let text = '';
    for await (const piece of reader.seriesText(query)) text += piece;
    const sum = JSON.parse(text).reduce((all, { trades: count }) => all + (count ?? 0), 0);
    return { seconds: seconds(from), sum };
  };
  store = await openStore({ path });
  for (const step of [DAY_MS, 60_000]) {
    const { seconds: took, sum } = await series(store.reader, step);
    console.log(
      `series of a market's ${thousands(sum)} trades at ${step / 1000} s: ${took.toFixed(2)} s, ${Math.round(memoryOf(process.pid))} MB at most`,
    );
  }
  await store.close();

  const task = { folder: archivePath, dbPath: path, afterDays: 1, now: DAY + 5 * DAY_MS };
  since = performance.now();
  const { stdout } = await promisify(execFile)(process.execPath, [
    here('archive-child.mjs'),
    JSON.stringify(task),
  ]);
  const { rssMb } = JSON.parse(stdout.trim().split('\n')[0]);
  const { files } = JSON.parse(
    readFileSync(join(archivePath, 'manifests/date=2026-03-01/manifest.json'), 'utf8'),
  );
  const file = files.find(({ table }) => table === 'trades');
  console.log(
    `archived: ${thousands(file.rows)} trades in ${seconds(since).toFixed(1)} s, ${rssMb} MB at most, ${(file.bytes / file.rows).toFixed(1)} bytes each`,
  );

  store = await openStore({ path: join(folder, 'empty.db'), archivePath });
  const patterns = [{ exchange: null, symbol: null, currency: null }];
  since = performance.now();
  let given = 0;
  for (let after = 0, more = true; more;) {
    const page = await store.reader.tradesAfter({ patterns, after, limit: 500 });
    given += page.items.length;
    ({ reached: after, more } = page);
  }
  const took = seconds(since);
  console.log(
    `by sequence out of the archive: ${thousands(given)} trades, ${thousands(given / took)} a second, ${Math.round(memoryOf(process.pid))} MB at most`,
  );
  await store.close();
  process.exitCode = given === COUNT ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/**
 * The whole market: the program as users run it records the simulated market of 2,026 books, at the
 * average rate and then at the peak, with ten subscribers; simulators and subscribers are separate
 * processes. At the end every frame is accounted for: counts and last books against what was sent.
 *
 * `npm run bench -- market [--minutes N] [--peak-minutes N] [--trades]` (1 and 0.5); with `--trades` also
 * 1,000 trades a second, and after that 5,000 a second for ten seconds, each accounted for; before it the
 * average without trades, to compare the books' figures with
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { parseArgs } from 'node:util';
import { accounts, ask, startMarket } from './recorded-market.mjs';
import { sized, TINY_OPTION } from './sizes.mjs';
import { openSqlite, rowsOf } from './sqlite.mjs';

const { values: flags } = parseArgs({
  options: {
    minutes: { type: 'string', default: sized('1', '0.05') },
    'peak-minutes': { type: 'string', default: sized('0.5', '0') },
    trades: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    ...TINY_OPTION,
  },
});
const PEAK = 1.57;
const here = (path) => new URL(path, import.meta.url).pathname;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The result of {@link phase} for the average without trades, measured by a process like this one. */
async function figuresWithoutTrades() {
  const sizes = [
    '--minutes',
    flags.minutes,
    '--peak-minutes',
    '0',
    ...(flags.tiny ? ['--tiny'] : []),
  ];
  const child = fork(here('market.mjs'), sizes);
  let figures;
  child.once('message', (message) => (figures = message));
  const [code] = await once(child, 'exit');
  if (code !== 0) process.exit(code ?? 1);
  return figures;
}
const withoutTrades = flags.trades ? await figuresWithoutTrades() : null;

const folder = mkdtempSync(join(tmpdir(), 'bench-market-'));
const dbPath = join(folder, 'market.db');
const children = [];
let market;
const finish = async (code) => {
  await market?.close();
  for (const child of children) child.kill('SIGKILL');
  if (!flags.keep) rmSync(folder, { recursive: true, force: true });
  process.exit(code);
};
process.once('SIGINT', () => void finish(130));
try {
  const settings = flags.trades ? { CHANNELS: 'orderbook,trade' } : {};
  market = await startMarket({ dbPath, settings, onEnd: () => void finish(1) });
} catch (error) {
  console.error(error.message);
  await finish(1);
}
const { port, control, health } = market;
console.log(`start: all markets LIVE after ${market.startSeconds.toFixed(1)} s`);
const setRate = async (rate) => {
  const answer = await fetch(`${control}/rate`, { method: 'POST', body: JSON.stringify([rate]) });
  if (!answer.ok) throw new Error(await answer.text());
};
const setTradeRate = async (rate) => {
  const answer = await fetch(`${control}/trade-rate`, {
    method: 'POST',
    body: JSON.stringify([rate]),
  });
  if (!answer.ok) throw new Error(await answer.text());
};
/** Trades that went out of each market, by `EXCHANGE:PAIR`. */
const tradesSent = async () => {
  const all = await (await fetch(`${control}/ledger?last=false`)).json();
  const sent = new Map();
  for (const [exchange, markets] of Object.entries(all)) {
    for (const [pair, { trades }] of Object.entries(markets)) {
      if (trades?.live > 0) sent.set(`${exchange}:${pair}`, trades.live);
    }
  }
  return sent;
};
const sumOf = (counts) => [...counts.values()].reduce((sum, count) => sum + count, 0);
/** Live trades that are stored of each market. */
const tradesStored = async () => {
  const stored = new Map();
  const answer = await fetch(`http://127.0.0.1:${port}/export/all.ndjson?shape=trades`);
  for await (const line of createInterface({ input: Readable.fromWeb(answer.body) })) {
    const { exchange, symbol, currency, origin } = JSON.parse(line);
    const key = `${exchange}:${symbol}-${currency}`;
    if (origin === 'LIVE') stored.set(key, (stored.get(key) ?? 0) + 1);
  }
  return stored;
};
/** Books by their time from receipt to commit: how many took at most this many ms, and all. */
const commits = async () => {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const name = 'orderbook_store_commit_delay_seconds_bucket';
  return [...text.matchAll(new RegExp(`${name}\\{le="([^"]+)"\\} (\\d+)`, 'g'))].map((match) => [
    match[1] === '+Inf' ? Infinity : Math.round(Number(match[1]) * 1000),
    Number(match[2]),
  ]);
};
/** The bound that `share` of the commits between two readings did not exceed, ms. */
const commitBound = (before, after, share) => {
  const counts = after.map(([bound, count], i) => [bound, count - before[i][1]]);
  return counts.find(([, count]) => count >= share * counts.at(-1)[1])[0];
};

const readers = fork(here('market-readers.mjs'), [`ws://127.0.0.1:${port}/graphql`]);
children.push(readers);

const megabytes = (bytes) => Math.round(bytes / 1024 / 1024);
async function phase(name, rate, minutes, warmUp = sized(15_000, 2_000)) {
  await setRate(rate);
  // The first seconds go to the compiler and to the subscribers' first books.
  await sleep(warmUp);
  await Promise.all([market.report(), ask(readers)]);
  const before = await health();
  const sentBefore = flags.trades ? sumOf(await tradesSent()) : 0;
  const commitsBefore = await commits();
  await sleep(minutes * 60_000);
  const [own, live, after] = [await market.report(), await ask(readers), await health()];
  const commitsAfter = await commits();
  const stored = (after.store.storedBooks - before.store.storedBooks) / (minutes * 60);
  const half = own.rss.slice(Math.floor(own.rss.length / 2));
  console.log(
    [
      `${name}: ${own.cores.toFixed(2)} cores`,
      `event loop delay p99 ${own.delayMs.p99.toFixed(1)} ms (max ${own.delayMs.max.toFixed(0)})`,
      `receive to written p50 ${own.writtenMs.p50} ms, p99 ${own.writtenMs.p99} ms`,
      `RSS ${megabytes(own.rss[0])} to ${megabytes(own.rss.at(-1))} MB (most ${megabytes(Math.max(...own.rss))}, second half from ${megabytes(half[0])})`,
      `main heap ${megabytes(own.memory.heapUsed)} of ${megabytes(own.memory.heapTotal)} MB, buffers ${megabytes(own.memory.arrayBuffers)} MB`,
      `receive to subscriber p50 ${live.p50} ms, p99 ${live.p99} ms, max ${live.max} ms (${live.deliveries} deliveries)`,
      `${Math.round(stored)} books/s stored, last flush ${after.store.lastFlushMs?.toFixed(1)} ms`,
      `receive to committed p50 ≤ ${commitBound(commitsBefore, commitsAfter, 0.5)} ms, p99 ≤ ${commitBound(commitsBefore, commitsAfter, 0.99)} ms (FLUSH_MS ${after.store.flushMs})`,
      `dropped ${after.store.droppedBooks}`,
      ...(flags.trades
        ? [`${Math.round((sumOf(await tradesSent()) - sentBefore) / (minutes * 60))} trades/s sent`]
        : []),
    ].join('; '),
  );
  return {
    cores: own.cores,
    'event loop delay p99': own.delayMs.p99,
    'receive to written p50': own.writtenMs.p50,
    'receive to written p99': own.writtenMs.p99,
    'receive to subscriber p50': live.p50,
    'receive to subscriber p99': live.p99,
  };
}
const average = await phase('average', 1, Number(flags.minutes));
process.send?.(average);
if (withoutTrades !== null) {
  const ratios = Object.entries(average).map(
    ([name, value]) => `${name} ${(value / withoutTrades[name]).toFixed(2)}`,
  );
  console.log(`with trades, against without: ${ratios.join('; ')}`);
}
if (Number(flags['peak-minutes']) > 0) await phase('peak', PEAK, Number(flags['peak-minutes']));

if (flags.trades) {
  await setTradeRate(5);
  await phase('burst of trades', 1, sized(10, 2) / 60, 0);
}

// Everything accounted for
await setRate(0);
await sleep(1000);
while ((await health()).store.queuedBooks > 0) await sleep(100);
const { frames, changed, equal, markets, wrong } = await accounts(market);
const db = openSqlite(dbPath, { readonly: true });
const [[rows]] = rowsOf(db, 'SELECT count(*) FROM book');
const [[levels]] = rowsOf(
  db,
  'SELECT sum(json_array_length(asks) + json_array_length(bids)) FROM book',
);
const [[gaps]] = rowsOf(db, 'SELECT count(*) FROM gap');
db.close();
if (flags.trades) {
  const [sent, stored] = [await tradesSent(), await tradesStored()];
  for (const [key, count] of sent) {
    if (stored.get(key) !== count) wrong.push(`${key} ${stored.get(key) ?? 0} of ${count} trades`);
  }
  console.log(
    `trades: ${sumOf(sent)} went out, ${sumOf(stored)} stored, ${sent.size} markets had some`,
  );
}
const bytes = statSync(dbPath).size;
console.log(
  `accounts: ${frames} frames received, ${changed} changed, ${rows} stored, ${gaps} gaps, ${equal} of ${markets} last books equal digit for digit, ${wrong.length} wrong`,
);
for (const line of wrong.slice(0, 10)) console.error(`  ${line}`);
console.log(
  `disk: ${megabytes(bytes)} MB, ${(bytes / rows).toFixed(0)} bytes a stored book, ${(levels / rows).toFixed(1)} levels in it`,
);
await finish(wrong.length > 0 || rows !== changed ? 1 : 0);

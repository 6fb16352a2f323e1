/**
 * Five million stored levels as NDJSON: the export command with its output to a file, beside
 * `sqlite3 -json` (Debian package sqlite3) of the same rows from the view `orderbook`, also to a
 * file. Wall time, CPU and greatest memory of each process, start included; rounds alternate.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, openSync, closeSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openStore } from '../dist/store/store.js';
import { sized } from './sizes.mjs';
import { inTransaction, openSqlite } from './sqlite.mjs';

const ROWS = sized(5_000_000, 20_000);
const MARKETS = sized(200, 5);
/** Levels of an ordinary change, and of the whole book a market has once in 60 books. */
const CHANGED = 3;
const WHOLE = 30;
const ROUNDS = sized(3, 1);

const command = fileURLToPath(new URL('../dist/store/export/command.js', import.meta.url));

let seed = 1;
const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
const levels = (base, step, count) =>
  JSON.stringify(
    Array.from({ length: count }, (_, k) => [
      String(base + step * (k + 1) * 500),
      (random() * 9).toFixed(8).replace(/\.?0+$/, ''),
    ]),
  );

/** Fills an empty database of the store with books straight into its table. */
function fill(path) {
  const db = openSqlite(path);
  db.exec('PRAGMA synchronous = OFF');
  const market = db.prepare(
    "INSERT INTO market (exchange, symbol, currency) VALUES ('UPBIT', ?, 'KRW')",
  );
  const book = db.prepare('INSERT INTO book VALUES (?,?,?,?,?,?,?)');
  const base = [];
  let rows = 0;
  inTransaction(db, () => {
    for (let i = 0; i < MARKETS; i++) market.run(`S${i}`);
    for (let sequence = 1; rows < ROWS; sequence++) {
      const id = 1 + Math.floor(random() * MARKETS);
      const whole = base[id] === undefined || random() < 1 / 60;
      if (whole) base[id] = sequence;
      const time = 1_790_000_000_000 + sequence;
      const asks = whole ? WHOLE : 1 + Math.floor(random() * CHANGED);
      const bids = Math.min(ROWS - rows - asks, whole ? WHOLE : Math.floor(random() * CHANGED));
      const price = 1_000_000 * id;
      const texts = [levels(price, 1, asks), bids <= 0 ? '[]' : levels(price, -1, bids)];
      book.run(sequence, id, time, time - 20, base[id], ...texts);
      rows += asks + Math.max(0, bids);
    }
  });
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  db.close();
}

/** Runs a program to its end with its output in a file. */
function measure(program, args, out, env = {}) {
  return new Promise((resolve, reject) => {
    const file = openSync(out, 'w');
    const t = performance.now();
    const child = spawn(program, args, {
      stdio: ['ignore', file, 'inherit'],
      env: { ...process.env, ...env },
    });
    let memory = 0;
    let cpu = 0;
    const look = globalThis.setInterval(() => {
      try {
        const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
        memory = Math.max(memory, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
        const [user, system] = readFileSync(`/proc/${child.pid}/stat`, 'utf8')
          .split(') ')[1]
          .split(' ')
          .slice(11, 13);
        cpu = (Number(user) + Number(system)) / 100;
      } catch {
        // It has just ended, or the system shows no process information.
      }
    }, 20);
    child.on('error', reject);
    child.on('exit', (code) => {
      globalThis.clearInterval(look);
      closeSync(file);
      const seconds = (performance.now() - t) / 1000;
      if (code === 0) resolve({ seconds, memory, cpu });
      else reject(new Error(`${program} ended with ${code}`));
    });
  });
}

function hasCli() {
  try {
    return execFileSync('sqlite3', ['--version'], { encoding: 'utf8' }).split(' ')[0];
  } catch {
    return null;
  }
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const folder = mkdtempSync(join(tmpdir(), 'bench-'));
try {
  const path = join(folder, 'export.db');
  await (await openStore({ path })).close(30_000);
  fill(path);
  const cli = hasCli();
  const out = join(folder, 'out');
  const rounds = [];
  for (let i = 0; i < ROUNDS; i++) {
    const args = [command, 'UPBIT', '--format', 'ndjson', '--out', out];
    const ours = await measure(process.execPath, args, join(folder, 'log'), { DB_PATH: path });
    const bytes = statSync(out).size;
    const sql = "SELECT * FROM orderbook WHERE exchange = 'UPBIT'";
    const theirs =
      cli === null ? null : await measure('sqlite3', ['-readonly', '-json', path, sql], out);
    rounds.push({ ours, theirs, bytes });
  }
  const rate = (key) => Math.round(ROWS / median(rounds.map((r) => r[key].seconds)));
  const memory = Math.max(...rounds.map(({ ours }) => ours.memory));
  const own = `export: ${rate('ours')} rows/s of ${ROWS} (NDJSON, ${(rounds[0].bytes / 1e6).toFixed(0)} MB), ${median(rounds.map((r) => r.ours.cpu)).toFixed(1)} s CPU, at most ${memory.toFixed(0)} MB of memory`;
  if (cli === null) {
    console.log(`${own}; no sqlite3 command to compare with (Debian package sqlite3)`);
  } else {
    const ratios = rounds.map(({ ours, theirs }) => theirs.seconds / ours.seconds);
    console.log(
      `${own}; sqlite3 ${cli} -json ${rate('theirs')} rows/s, ${median(rounds.map((r) => r.theirs.cpu)).toFixed(1)} s CPU; ratio ${median(ratios).toFixed(2)} (${ratios.map((r) => r.toFixed(2)).join(' ')})`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

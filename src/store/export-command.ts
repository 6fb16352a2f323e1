import { once } from 'node:events';
import { createWriteStream, realpathSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { loadSettings, readDbPath } from '../settings/config.js';
import { specialKind } from '../util/file-kind.js';
import { marketKey, pairText } from '../market/market.js';
import { canonicalPath, checkReadable } from './database.js';
import { failureText } from './errors.js';
import { BadInputError, parseExportOptions } from './export-options.js';
import { Reader } from './reader.js';
import type { ExportOptions } from './store-types.js';

const USAGE = `usage: npm run export -- <EXCHANGE> [options]
  --symbol BTC             only this symbol             (default: all)
  --currency KRW           only this currency           (default: all)
  --from T, --to T         from included, to excluded: ISO 8601 or Unix ms (default: everything)
  --shape rows|books|gaps  stored levels, whole books, or the gaps of the window (default: rows)
  --format json|ndjson     one array, or one object a line (default: json)
  --out FILE               write there instead of to standard output, and the gaps of the window
                           into FILE.gaps.ndjson, an empty file when there are none
A gap is a time in which nobody looked; a note on standard error tells of those in the window.
The database is DB_PATH (default ./data/orderbook.db); the recorder may go on recording.`;

/** What the command line asks for. */
interface Command {
  readonly options: ExportOptions;
  /** File to write; undefined = standard output. */
  readonly out: string | undefined;
}

/**
 * Reads the command line.
 * @returns null when help was asked for.
 * @throws {BadInputError} naming the flag and what would be right.
 */
export function parseCommand(args: readonly string[]): Command | null {
  const text = { type: 'string' } as const;
  let parsed;
  try {
    parsed = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        symbol: text,
        currency: text,
        from: text,
        to: text,
        shape: text,
        format: text,
        out: text,
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    // Node's own first sentence names the flag; what follows is about its syntax.
    throw new BadInputError(`${(error as Error).message.split('. ')[0]}\n${USAGE}`);
  }
  const { positionals, values } = parsed;
  if (values.help === true) return null;
  if (positionals.length > 1) {
    throw new BadInputError(`one exchange at a time, not ${positionals.join(' and ')}\n${USAGE}`);
  }
  const { out, symbol, currency, from, to, shape, format } = values;
  if (out === '') throw new BadInputError('--out is empty; it must name a file');
  const exchange = positionals[0];
  const options = { exchange, symbol, currency, from, to, shape, format };
  return { options: parseExportOptions(options), out };
}

/** Progress on a terminal: one line on standard error, drawn at most ten times a second. */
class ProgressBar {
  readonly #range: { low: number; high: number } | null;
  readonly #shown = process.stderr.isTTY === true;
  #next = 0;

  constructor(range: { low: number; high: number } | null) {
    this.#range = range;
  }

  update(sequence: number): void {
    if (!this.#shown || this.#range === null || performance.now() < this.#next) return;
    this.#next = performance.now() + 100;
    const { low, high } = this.#range;
    this.#draw(high === low ? 1 : (sequence - low) / (high - low));
  }

  end(): void {
    if (!this.#shown || this.#range === null) return;
    this.#draw(1);
    process.stderr.write('\n');
  }

  #draw(share: number): void {
    const full = Math.round(share * 30);
    const bar = '█'.repeat(full) + '░'.repeat(30 - full);
    process.stderr.write(`\r${bar} ${String(Math.floor(share * 100)).padStart(3)} %`);
  }
}

/** Thrown when whoever reads our output has gone, as `| head` does. */
class ReaderGone extends Error {}

/** Writes with back-pressure. */
class Output {
  readonly #stream: Writable;
  #error: NodeJS.ErrnoException | undefined;

  constructor(stream: Writable) {
    this.#stream = stream;
    stream.on('error', (error) => (this.#error = error));
  }

  async write(text: string): Promise<void> {
    this.#check();
    if (!this.#stream.write(text)) {
      // Either it takes more, or its error is waiting for the next check.
      await once(this.#stream, 'drain').catch(() => undefined);
    }
    this.#check();
  }

  async end(): Promise<void> {
    if (this.#stream !== process.stdout) this.#stream.end();
    else await new Promise<void>((done) => this.#stream.write('', () => done()));
    if (this.#stream !== process.stdout) await finished(this.#stream).catch(() => undefined);
    this.#check();
  }

  #check(): void {
    if (this.#error?.code === 'EPIPE') throw new ReaderGone();
    if (this.#error !== undefined) throw this.#error;
  }
}

/** Exports out of the database at `path`. @throws {Error} saying in one line what is wrong. */
async function run({ options, out }: Command, path: string): Promise<void> {
  await checkReadable(path);
  const gapsOut = out === undefined ? undefined : `${out}.gaps.ndjson`;
  for (const file of [out, gapsOut]) {
    if (file !== undefined && resolve(file) === resolve(path)) {
      throw new BadInputError(`--out would write ${file}, the database itself; name another file`);
    }
  }
  if (out !== undefined) await checkOutput(out);
  const reader = new Reader({ path });
  try {
    await noteIfUnknown(reader, options);
    await write(reader, options, out);
    if (options.shape === 'gaps') return;
    // After the books, so that gaps that were dated back meanwhile are among them. A pipe or a
    // device has no place beside it.
    const beside = gapsOut !== undefined && (await stat(out!)).isFile();
    if (beside) await write(reader, { ...options, shape: 'gaps', format: 'ndjson' }, gapsOut);
    await noteGaps(reader, options, beside ? `${gapsOut} has them` : '--shape gaps lists them');
  } finally {
    await reader.close();
  }
}

/**
 * Refuses to write into what would never take it: a named pipe without a reader holds up its writer
 * without a word. `/dev/null`, `/dev/stdout` and the shell's `>(…)` are open already.
 * @throws {BadInputError}
 */
async function checkOutput(out: string): Promise<void> {
  const stats = await stat(out).catch(() => null);
  if (stats === null) return;
  const kind = stats.isDirectory() ? 'a folder' : specialKind(stats);
  const open = /^\/(dev|proc)\//.test(resolve(out)) && !stats.isBlockDevice();
  if (kind === null || (open && !stats.isDirectory())) return;
  throw new BadInputError(`--out ${out} is ${kind}; it must name a file`);
}

/** Writes what is asked for into a file or to standard output. */
async function write(
  reader: Reader,
  options: ExportOptions,
  out: string | undefined,
): Promise<void> {
  try {
    const { id, range } = await reader.exportBegin(options);
    const output = new Output(out === undefined ? process.stdout : createWriteStream(out));
    const progress = new ProgressBar(range);
    for (;;) {
      const chunk = await reader.exportNext(id);
      if (chunk === null) break;
      await output.write(chunk.text);
      if (chunk.sequence !== null) progress.update(chunk.sequence);
    }
    await output.end();
    progress.end();
  } catch (error) {
    if (out === undefined || error instanceof ReaderGone) throw error;
    throw new Error(`${failureText(error)}; ${out} is not complete`, { cause: error });
  }
}

/** Says on standard error which part of the window nobody looked at, if there is any. */
async function noteGaps(reader: Reader, options: ExportOptions, where: string): Promise<void> {
  const { count, longest, longestMs } = await reader.gapTotals(options);
  if (longest === null) return;
  const { market, cause, start } = longest;
  process.stderr.write(
    `note: ${count === 1 ? '1 gap touches' : `${count} gaps touch`} this window, the longest ${longestMs / 1000} s of ` +
      `${marketKey(market)} from ${new Date(start).toISOString()} (${cause}); ${where}\n`,
  );
}

/** Says on standard error when nothing of what was asked for was ever seen. */
async function noteIfUnknown(reader: Reader, options: ExportOptions): Promise<void> {
  const { exchange, symbol, currency } = options;
  const markets = await reader.markets(exchange);
  const found = markets.some(
    (market) =>
      (symbol === undefined || market.symbol === symbol) &&
      (currency === undefined || market.currency === currency),
  );
  if (found) return;
  const wanted = pairText({ symbol: symbol ?? '*', currency: currency ?? '*' });
  process.stderr.write(`note: nothing of ${exchange}:${wanted} has been recorded\n`);
}

/** The command `npm run export`. @returns its exit code. */
export async function exportCommand(args: readonly string[]): Promise<number> {
  try {
    loadSettings();
    const command = parseCommand(args);
    if (command === null) process.stdout.write(`${USAGE}\n`);
    else await run(command, await canonicalPath(readDbPath(process.env)));
    return 0;
  } catch (error) {
    if (error instanceof ReaderGone) return 0;
    process.stderr.write(`export: ${failureText(error)}\n`);
    return 1;
  }
}

const started = process.argv[1];
if (started !== undefined && import.meta.url === pathToFileURL(realpathSync(started)).href) {
  process.exitCode = await exportCommand(process.argv.slice(2));
}

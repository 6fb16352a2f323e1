import { realpathSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { marketKey, pairText } from '../../market/market.js';
import { loadDuckDb } from '../../parquet/duckdb.js';
import { loadSettings, type PastSettings, readPastSettings } from '../../settings/config.js';
import { checkPast, locatePast } from '../past.js';
import { failureText } from '../errors.js';
import { ReaderClient } from '../reader-client.js';
import type { ExportOptions, GapTotals, TradeTotals } from '../reader-types.js';
import { completenessText, gapsOfExport, isOfTrades, silenceNote, tradesNote } from './notes.js';
import type { Column } from './columns.js';
import { checkKnownMarkets } from './known.js';
import { BadInputError, parseExportOptions } from './options.js';
import { checkOutput, isPlainFile, ReaderGone, TextOutput, WholeFile } from './output.js';
import { ParquetFile } from './parquet.js';
import { exportColumns, type ExportPlace } from './pieces.js';
import { ProgressBar } from './progress.js';
import { FORMATS } from './shapes.js';

/** How long the reader may take to close, ms. */
const CLOSE_MS = 1_000;

const USAGE = `usage: npm run export -- <EXCHANGE>… | all [options]
  --symbol BTC      only this symbol      (default: all)
  --currency KRW    only this currency    (default: all)
  --from T, --to T  from included, to excluded: ISO 8601 or Unix ms (default: everything);
                    of the time of receipt, trades: of the exchange's time
  --shape SHAPE     rows   stored levels (default)
                    books  the whole book at each change
                    top    best prices and volumes, middle, spread and imbalance of each book
                    trades every trade: as CSV as tardis.dev defines it, else all that is known
                    gaps   the times of the window in which a market was not covered
                    incremental_book_L2, book_snapshot_5, book_snapshot_25
                           CSV as tardis.dev defines it
  --of trades       gaps: the times in which trades may be missing instead
  --every MS        books, top: the last one at or before each step, empty in gaps
  --depth N         books, incremental_book_L2: N levels a side at most
  --format FORMAT   json (one array), ndjson (one object a line), csv or parquet
                    (default: by the ending of FILE; without one json, or csv for tardis.dev)
  --out FILE        write there instead of to standard output, compressed if it ends in .gz, and
                    the gaps of the window into FILE.gaps.ndjson
  --strict          exit with 3 when the window has gaps
The database is DATABASE_URL or DB_PATH (default ./data/orderbook.db); a recorder may go on
recording.
Exit code: 0 done, 1 failed, 2 wrong usage or unknown market, 3 gaps with --strict.`;

/** The parsed command line. */
interface Command {
  readonly options: ExportOptions;
  /** File to write; undefined = standard output. */
  readonly out: string | undefined;
  /** Whether gaps are an error. */
  readonly strict: boolean;
}

/** Parses the command line; null when help was requested. @throws {BadInputError} naming the flag */
function parseCommand(args: readonly string[]): Command | null {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
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
        every: text,
        depth: text,
        of: text,
        out: text,
        strict: flag,
        help: { ...flag, short: 'h' },
      },
    });
  } catch (error) {
    // Node's own first sentence names the flag; the rest is about its syntax.
    throw new BadInputError(`${(error as Error).message.split(/\. |\n/)[0]}; --help lists all`);
  }
  const { positionals, values } = parsed;
  const { out, strict = false, help = false, ...given } = values;
  if (help) return null;
  if (out === '') throw new BadInputError('--out is empty; it must name a file');
  const exchange = positionals.length === 0 ? undefined : positionals.join(',');
  const format = given.format ?? formatByName(out);
  const options = parseExportOptions({ ...given, format, exchange });
  if (options.format === 'parquet') {
    if (out === undefined) throw new BadInputError('--format parquet needs --out FILE');
    if (isZipped(out)) {
      throw new BadInputError(`--out ${out}: Parquet is already compressed; leave .gz out`);
    }
  }
  return { options, out, strict };
}

function isZipped(out: string | undefined): boolean {
  return out?.toLowerCase().endsWith('.gz') ?? false;
}

/**
 * The format implied by a file's name; undefined for a name without an extension.
 * @throws {BadInputError} for an extension that is not a format's
 */
function formatByName(out: string | undefined): string | undefined {
  const ending = extname((out ?? '').replace(/\.gz$/i, '')).slice(1);
  const format = FORMATS.find((known) => known === ending.toLowerCase());
  if (ending === '' || format !== undefined) return format;
  throw new BadInputError(
    `--out ${out}: .${ending} names no format; end it in .${FORMATS.join(', .')}, or give --format`,
  );
}

/** An export that the reader has started. */
type Begun = ReturnType<ReaderClient['exportChunks']>;

/** What has been written. */
interface Written {
  readonly records: number;
  readonly bytes: number;
  /** Times of the first and last book, Unix ms; null when there was none. */
  readonly first: number | null;
  readonly last: number | null;
}

/** Exports from a database; returns the exit code. @throws {Error} with one line */
async function run({ options, out, strict }: Command, past: PastSettings): Promise<number> {
  const started = performance.now();
  const place = await locatePast(past);
  const gapsOut = out === undefined ? undefined : `${out}.gaps.ndjson`;
  for (const file of [out, gapsOut]) {
    if (file !== undefined && resolve(file) === resolve(place.path)) {
      throw new BadInputError(`--out would write ${file}, the database itself; name another file`);
    }
  }
  if (out !== undefined) await checkOutput(out);
  const reader = new ReaderClient(place);
  try {
    // Its thread loads while the database is inspected.
    reader.start();
    await checkPast(place);
    const known = checkKnownMarkets(reader, options);
    // Awaited below, unless something fails before.
    known.catch(() => undefined);
    // The reader continues with it as soon as it has reported the known markets.
    const begun = begin(reader, options);
    // Takes a tenth of a second, during which the reader is busy anyway.
    if (options.format === 'parquet') loadDuckDb();
    if (!(await known)) noteNothing(options);
    const beside = out !== undefined && options.shape !== 'gaps' && (await isPlainFile(out));
    // Gaps are read after the books, so that gaps dated back meanwhile are included, and written
    // before the books are in place.
    const written = await write(options, begun, out, async () => {
      const of = isOfTrades(options) ? 'trades' : 'books';
      const wanted = { ...options, shape: 'gaps', format: 'ndjson', of } as const;
      if (beside) await write(wanted, begin(reader, wanted), gapsOut);
    });
    if (options.shape === 'trades' && written.records === 0) await noteNoTrades(reader, options);
    const trades = isOfTrades(options) ? await reader.tradeTotals(options) : null;
    const gaps = trades?.gaps ?? (await gapsOfExport(reader, options));
    if (options.shape !== 'gaps') {
      const list = `--shape gaps${trades === null ? '' : ' --of trades'} lists them`;
      noteGaps(gaps, beside ? `${gapsOut} has them` : list);
      if (trades !== null) noteCompleteness(trades);
    }
    const since = await reader.silentSince();
    const silent = since !== null && since < (options.to ?? Infinity);
    if (silent) process.stderr.write(`note: ${silenceNote(since)}\n`);
    process.stderr.write(`${summary(options, written, gaps.count, performance.now() - started)}\n`);
    // Without an end the window is what there is.
    const gap = gaps.count > 0 || (silent && options.to !== undefined);
    return strict && gap ? 3 : 0;
  } finally {
    await reader.close(CLOSE_MS);
  }
}

/** Starts an export. A failure surfaces where it is written. */
function begin(reader: ReaderClient, options: ExportOptions): Begun {
  const begun = reader.exportChunks(options);
  begun.catch(() => undefined);
  return begun;
}

/** Writes the requested export to a file or standard output; `whole` runs before it is in place. */
async function write(
  options: ExportOptions,
  begun: Begun,
  out: string | undefined,
  whole: () => Promise<void> = async () => undefined,
): Promise<Written> {
  if (out === undefined || !(await isPlainFile(out))) {
    const written = await writeText(begun, out, false);
    await whole();
    return written;
  }
  const file = new WholeFile(out);
  try {
    const written =
      options.format === 'parquet'
        ? await writeParquet(begun, exportColumns(options), file.part)
        : await writeText(begun, file.part, isZipped(out));
    await whole();
    await file.put();
    return written;
  } catch (error) {
    await file.discard();
    throw new Error(`${failureText(error)}; ${out} was not written`, { cause: error });
  }
}

async function writeText(begun: Begun, path: string | undefined, gzip: boolean): Promise<Written> {
  const { range, chunks } = await begun;
  const output = new TextOutput(path, gzip);
  const progress = new ProgressBar(range);
  let written: Written = { records: 0, bytes: 0, first: null, last: null };
  for await (const { text, records, place } of chunks) {
    await output.write(text);
    if (place !== null) progress.update(place.sequence);
    written = { ...reach(written, place), records };
  }
  await output.end();
  progress.end();
  return { ...written, bytes: output.bytes };
}

async function writeParquet(
  begun: Begun,
  columns: readonly Column[],
  path: string,
): Promise<Written> {
  const file = await ParquetFile.begin(path, columns);
  let written: Written = { records: 0, bytes: 0, first: null, last: null };
  try {
    const { range, chunks } = await begun;
    const progress = new ProgressBar(range);
    for await (const { batch, records, place } of chunks) {
      await file.write(batch!);
      if (place !== null) progress.update(place.sequence);
      written = { ...reach(written, place), records };
    }
    await file.finish();
    progress.end();
  } catch (error) {
    await file.discard();
    throw error;
  }
  return { ...written, bytes: (await stat(path)).size };
}

/** Records how far an export has come. */
function reach(written: Written, place: ExportPlace | null): Written {
  if (place === null) return written;
  return { ...written, first: place.first, last: place.timestamp };
}

/** One line summarising what was written. */
function summary(
  { exchanges, symbol, currency, from, to, shape }: ExportOptions,
  { records, bytes, first, last }: Written,
  gaps: number,
  ms: number,
): string {
  const time = (given: number | undefined, found: number | null, open: string): string => {
    const at = given ?? found;
    return at === null ? open : new Date(at).toISOString();
  };
  const pair = pairText({ symbol: symbol ?? '*', currency: currency ?? '*' });
  const window = `${time(from, first, 'the beginning')} to ${time(to, last, 'now')}`;
  return (
    `exported ${records} rows (${shape}) of ${exchanges.join(',')}:${pair}, ${window}, ` +
    `${gaps} ${gaps === 1 ? 'gap' : 'gaps'}, ${bytes} bytes, ${(ms / 1000).toFixed(1)} s`
  );
}

/** Reports on standard error which part of the window was not recorded, if any. */
function noteGaps({ count, longest, longestMs }: GapTotals, where: string): void {
  if (longest === null) return;
  const { market, cause, start } = longest;
  process.stderr.write(
    `note: ${count === 1 ? '1 gap overlaps' : `${count} gaps overlap`} this window, the longest ${longestMs / 1000} s of ` +
      `${marketKey(market)} from ${new Date(start).toISOString()} (${cause}); ${where}\n`,
  );
}

/** Reports on standard error how complete the trades of the window are. */
function noteCompleteness(trades: TradeTotals): void {
  const text = completenessText(trades);
  if (text !== '') process.stderr.write(`note: completeness of the trades, ms: ${text}\n`);
}

/** Reports on standard error that nothing of the selection was ever seen. */
function noteNothing({ exchanges, symbol, currency }: ExportOptions): void {
  const wanted = pairText({ symbol: symbol ?? '*', currency: currency ?? '*' });
  process.stderr.write(`note: nothing has been recorded for ${exchanges.join(',')}:${wanted}\n`);
}

/** Reports on standard error that no trade of the selection is stored, if that is so. */
async function noteNoTrades(reader: ReaderClient, options: ExportOptions): Promise<void> {
  const note = await tradesNote(reader, options);
  if (note !== null) process.stderr.write(`note: ${note}\n`);
}

/** The command `npm run export`. @returns its exit code. */
export async function exportCommand(args: readonly string[]): Promise<number> {
  try {
    const command = parseCommand(args);
    if (command === null) {
      process.stdout.write(`${USAGE}\n`);
      return 0;
    }
    loadSettings();
    return await run(command, readPastSettings(process.env));
  } catch (error) {
    if (error instanceof ReaderGone) return 0;
    process.stderr.write(`export: ${failureText(error)}\n`);
    return error instanceof BadInputError ? 2 : 1;
  }
}

const started = process.argv[1];
if (started !== undefined && import.meta.url === pathToFileURL(realpathSync(started)).href) {
  process.exitCode = await exportCommand(process.argv.slice(2));
}

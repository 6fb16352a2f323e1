import { accessSync, constants, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type DestinationStream, type LoggerOptions, pino, symbols } from 'pino';
import buildRollingFile, { type RollingFile } from 'pino-roll';
import { danglingTarget, specialKind } from '../util/file-kind.js';
import { makeFolder, PRIVATE_FILE } from '../util/make-folder.js';
import { type ConsoleStream, consoleStreams } from './console.js';
import { LOG_NAMES, type LogBounds, LogRetention, readLogName } from './log-retention.js';
import type { LogRecord } from '../market/log-record.js';
import { jsonLine } from './json-line.js';
import { formatLine, type LogSink } from './logger.js';

/** Size at which a file is followed by the next of the same day; less if the total limit is small. */
const MAX_FILE_BYTES = 50_000_000;

/** Format of the lines on standard output: as in the files, or JSON. */
export type LogFormat = 'text' | 'json';

/** Log files and standard output as one sink. */
interface LogFiles {
  readonly sink: LogSink;
  /** Standard output; null when the log is kept off it. */
  readonly output: ConsoleStream | null;
  /** Writes what is buffered and closes the files; later records go to the output only. */
  close(): Promise<void>;
}

/**
 * Opens one rolling file per exchange and one for the program (`system`) in `folder`: a new file at
 * midnight and at {@link MAX_FILE_BYTES}. Old files are deleted according to `bounds`; by default
 * none is. Every line also goes to standard output, in `format`, unless `quiet`.
 * @throws {Error} with one line when the folder is not writable.
 */
export async function openLogFiles(
  folder: string,
  quiet = false,
  bounds: LogBounds = { keepDays: 0, maxBytes: 0 },
  format: LogFormat = 'text',
): Promise<LogFiles> {
  const wrong = kindProblem(folder);
  if (wrong !== null) {
    throw new Error(`LOG_PATH ${JSON.stringify(folder)} is ${wrong}; name a folder`);
  }
  try {
    makeFolder(folder);
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw new Error(
      `LOG_PATH ${JSON.stringify(folder)} cannot be written: ${(error as Error).message}; name a folder that this user may write`,
      { cause: error },
    );
  }
  refuseOddFiles(folder);
  const output = quiet ? null : consoleStreams().output;
  const share = bounds.maxBytes / (2 * LOG_NAMES.length);
  const fileBytes = Math.floor(share > 0 ? Math.min(MAX_FILE_BYTES, share) : MAX_FILE_BYTES);
  const files = new Map(
    await Promise.all(
      LOG_NAMES.map(async (name) => {
        const stream = await buildRollingFile({
          file: join(folder, name),
          frequency: 'daily',
          dateFormat: 'yyyy-MM-dd',
          size: `${fileBytes}b`,
          extension: '.log',
          mkdir: true,
          mode: PRIVATE_FILE,
        });
        let failed = false;
        stream.on('error', (error: Error) => {
          // A failure of the files cannot be logged to them; it is reported once, and recording continues.
          if (!failed) {
            consoleStreams().errors.write(`log file ${name}: ${error.message}\n`);
          }
          failed = true;
        });
        return [name, stream] as const;
      }),
    ),
  );
  const retention = new LogRetention(folder, bounds);
  const lines = new LineDestination(files, output, format);
  const logger = pino(PINO_OPTIONS, lines);
  return {
    sink: (record) => logger[record.level](record),
    output,
    close: async () => {
      retention.close();
      lines.closed = true;
      await Promise.all(
        [...files.values()].map(
          (stream) =>
            new Promise<void>((resolve) => {
              stream.once('close', () => resolve());
              stream.once('error', () => resolve());
              stream.end();
            }),
        ),
      );
    },
  };
}

/** What is in place of the log folder if it is not a folder, in words. */
function kindProblem(folder: string): string | null {
  const target = danglingTarget(folder);
  if (target !== null) return `a link to ${target}, which does not exist`;
  let stats;
  try {
    stats = statSync(folder, { throwIfNoEntry: false });
  } catch {
    // Creating it will report why it cannot be inspected.
    return null;
  }
  if (stats === undefined || stats.isDirectory()) return null;
  return specialKind(stats) ?? 'a file';
}

/**
 * Opening a pipe blocks a thread until there is a reader, perhaps forever, and the program cannot
 * end before that.
 */
function refuseOddFiles(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (readLogName(name) === null) continue;
    const path = join(folder, name);
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined || stats.isFile()) continue;
    throw new Error(`${path} is ${specialKind(stats) ?? 'a folder'}; a log file must be there`);
  }
}

/**
 * Logger decides by severity, so pino lets everything through; and since {@link LineDestination}
 * formats the record itself, nothing is serialised to JSON.
 */
const PINO_OPTIONS: LoggerOptions = {
  level: 'trace',
  base: null,
  timestamp: false,
  formatters: { log: () => ({}) },
};

/** Pino's destination: writes each record's line (docs/data.md) to its file and to the output. */
class LineDestination implements DestinationStream {
  /** Makes pino set {@link lastObj} before each write. */
  readonly [symbols.needsMetadataGsym] = true;
  lastObj!: LogRecord;
  /** The files accept nothing more: a write would throw into the caller. */
  closed = false;
  readonly #files: ReadonlyMap<string, RollingFile>;
  readonly #output: ConsoleStream | null;
  readonly #format: LogFormat;

  constructor(
    files: ReadonlyMap<string, RollingFile>,
    output: ConsoleStream | null,
    format: LogFormat,
  ) {
    this.#files = files;
    this.#output = output;
    this.#format = format;
  }

  write(): void {
    const record = this.lastObj;
    const line = `${formatLine(record)}\n`;
    if (!this.closed) this.#files.get(record.exchange?.toLowerCase() ?? 'system')?.write(line);
    this.#output?.write(this.#format === 'text' ? line : `${jsonLine(record)}\n`);
  }
}

import { once } from 'node:events';
import { createWriteStream, rmSync } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { specialKind } from '../../util/file-kind.js';
import { BadInputError } from './options.js';

/** Thrown when the reader of our output has gone, as with `| head`. */
export class ReaderGone extends Error {}

/** Compression level of `.gz`: above it a file gets little smaller and takes far longer. */
const GZIP_LEVEL = 4;

/** Temporary folder for writing a file. */
export function workFolder(path: string): string {
  return `${path}.d`;
}

/** Suffix under which a file is written until it is complete. */
const PART = '.part';

/**
 * Refuses outputs that would block forever: a named pipe without a reader silently blocks its
 * writer. `/dev/null`, `/dev/stdout` and the shell's `>(…)` are open already.
 * @throws {BadInputError}
 */
export async function checkOutput(out: string): Promise<void> {
  const stats = await stat(out).catch(() => null);
  if (stats === null) return;
  const kind = stats.isDirectory() ? 'a folder' : specialKind(stats);
  const isOpen = /^\/(dev|proc)\//.test(resolve(out)) && !stats.isBlockDevice();
  if (kind === null || (isOpen && !stats.isDirectory())) return;
  throw new BadInputError(`--out ${out} is ${kind}; it must name a file`);
}

/** Whether `out` is, or will be, a regular file: not a pipe or device. */
export async function isPlainFile(out: string): Promise<boolean> {
  return (await stat(out).catch(() => null))?.isFile() ?? true;
}

/** A file that appears in place only once it is complete and durably on disk. */
export class WholeFile {
  /** Where it is written. */
  readonly part: string;
  readonly #path: string;
  readonly #onSignal = (signal: NodeJS.Signals): void => {
    rmSync(this.part, { force: true });
    rmSync(workFolder(this.part), { recursive: true, force: true });
    process.removeListener('SIGINT', this.#onSignal).removeListener('SIGTERM', this.#onSignal);
    process.kill(process.pid, signal);
  };

  constructor(path: string) {
    this.#path = path;
    this.part = `${path}${PART}`;
    process.once('SIGINT', this.#onSignal).once('SIGTERM', this.#onSignal);
  }

  /** Moves it into place. */
  async put(): Promise<void> {
    const file = await open(this.part, 'r+');
    try {
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(this.part, this.#path);
    // The name must also survive a power loss; some systems cannot open folders.
    const folder = await open(dirname(resolve(this.#path))).catch(() => null);
    await folder?.sync().catch(() => undefined);
    await folder?.close();
    this.#forget();
  }

  /** Removes what has been written. */
  async discard(): Promise<void> {
    await rm(this.part, { force: true }).catch(() => undefined);
    this.#forget();
  }

  #forget(): void {
    process.removeListener('SIGINT', this.#onSignal).removeListener('SIGTERM', this.#onSignal);
  }
}

/** Writes text with backpressure, compressed if requested. */
export class TextOutput {
  /** Bytes written. */
  bytes = 0;
  readonly #head: Writable;
  readonly #last: Writable;
  readonly #standard: boolean;
  #error: NodeJS.ErrnoException | undefined;

  /** @param path file to write; undefined = standard output */
  constructor(path: string | undefined, gzip: boolean) {
    this.#standard = path === undefined;
    this.#last = path === undefined ? process.stdout : createWriteStream(path);
    const fail = (error: Error): void => void (this.#error ??= error);
    this.#last.on('error', fail);
    if (!gzip) {
      this.#head = this.#last;
      return;
    }
    const zip = createGzip({ level: GZIP_LEVEL, chunkSize: 256 * 1024 });
    zip.on('error', fail);
    zip.on('data', (data: Buffer) => (this.bytes += data.length));
    this.#head = zip;
    zip.pipe(this.#last);
    this.#last.on('error', () => zip.destroy());
  }

  async write(text: string): Promise<void> {
    this.#check();
    const data = Buffer.from(text);
    if (this.#head === this.#last) this.bytes += data.length;
    if (!this.#head.write(data)) {
      // Either it accepts more, or its error awaits the next check.
      await once(this.#head, 'drain').catch(() => undefined);
    }
    this.#check();
  }

  async end(): Promise<void> {
    if (this.#standard) await new Promise<void>((done) => this.#last.write('', () => done()));
    else {
      this.#head.end();
      await finished(this.#last).catch(() => undefined);
    }
    this.#check();
  }

  #check(): void {
    if (this.#error?.code === 'EPIPE') throw new ReaderGone();
    if (this.#error !== undefined) throw this.#error;
  }
}

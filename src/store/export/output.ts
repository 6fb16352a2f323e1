import { once } from 'node:events';
import { createWriteStream, rmSync } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { specialKind } from '../../util/file-kind.js';
import { BadInputError } from './options.js';

/** Thrown when the reader of our output has gone, as `| head` does. */
export class ReaderGone extends Error {}

/** Compression of `.gz`: beyond it a file gets little smaller and takes far longer. */
const GZIP_LEVEL = 4;

/** Where what is needed to write a file lies meanwhile. */
export function workFolder(path: string): string {
  return `${path}.d`;
}

/** Ending of the name under which a file is written until it is whole. */
const PART = '.part';

/**
 * Refuses to write into what would never take it: a named pipe without a reader holds up its writer
 * without a word. `/dev/null`, `/dev/stdout` and the shell's `>(…)` are open already.
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

/** Whether `out` is, or will be, a regular file: no pipe and no device. */
export async function isPlainFile(out: string): Promise<boolean> {
  return (await stat(out).catch(() => null))?.isFile() ?? true;
}

/** A file that appears at its place only once it is whole and on the disk. */
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

  /** Puts it in its place. */
  async put(): Promise<void> {
    const file = await open(this.part, 'r+');
    try {
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(this.part, this.#path);
    // The name must also survive a loss of power; some systems open no folders.
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

/** Writes text with back-pressure, compressed if asked for. */
export class TextOutput {
  /** Bytes that have been written. */
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
      // Either it takes more, or its error is waiting for the next check.
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

import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import type { Exchange } from '../market/exchange.js';
import type { Group } from './evidence.js';

/** One raw message, as a line of a recording has it. */
export interface RecordedMessage {
  /** Unix ms. */
  readonly at: number;
  readonly group: Group;
  /** `in`: from the exchange; `out`: ours; `rest`: the answer to a REST call. */
  readonly kind: 'in' | 'out' | 'rest';
  /** Number of the socket; 0 for REST. */
  readonly socket: number;
  readonly binary: boolean;
  /** Path of the call, for REST. */
  readonly path?: string;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly text: string;
}

/** Keeps the raw messages of one exchange: a file with one JSON object per line, named by the time. */
export class Recording {
  readonly #file: WriteStream;
  readonly #done: Promise<void>;

  private constructor(file: WriteStream) {
    this.#file = file;
    this.#done = finished(file);
    // Thrown where it is awaited.
    this.#done.catch(() => {});
  }

  /** Opens `<folder>/<exchange>-<time>.ndjson`; throws when that cannot be written. */
  static async open(folder: string, exchange: Exchange): Promise<Recording> {
    await mkdir(folder, { recursive: true });
    const time = new Date().toISOString().replaceAll(':', '-');
    const file = createWriteStream(join(folder, `${exchange.toLowerCase()}-${time}.ndjson`), {
      flags: 'wx',
      mode: 0o600,
    });
    await new Promise<void>((resolve, reject) => {
      file.once('open', () => resolve());
      file.once('error', reject);
    });
    return new Recording(file);
  }

  /** Keeps a message. */
  keep(message: RecordedMessage): void {
    if (!this.#file.destroyed) this.#file.write(`${JSON.stringify(message)}\n`);
  }

  /** Writes everything left; throws when something could not be written. */
  async close(): Promise<void> {
    this.#file.end();
    await this.#done;
  }
}

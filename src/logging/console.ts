import type { WriteStream } from 'node:tty';
import { pause } from '../util/wait.js';

/** Bytes that may wait for a stalled console; anything beyond is dropped. */
const MAX_WAITING_BYTES = 256 * 1024;

/** The libuv part of a standard stream. Only through it can writes be made non-blocking. */
interface Handle {
  setBlocking?(blocking: boolean): number;
}

/**
 * A standard stream that never blocks its writer: not for a terminal stopped with Ctrl+S, a pipe
 * whose reader has stalled, or a terminal that is gone. Node writes to a terminal synchronously,
 * which would stop the whole program until Ctrl+Q is pressed.
 */
export class ConsoleStream {
  readonly #stream: WriteStream;
  #open = true;
  #total = 0;
  /** Lines dropped since it last took everything. */
  #leftOut = 0;
  #listener: (leftOut: number | null) => void = () => undefined;

  constructor(stream: WriteStream) {
    this.#stream = stream;
    (stream as unknown as { _handle?: Handle })._handle?.setBlocking?.(false);
    stream.on('error', () => {
      // Its reader went away (`npm start | head`); recording continues without it.
      this.#open = false;
    });
    stream.on('drain', () => this.#drained());
  }

  /** Lines dropped since the process started. */
  get linesLeftOut(): number {
    return this.#total;
  }

  /**
   * Calls `listener` with null when lines start being dropped, and with their number when it takes
   * lines again.
   */
  onLeftOut(listener: (leftOut: number | null) => void): void {
    this.#listener = listener;
  }

  /** Writes a text of whole lines, or drops it. Never blocks. */
  write(text: string): void {
    if (!this.#open) return;
    // Once it stalls, it must take everything before the next line: the dropped ones belong in between.
    if (this.#leftOut === 0 && this.#stream.writableLength < MAX_WAITING_BYTES) {
      this.#stream.write(text);
      return;
    }
    this.#total++;
    this.#leftOut++;
    if (this.#leftOut === 1) this.#listener(null);
  }

  /** Waits until everything is written, at most this long, ms: the rest is lost with the process. */
  async flush(timeoutMs: number): Promise<void> {
    const end = performance.now() + timeoutMs;
    while (this.#open && this.#stream.writableLength > 0 && performance.now() < end) {
      await pause(5);
    }
  }

  #drained(): void {
    const leftOut = this.#leftOut;
    this.#leftOut = 0;
    if (leftOut > 0) this.#listener(leftOut);
  }
}

let streams: { readonly output: ConsoleStream; readonly errors: ConsoleStream } | undefined;

/**
 * Standard output and standard error of this process. From the first call on no write to them
 * blocks, Node's own warnings included; they must be flushed before the process ends.
 */
export function consoleStreams(): NonNullable<typeof streams> {
  if (streams !== undefined) return streams;
  const errors = new ConsoleStream(process.stderr);
  streams = { output: new ConsoleStream(process.stdout), errors };
  // Node's own listener bypasses the stream, and blocks.
  process.removeAllListeners('warning');
  process.on('warning', ({ name, message }) => errors.write(`${name}: ${message}\n`));
  return streams;
}

/** Waits until both are written, at most this long, ms. */
export async function flushConsole(timeoutMs: number): Promise<void> {
  await Promise.all([streams?.output.flush(timeoutMs), streams?.errors.flush(timeoutMs)]);
}

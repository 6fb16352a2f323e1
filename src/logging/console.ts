import type { WriteStream } from 'node:tty';
import { pause } from '../util/wait.js';

/** Bytes that may wait for a console that takes nothing; what comes then is left out. */
const MAX_WAITING_BYTES = 256 * 1024;

/** The part of a standard stream that libuv knows. Only through it can its writes be kept from waiting. */
interface Handle {
  setBlocking?(blocking: boolean): number;
}

/**
 * A standard stream as a place for lines that nothing ever waits for: a terminal stopped with Ctrl+S,
 * a pipe whose reader has stopped reading, a terminal that is gone. Node writes to a terminal synchronously,
 * which stops the whole program until Ctrl+Q is pressed.
 */
export class ConsoleStream {
  readonly #stream: WriteStream;
  #open = true;
  #total = 0;
  /** Lines left out since it last took all. */
  #leftOut = 0;
  #listener: (leftOut: number | null) => void = () => undefined;

  constructor(stream: WriteStream) {
    this.#stream = stream;
    (stream as unknown as { _handle?: Handle })._handle?.setBlocking?.(false);
    stream.on('error', () => {
      // Its reader went away (`npm start | head`); recording goes on without it.
      this.#open = false;
    });
    stream.on('drain', () => this.#drained());
  }

  /** Lines left out since the process began. */
  get linesLeftOut(): number {
    return this.#total;
  }

  /** Calls `listener` with null when lines begin to be left out, and with their number when it takes lines again. */
  onLeftOut(listener: (leftOut: number | null) => void): void {
    this.#listener = listener;
  }

  /** Writes a text of whole lines, or leaves it out. Never waits. */
  write(text: string): void {
    if (!this.#open) return;
    // Once it takes nothing it must have taken all before the next line: those left out lie between.
    if (this.#leftOut === 0 && this.#stream.writableLength < MAX_WAITING_BYTES) {
      this.#stream.write(text);
      return;
    }
    this.#total++;
    this.#leftOut++;
    if (this.#leftOut === 1) this.#listener(null);
  }

  /** Waits until all is written, at most this long, ms: what still waits dies with the process. */
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
 * Standard output and standard error of this process. From the first call on no write to them waits,
 * Node's own warnings included: before the end of the process they must be flushed.
 */
export function consoleStreams(): NonNullable<typeof streams> {
  if (streams !== undefined) return streams;
  const errors = new ConsoleStream(process.stderr);
  streams = { output: new ConsoleStream(process.stdout), errors };
  // Node's own listener writes past the stream, and waits.
  process.removeAllListeners('warning');
  process.on('warning', ({ name, message }) => errors.write(`${name}: ${message}\n`));
  return streams;
}

/** Waits until both are written, at most this long, ms. */
export async function flushConsole(timeoutMs: number): Promise<void> {
  await Promise.all([streams?.output.flush(timeoutMs), streams?.errors.flush(timeoutMs)]);
}

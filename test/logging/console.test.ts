import { describe, expect, it } from '@jest/globals';
import { Writable } from 'node:stream';
import type { WriteStream } from 'node:tty';
import { ConsoleStream } from '../../src/logging/console.js';

/** A terminal that takes nothing until it is let go on. */
class StoppedTerminal extends Writable {
  text = '';
  #waiting: (() => void) | null = null;
  #stopped = true;

  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.text += chunk.toString();
    if (this.#stopped) this.#waiting = done;
    else done();
  }

  goOn(): void {
    this.#stopped = false;
    this.#waiting?.();
  }
}

describe('the console', () => {
  it('keeps what it may, leaves out and counts the rest, and says so when it goes on', async () => {
    const terminal = new StoppedTerminal();
    const output = new ConsoleStream(terminal as unknown as WriteStream);
    const calls: (number | null)[] = [];
    output.onLeftOut((lines) => {
      calls.push(lines);
      output.write(lines === null ? 'blocked\n' : `${lines} left out\n`);
    });
    const line = `${'x'.repeat(999)}\n`;
    for (let i = 0; i < 10_000; i++) output.write(line);
    expect(terminal.writableLength).toBeLessThan(300_000);
    expect(calls).toEqual([null]);
    const { linesLeftOut } = output;
    expect(linesLeftOut).toBeGreaterThan(9_000);
    await output.flush(20);
    terminal.goOn();
    await output.flush(5_000);
    output.write('after\n');
    await output.flush(5_000);
    expect(calls).toEqual([null, linesLeftOut]);
    expect(terminal.text.split('\n').slice(-3)).toEqual([`${linesLeftOut} left out`, 'after', '']);
  });

  it('is done with when its reader is gone', () => {
    const terminal = new StoppedTerminal();
    const output = new ConsoleStream(terminal as unknown as WriteStream);
    terminal.emit('error', new Error('EPIPE'));
    output.write('x\n');
    expect(terminal.writableLength).toBe(0);
  });
});

import { describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Course } from '../../src/soak/course.js';
import { temporaryFolder } from '../helpers/wait.js';

/** A process that gets signals, its exit codes, and a clock of its own. */
class Signalled extends EventEmitter {
  readonly codes: number[] = [];
  at = 0;
  readonly course = new Course(this, () => this.at);

  exit(code: number): void {
    this.codes.push(code);
  }
}

describe('a soak that is broken off', () => {
  it('closes in order after Ctrl+C under npm, two signals at once, and exits at once when asked again', () => {
    const self = new Signalled();
    expect(() => self.course.check()).not.toThrow();
    self.emit('SIGINT', 'SIGINT');
    self.at = 200;
    self.emit('SIGINT', 'SIGINT');
    expect(() => self.course.check()).toThrow('broken off by SIGINT');
    expect(self.codes).toEqual([]);
    self.at = 1_500;
    self.emit('SIGTERM', 'SIGTERM');
    expect(self.codes).toEqual([1]);
  });

  it('still closes in order after the first signal when it is over for another reason', () => {
    const self = new Signalled();
    self.course.breakOff('the recorder ended');
    self.at = 60_000;
    self.emit('SIGHUP', 'SIGHUP');
    expect(self.codes).toEqual([]);
    expect(() => self.course.check()).toThrow('the recorder ended');
  });

  it('removes its folders when it exits at once, or says where they are', () => {
    const folder = temporaryFolder();
    const [gone, kept] = [join(folder.path, 'gone'), join(folder.path, 'kept')];
    for (const path of [gone, kept]) {
      mkdirSync(path);
      writeFileSync(join(path, 'log'), '');
    }
    const course = new URL('../../dist/soak/course.js', import.meta.url).href;
    const script = `import { removeAtExit } from ${JSON.stringify(course)};
      removeAtExit([${JSON.stringify(gone)}]);
      removeAtExit([${JSON.stringify(kept)}], true);
      process.exit(0);`;
    try {
      const args = ['--input-type=module', '--eval', script];
      expect(execFileSync(process.execPath, args, { encoding: 'utf8' })).toBe(`kept: ${kept}\n`);
      expect([existsSync(gone), existsSync(kept)]).toEqual([false, true]);
    } finally {
      folder.remove();
    }
  });
});

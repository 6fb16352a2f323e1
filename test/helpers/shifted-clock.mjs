/**
 * Preloaded into the program (main thread and workers): its system clock is off by as many
 * milliseconds as the file named in CLOCK_OFFSET_FILE says. Only `Date` is, as when somebody sets the
 * clock of a machine.
 */
import { readFileSync } from 'node:fs';

const RealDate = Date;
const file = process.env.CLOCK_OFFSET_FILE;
let offset = 0;
let readAt = -Infinity;

function now() {
  if (performance.now() - readAt > 20) {
    offset = Number(readFileSync(file, 'utf8'));
    readAt = performance.now();
  }
  return RealDate.now() + offset;
}

globalThis.Date = class extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(now());
    else super(...args);
  }
  static now = now;
};

/**
 * Loaded into the recorder before everything else (`node --import`), in its main thread and in its
 * workers: `Date.now()` and `new Date()` then show a clock that the soak sets, see shifted-clock.ts.
 */
import { openSync, readSync } from 'node:fs';

/** How often the setting is read, ms. */
const READ_EVERY_MS = 50;

const path = process.env['SOAK_CLOCK_FILE'];
if (path !== undefined) {
  const file = openSync(path, 'r');
  const text = Buffer.alloc(20);
  let offset = 0;
  const read = (): void => {
    readSync(file, text, 0, text.length, 0);
    offset = Number(text.toString('latin1'));
  };
  read();
  setInterval(read, READ_EVERY_MS).unref();

  const TrueDate = Date;
  const now = (): number => TrueDate.now() + offset;
  globalThis.Date = new Proxy(TrueDate, {
    construct: (target, args: unknown[], newTarget) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as object,
    apply: () => new TrueDate(now()).toString(),
    get: (target, key) => (key === 'now' ? now : (Reflect.get(target, key) as unknown)),
  });
}

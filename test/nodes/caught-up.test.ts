import { expect, it } from '@jest/globals';
import { caughtUp } from '../../src/nodes/caught-up.js';
import { LogFilling } from '../../src/store/log-filling.js';
import type { WriteQueue } from '../../src/store/write-queue.js';

const stream = { state: async () => ({ id: 1, first: 1, last: 5 }) };

it('is over when the log is read, then stored', async () => {
  let looks = 0;
  const books = {
    get position() {
      return looks++;
    },
  };
  const asked: [upTo: number, looks: number][] = [];
  const store = { whenStored: async (upTo: number) => void asked.push([upTo, looks]) };
  await caughtUp(stream, books, store, new AbortController().signal);
  expect(asked).toEqual([[5, 6]]);
});

it.each([
  ['read', 0],
  ['stored', 5],
])('is given up where the log is not %s in time', async (_what, position) => {
  const ends = new AbortController();
  const store = new LogFilling({ logStored: 4 } as WriteQueue, 4);
  const waiting = caughtUp(stream, { position }, store, ends.signal);
  ends.abort(new Error('too late'));
  await expect(waiting).rejects.toThrow('too late');
});

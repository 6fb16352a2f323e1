import { expect, it } from '@jest/globals';
import { caughtUp, together } from '../../src/nodes/caught-up.js';
import { LogFilling } from '../../src/store/log-filling.js';
import type { WriteQueue } from '../../src/store/write-queue.js';

const stream = { state: async () => ({ id: 1, first: 1, last: 5 }) };

it('is over when everything that was in the log is stored', async () => {
  const queue = { logStored: 4 };
  const store = new LogFilling(queue as WriteQueue);
  let over = false;
  const waiting = caughtUp(stream, store, new AbortController().signal).then(() => (over = true));
  await new Promise(setImmediate);
  store.look();
  await new Promise(setImmediate);
  expect(over).toBe(false);
  queue.logStored = 5;
  store.look();
  await waiting;
});

it('is given up where that takes too long, or the store closes', async () => {
  const ends = new AbortController();
  const store = new LogFilling({ logStored: 4 } as WriteQueue);
  const waiting = caughtUp(stream, store, ends.signal);
  const other = caughtUp(stream, store, new AbortController().signal);
  ends.abort(new Error('too late'));
  await expect(waiting).rejects.toThrow('too late');
  store.close();
  await expect(other).rejects.toThrow('closed');
});

it('looks at the log once for callers that ask together, and only after the last of them', async () => {
  const looks: (() => void)[] = [];
  const wait = together(() => new Promise((resolve) => looks.push(resolve)));
  const first = Promise.all([wait(), wait()]);
  while (looks.length === 0) await new Promise(setImmediate);
  const second = wait();
  looks[0]!();
  await first;
  while (looks.length === 1) await new Promise(setImmediate);
  looks[1]!();
  await second;
  expect(looks).toHaveLength(2);
});

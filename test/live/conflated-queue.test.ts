import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ConflatedQueue } from '../../src/live/conflated-queue.js';
import { delivery } from '../../src/live/delivery.js';
import { market } from '../api/helpers/books.js';

const gap = {
  ...{ market: market('UPBIT'), start: 1, end: 2, detail: null, attempts: 1 },
  cause: 'DISCONNECTED' as const,
};

describe('a conflated queue', () => {
  it('holds the newest of each key in the order of first waiting, and counts what it left out', () => {
    const queue = new ConflatedQueue<string>(0, () => undefined);
    for (let order = 1; order <= 1001; order++) {
      queue.put(delivery(order % 2 === 1 ? 'BTC' : 'ETH', order, ''));
    }
    expect(queue.counts()).toEqual(
      new Map([
        ['BTC', 501],
        ['ETH', 500],
      ]),
    );
    expect(queue.take()).toMatchObject({ order: 1001, skipped: 500 });
    expect(queue.take()).toMatchObject({ order: 1000, skipped: 499 });
    expect(queue.take()).toBeUndefined();
  });

  it('carries a gap before one that it left out', () => {
    const queue = new ConflatedQueue<string>(0, () => undefined);
    queue.put(delivery('BTC', 1, ''));
    queue.put({ ...delivery('BTC', 2, ''), gapBefore: gap });
    queue.put(delivery('BTC', 3, ''));
    expect(queue.take()).toMatchObject({ order: 3, skipped: 2, gapBefore: gap });
  });

  describe('with a rate', () => {
    beforeEach(() => void jest.useFakeTimers());
    afterEach(() => void jest.useRealTimers());

    it('gives one of a key at once and the newest when its time is over; all when flushed', () => {
      let due = 0;
      const queue = new ConflatedQueue<string>(100, () => due++);
      queue.put(delivery('BTC', 1, ''));
      expect(queue.take()).toMatchObject({ order: 1 });
      queue.put(delivery('BTC', 2, ''));
      queue.put(delivery('BTC', 3, ''));
      queue.put(delivery('ETH', 4, ''));
      expect([queue.rests('BTC'), queue.rests('ETH')]).toEqual([true, false]);
      expect([queue.take()?.order, queue.take()]).toEqual([4, undefined]);
      jest.advanceTimersByTime(100);
      expect(due).toBe(1);
      expect(queue.take()).toMatchObject({ order: 3, skipped: 1 });
      queue.put(delivery('BTC', 5, ''));
      expect(queue.size).toBe(0);
      queue.flush();
      expect(queue.take()).toMatchObject({ order: 5, skipped: 0 });
      queue.close();
      expect(jest.getTimerCount()).toBe(0);
    });
  });
});

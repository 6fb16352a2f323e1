import { describe, expect, it } from '@jest/globals';
import { Bus } from '../src/bus.js';
import { book, market, publish } from './api/helpers/books.js';

const BTC = market('UPBIT');

describe('gapBefore', () => {
  it('is the gap that ended with a book, of no other book of the same millisecond', () => {
    const bus = new Bus();
    const [first, second] = [book(BTC, 1), book(BTC, 2, { timestamp: book(BTC, 1).timestamp })];
    const before: unknown[] = [];
    bus.books.on((event) => before.push(bus.gapBefore(event.book)));
    const gap = {
      ...{ market: BTC, start: 1, end: first.timestamp, detail: null, attempts: 1 },
      cause: 'DISCONNECTED' as const,
    };
    bus.gaps.publish(gap);
    publish(bus, first);
    publish(bus, second);
    expect(before).toEqual([gap, null]);
  });
});

import { describe, expect, it } from '@jest/globals';
import { Bus } from '../src/bus.js';
import { MarketSelection } from '../src/market/market-selection.js';
import { book, market, publish } from './api/helpers/books.js';

const BTC = market('UPBIT');
const ETH = market('UPBIT', 'ETH');

describe('a reader of the bus', () => {
  it('gets what is published after it was made, before anything is asked for', async () => {
    const bus = new Bus();
    const reader = bus.readBooks();
    publish(bus, book(BTC, 1));
    expect((await reader.next()).value).toMatchObject({ value: { sequence: 1 }, skipped: 0 });
  });

  it('holds the newest of each market, and knows what it left out', async () => {
    const bus = new Bus();
    const reader = bus.readBooks();
    for (let sequence = 1; sequence <= 1001; sequence++) {
      publish(bus, book(sequence % 2 === 1 ? BTC : ETH, sequence));
    }
    expect((await reader.next()).value).toMatchObject({ order: 1001, skipped: 500 });
    expect((await reader.next()).value).toMatchObject({ order: 1000, skipped: 499 });
    expect(reader.take()).toBeUndefined();
  });

  it('settles every next() that waits: with a book, or with the end', async () => {
    const bus = new Bus();
    const reader = bus.readBooks();
    const waiting = [reader.next(), reader.next(), reader.next()];
    publish(bus, book(BTC, 1));
    publish(bus, book(BTC, 2));
    await reader.return();
    const results = await Promise.all(waiting);
    expect(results.map((result) => (result.done === true ? null : result.value.order))).toEqual([
      1,
      2,
      null,
    ]);
    expect(bus.readers).toBe(0);
    expect(await reader.next()).toEqual({ value: undefined, done: true });
  });

  it('still gives what is pending when the bus closes', async () => {
    const bus = new Bus();
    const reader = bus.readBooks();
    publish(bus, book(BTC, 1));
    bus.close();
    publish(bus, book(BTC, 2));
    const got = [];
    for await (const { order } of reader) got.push(order);
    expect(got).toEqual([1]);
  });

  it('gets only the markets that it selected, however readers come and go', async () => {
    const bus = new Bus();
    const only = (symbol: string) =>
      bus.readChanges(new MarketSelection([{ exchange: null, symbol, currency: null }]));
    const first = only('ETH');
    publish(bus, book(BTC, 1));
    const second = only('BTC');
    publish(bus, book(BTC, 2));
    publish(bus, book(ETH, 3));
    await second.return();
    publish(bus, book(BTC, 4));
    publish(bus, book(ETH, 5));
    expect(first.take()).toMatchObject({ order: 5, skipped: 1 });
    expect(first.take()).toBeUndefined();
    expect(second.take()).toBeUndefined();
  });

  it('carries a gap before a book that it left out', () => {
    const bus = new Bus();
    const reader = bus.readBooks();
    publish(bus, book(BTC, 1));
    const gap = {
      market: BTC,
      start: 1,
      end: book(BTC, 2).timestamp,
      cause: 'DISCONNECTED' as const,
      detail: null,
      attempts: 1,
    };
    bus.gaps.publish(gap);
    publish(bus, book(BTC, 2));
    publish(bus, book(BTC, 3));
    expect(reader.take()).toEqual(
      expect.objectContaining({ order: 3, skipped: 2, gapBefore: gap }),
    );
  });
});

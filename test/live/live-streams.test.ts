import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { Bus } from '../../src/bus.js';
import { BookRoutes } from '../../src/live/book-routes.js';
import { LiveRefusal, LiveStreams } from '../../src/live/live-streams.js';
import type { Renderer } from '../../src/live/rendering.js';
import type { LiveReader, LiveSink } from '../../src/live/sink.js';
import { LatestBooks } from '../../src/live/sources/latest-books.js';
import { ALL_MARKETS, MarketSelection } from '../../src/market/market-selection.js';
import { book, market, publish } from '../api/helpers/books.js';

const BTC = market('UPBIT');
const ETH = market('UPBIT', 'ETH');

const RENDERER: Renderer = {
  render: ({ key, order, skipped }) => `${key} ${order} ${skipped}`,
  showsMissed: true,
  showsAge: false,
};

/** A client that takes what it is sent while `ready`. */
class TestSink implements LiveSink {
  ready = true;
  over: unknown = null;
  writes = 0;
  readonly got: string[] = [];
  reader: LiveReader | undefined;

  send({ texts }: { readonly texts: readonly string[] }): void {
    this.writes++;
    for (const text of texts) this.got.push(text.replace(/^.*:/, ''));
  }
  complete(): void {
    this.over = 'complete';
  }
  fail(error: unknown): void {
    this.over = error;
  }
  resume(): void {
    this.ready = true;
    this.reader!.onReady();
  }
}

function engine(options: { max?: number; maxOperations?: number } = {}) {
  const bus = new Bus();
  const books = new BookRoutes(bus);
  const errors: unknown[] = [];
  const onError = (error: unknown): void => void errors.push(error);
  const streams = new LiveStreams({ max: 10, maxOperations: 10, share: true, onError, ...options });
  const open = async (key: string | null = 'all', everyMs = 0): Promise<TestSink> => {
    const source = new LatestBooks({ bus, books }, ALL_MARKETS, everyMs);
    const subscription = await streams.open(key, async () => ({ source, renderer: RENDERER }));
    const sink = new TestSink();
    sink.reader = subscription.start(sink);
    return sink;
  };
  return { bus, books, streams, open, errors };
}

const settled = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) await turn();
};
const last = (sink: TestSink): string => sink.got.at(-1)!.replace(/^\S+ /, '');

describe('the live engine', () => {
  it('renders an event once for all readers in step, however many', async () => {
    const { bus, streams, open } = engine({ max: 200 });
    const sinks = [];
    for (let i = 0; i < 150; i++) sinks.push(await open());
    publish(bus, book(BTC, 1));
    await settled();
    expect(sinks.map(last)).toEqual(sinks.map(() => '1 0'));
    expect(streams.counts).toMatchObject({ delivered: 150, executed: 1, skipped: 0 });
    expect([streams.size, streams.operations]).toEqual([150, 1]);
  });

  it('writes what waits at once, in order, and no less for a reader that cannot take all of it', async () => {
    const { bus, streams, open } = engine();
    const early = await open();
    publish(bus, book(BTC, 1));
    const late = await open();
    publish(bus, book(ETH, 2));
    publish(bus, book(BTC, 3));
    publish(bus, book(market('BITHUMB'), 4));
    await settled();
    const orders = (sink: TestSink) => sink.got.map((text) => text.replace(/^\S+ /, ''));
    expect(orders(early)).toEqual(['3 1', '2 0', '4 0']);
    expect(early.writes).toBe(1);
    // It came with the first book, whose place the third took.
    expect(orders(late).sort()).toEqual(['2 0', '3 1', '4 0']);
    expect(streams.counts.delivered).toBe(6);
  });

  it('gives what waits within a turn of the event loop that takes long', async () => {
    const { bus, streams, open } = engine();
    const sink = await open();
    publish(bus, book(BTC, 1));
    const begun = performance.now();
    while (sink.got.length === 0 && performance.now() - begun < 10_000) streams.hurry();
    expect(sink.got.map((text) => text.replace(/^\S+ /, ''))).toEqual(['1 0']);
    publish(bus, book(BTC, 2));
    await settled();
    expect(last(sink)).toBe('2 0');
  });

  it('gives what was rendered before an event that cannot be, and what comes behind it', async () => {
    const { bus, books, streams, errors } = engine();
    const source = new LatestBooks({ bus, books }, ALL_MARKETS, 0);
    const renderer: Renderer = {
      ...RENDERER,
      render: (delivery) => {
        if (delivery.order === 2) throw new Error('cannot be rendered');
        return RENDERER.render(delivery);
      },
    };
    const subscription = await streams.open('x', async () => ({ source, renderer }));
    const sink = new TestSink();
    sink.reader = subscription.start(sink);
    publish(bus, book(BTC, 1));
    publish(bus, book(ETH, 2));
    publish(bus, book(market('BITHUMB'), 3));
    await settled();
    expect(sink.got.map((text) => text.replace(/^\S+ /, ''))).toEqual(['1 0', '3 0']);
    expect(errors).toHaveLength(1);
  });

  it('lets a full reader miss books, which it is told, and others none', async () => {
    const { bus, open, errors } = engine();
    const [slow, quick] = [await open(), await open()];
    slow.ready = false;
    for (let sequence = 1; sequence <= 5; sequence++) {
      publish(bus, book(BTC, sequence));
      await settled();
    }
    publish(bus, book(ETH, 6));
    await settled();
    expect(quick.got).toHaveLength(6);
    slow.resume();
    await settled();
    expect(slow.got.map((text) => text.replace(/^\S+ /, ''))).toEqual(['5 4', '6 0']);
    expect(errors).toEqual([]);
  });

  it('begins with the current books, and counts as missed only what came later', async () => {
    const { bus, open } = engine();
    const early = await open();
    for (let sequence = 1; sequence <= 3; sequence++) publish(bus, book(BTC, sequence));
    const late = await open();
    for (let sequence = 4; sequence <= 5; sequence++) publish(bus, book(BTC, sequence));
    await settled();
    expect(last(early)).toBe('5 4');
    // It was to begin with the third, whose place the fifth took: the third and the fourth are missed.
    expect([late.got.length, last(late)]).toEqual([1, '5 2']);
  });

  it('refuses beyond its bounds, and gives places back', async () => {
    const { streams, open, bus } = engine({ max: 2, maxOperations: 1 });
    const sink = await open('a');
    await expect(open('b')).rejects.toMatchObject({ reason: 'MAX_OPERATIONS' });
    const other = await open('a');
    await expect(open('a')).rejects.toBeInstanceOf(LiveRefusal);
    other.reader!.leave();
    other.reader!.leave();
    sink.reader!.leave();
    expect([streams.size, streams.operations, bus.books.size]).toEqual([0, 0, 0]);
    await expect(streams.open('c', () => Promise.reject(new Error('no source')))).rejects.toThrow(
      'no source',
    );
    expect(streams.size).toBe(0);
  });

  it('gives what is pending and completes when it closes, one that was full included', async () => {
    const { bus, streams, open } = engine();
    const [quick, full] = [await open('a'), await open('b', 60_000)];
    for (let sequence = 1; sequence <= 2; sequence++) {
      publish(bus, book(BTC, sequence));
      await settled();
    }
    full.ready = false;
    publish(bus, book(BTC, 3));
    const closed = streams.close();
    await settled();
    expect([last(quick), quick.over]).toEqual(['3 0', 'complete']);
    expect(full.over).toBeNull();
    full.resume();
    await closed;
    expect([last(full), full.over]).toEqual(['3 1', 'complete']);
    await expect(open()).rejects.toMatchObject({ reason: 'CLOSING' });
  });

  it('goes on for others when rendering an event throws', async () => {
    const { bus, books, streams, open, errors } = engine();
    const source = new LatestBooks({ bus, books }, ALL_MARKETS, 0);
    const failing: Renderer = {
      ...RENDERER,
      render: (delivery) => {
        if (delivery.order === 1) throw new Error('cannot be rendered');
        return RENDERER.render(delivery);
      },
    };
    const subscription = await streams.open('x', async () => ({ source, renderer: failing }));
    const broken = new TestSink();
    broken.reader = subscription.start(broken);
    const other = await open();
    for (let sequence = 1; sequence <= 2; sequence++) {
      publish(bus, book(BTC, sequence));
      await settled();
    }
    expect(errors).toEqual([new Error('cannot be rendered')]);
    expect([last(other), last(broken)]).toEqual(['2 0', '2 0']);
  });
});

describe('the routes of the books', () => {
  it('hand a book to those who selected its market, however they come and go', () => {
    const bus = new Bus();
    const routes = new BookRoutes(bus);
    const got: string[] = [];
    const only = (symbol: string) =>
      routes.on(
        new MarketSelection([{ exchange: null, symbol, currency: null }]),
        ({ order }) => void got.push(`${symbol} ${order}`),
      );
    const stopEth = only('ETH');
    publish(bus, book(BTC, 1));
    const stopBtc = only('BTC');
    publish(bus, book(BTC, 2));
    publish(bus, book(ETH, 3));
    stopBtc();
    publish(bus, book(BTC, 4));
    publish(bus, book(ETH, 5));
    expect(got).toEqual(['BTC 2', 'ETH 3', 'ETH 5']);
    stopEth();
    expect(bus.books.size).toBe(0);
  });
});

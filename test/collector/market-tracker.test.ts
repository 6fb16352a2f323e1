import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type BookEvent, Bus } from '../../src/bus.js';
import { MarketTracker } from '../../src/collector/market/market-tracker.js';
import { receiveClock } from '../../src/collector/clock/receive-clock.js';
import { Logger } from '../../src/logging/logger.js';
import type { CollectorState } from '../../src/market/collector-status.js';
import type { Gap } from '../../src/market/gap.js';
import type { Sides } from '../../src/market/order-book.js';

const market = { exchange: 'UPBIT', symbol: 'BTC', currency: 'KRW' } as const;
const book: Sides = {
  asks: [
    ['3', '1'],
    ['4', '1'],
  ],
  bids: [['2', '1']],
};

let bus: Bus;
let now: number;
let gaps: Map<number, Gap>;
let ended: Gap[];
let states: CollectorState[];
let events: BookEvent[];
let tracker: MarketTracker;

function make(depth = 0): MarketTracker {
  let sequence = 0;
  const sequences = { next: () => ++sequence };
  const logger = new Logger({ level: 'info', lang: 'en' });
  return new MarketTracker(market, { bus, sequences, depth, logger, clock: () => now });
}

beforeEach(() => {
  bus = new Bus();
  now = 1000;
  gaps = new Map();
  states = [];
  events = [];
  ended = [];
  bus.gaps.on((gap) => gaps.set(gap.start, gap));
  bus.gaps.on((gap) => {
    if (gap.end !== null) ended.push(gap);
  });
  bus.status.on((status) => states.push(status.state));
  bus.books.on((event) => events.push(event));
  tracker = make();
});

const closed = (): Gap[] => [...gaps.values()];
/** Start, end and cause of every gap that was closed, in order. */
const published = (): unknown[] => ended.map(({ start, end, cause }) => [start, end, cause]);

describe('a market', () => {
  it('shows its changed books to who watches it, and no other market does', () => {
    const seen: unknown[] = [];
    const stop = tracker.watch(({ sequence }) => seen.push(sequence));
    const other = make();
    for (const each of [tracker, other]) {
      each.start(null);
      each.book(book, null, 1100);
      each.book(book, null, 1200);
    }
    expect(bus.books.size).toBe(1);
    expect(seen).toEqual([1]);
    expect(tracker.current).toBe(events[0]!.book);
    stop();
    tracker.book({ ...book, bids: [['2', '5']] }, 7, 1300);
    expect(seen).toEqual([1]);
  });

  it('counts equal books, and numbers and publishes only changed ones', () => {
    tracker.start(null);
    tracker.book(book, null, 1100);
    tracker.book(book, null, 1200);
    tracker.book({ ...book, bids: [['2', '5']] }, 7, 1300);
    expect(tracker.status).toMatchObject({ books: 3, repeats: 1, lastBookAt: 1300, state: 'LIVE' });
    expect(events.map((e) => [e.book.sequence, e.previous, e.afterGap])).toEqual([
      [1, null, true],
      [2, 1, false],
    ]);
    expect(events[1]!.changes).toEqual({ asks: [], bids: [['2', '5']] });
    expect(states).toEqual(['STARTING', 'LIVE']);
  });

  it('compares what is left after the depth is cut: a level that leaves it has vanished', () => {
    tracker = make(1);
    tracker.start(null);
    tracker.book(book, null, 1100);
    tracker.book({ ...book, asks: [['3', '1']] }, null, 1200);
    tracker.book(
      {
        ...book,
        asks: [
          ['2.5', '9'],
          ['3', '1'],
        ],
      },
      null,
      1300,
    );
    expect(tracker.status.repeats).toBe(1);
    expect(events[1]!.changes.asks).toEqual([
      ['2.5', '9'],
      ['3', '0'],
    ]);
  });

  it('has a gap from the last proof of cover to the next book, stored even if equal', () => {
    tracker.start(null);
    tracker.book(book, null, 1100);
    tracker.down({ cause: 'DISCONNECTED', detail: 'close code 1006', since: 1500 });
    tracker.down({ cause: 'CONNECT_FAILED', detail: 'refused', since: null });
    tracker.attempt();
    tracker.attempt();
    tracker.book(book, null, 2500);
    expect(closed()).toEqual([
      {
        market,
        start: 1500,
        end: 2500,
        cause: 'DISCONNECTED',
        detail: 'close code 1006',
        attempts: 2,
      },
    ]);
    expect(events).toHaveLength(2);
    expect(events[1]).toMatchObject({ afterGap: true, changes: { asks: [], bids: [] } });
    expect(states).toEqual(['STARTING', 'LIVE', 'RECONNECTING', 'RECONNECTING', 'LIVE']);
  });

  it('has a gap over a standstill of the program, from the last moment before it', () => {
    tracker.start(null);
    tracker.standstill(1050, 'stood still');
    expect(closed()).toEqual([]);
    tracker.book(book, null, 1100);
    tracker.standstill(1900, 'stood still');
    tracker.standstill(9000, 'again');
    expect(tracker.status).toMatchObject({ state: 'STALE', error: 'stood still' });
    tracker.book(book, null, 9500);
    // Of a polled market nothing is known after its last poll.
    tracker.standstill(9900, 'later');
    tracker.book(book, null, 9950);
    tracker.standstill(null, 'later');
    tracker.book(book, null, 9990);
    expect(published()).toEqual([
      [1900, 9500, 'STANDSTILL'],
      [9900, 9950, 'STANDSTILL'],
      [9950, 9990, 'STANDSTILL'],
    ]);
  });

  it('dates its open gap and its last book again when a clock that was ahead is set back', () => {
    now = 10_000;
    tracker.start(null);
    tracker.book(book, null, 10_100);
    tracker.down({ cause: 'DISCONNECTED', detail: null, since: 10_200 });
    now = 5_300;
    tracker.clockSet(-5_000, { after: 5_300, aliveAt: null });
    tracker.book(book, null, 5_400);
    tracker.book(book, null, 5_500);
    tracker.down({ cause: 'DISCONNECTED', detail: null, since: 5_500 });
    now = 5_700;
    tracker.book(book, null, 5_700);
    expect(published()).toEqual([
      [5_200, 5_400, 'DISCONNECTED'],
      [5_500, 5_700, 'DISCONNECTED'],
    ]);
  });

  it('lets stand what a clock that is wrong now dated before', () => {
    now = 10_000;
    tracker.start(null);
    tracker.book(book, null, 10_100);
    tracker.down({ cause: 'DISCONNECTED', detail: null, since: 10_200 });
    now = 5_300;
    tracker.clockSet(-5_000, null);
    tracker.book(book, null, 5_400);
    now = 10_600;
    tracker.clockSet(5_000, { after: 10_600, aliveAt: null });
    expect(published()).toEqual([
      [10_200, 10_400, 'DISCONNECTED'],
      [10_200, 10_400, 'DISCONNECTED'],
    ]);
  });

  it.each([
    ['its last proof', 5_200],
    ['its last book', null],
  ])('that stood still while its clock was set wrong has a gap as long, since %s', (_, since) => {
    now = 10_000;
    tracker.start(null);
    tracker.book(book, null, 10_200);
    now = 9_300;
    tracker.clockSet(-5_000, null);
    tracker.standstill(since, 'stood still');
    tracker.book(book, null, 9_400);
    tracker.down({ cause: 'DISCONNECTED', detail: null, since: 9_500 });
    tracker.book(book, null, 9_600);
    expect(published()).toEqual([
      [10_200, 14_400, 'STANDSTILL'],
      [9_500, 9_600, 'DISCONNECTED'],
    ]);
  });

  it('that never had a book has a gap from its start, whatever the connection did', () => {
    tracker.start(null);
    tracker.down({ cause: 'DISCONNECTED', detail: null, since: 9000 });
    expect(closed()[0]).toMatchObject({ start: 1000, end: null });
  });

  it('without a first book is a gap from its start, though its connection stands', () => {
    tracker.start(null);
    tracker.noFirstBook('no first order book');
    expect(closed()[0]).toMatchObject({ start: 1000, end: null, cause: 'STALE' });
    expect(tracker.status).toMatchObject({ state: 'STARTING', error: 'no first order book' });
  });

  it('whose book was asked for again and does not come is stale, not live', () => {
    tracker.start(null);
    tracker.book(book, null, 1100);
    tracker.noFirstBook('no order book');
    expect(closed().at(-1)).toMatchObject({ start: 1100, end: null, cause: 'STALE' });
    expect(tracker.status).toMatchObject({ state: 'STALE', error: 'no order book' });
    tracker.book(book, null, 1300);
    expect(closed().at(-1)).toMatchObject({ start: 1100, end: 1300 });
    expect(tracker.status).toMatchObject({ state: 'LIVE', error: null });
  });

  it('whose message cannot be read is not covered until the next good one', () => {
    tracker.start(null);
    tracker.book(book, null, 1100);
    tracker.unreadable('bad size');
    expect(tracker.status).toMatchObject({ state: 'STALE', parseFailures: 1, error: 'bad size' });
    tracker.book(book, null, 1300);
    expect(closed()).toEqual([
      { market, start: 1100, end: 1300, cause: 'PARSE_FAILED', detail: 'bad size', attempts: 0 },
    ]);
    expect(tracker.status).toMatchObject({ state: 'LIVE', error: null });
  });

  it('begins no gap before the book that its connection heard last', () => {
    tracker.start(null);
    tracker.book(book, null, 10_001);
    tracker.down({ cause: 'DISCONNECTED', detail: null, since: 10_000 });
    tracker.book(book, null, 10_500);
    expect(published()).toEqual([[10_001, 10_500, 'DISCONNECTED']]);
  });

  it('ends its gap with the book when a step of the clock and the one back differ by a little', () => {
    tracker.start(null);
    tracker.book(book, null, 100_000);
    now = 100_500;
    tracker.clockSet(-50_000, null);
    tracker.down({ cause: 'DISCONNECTED', detail: null, since: 50_500 });
    tracker.clockSet(49_999, null);
    now = 103_000;
    tracker.book(book, null, 103_000);
    expect(ended.at(-1)).toMatchObject({ end: 103_000 });
  });

  it('lost after the clock was set back has its gap in the new time', () => {
    tracker.start(null);
    tracker.book(book, null, 10_000_000);
    tracker.down({ cause: 'DISCONNECTED', detail: null, since: 6_460_000 });
    tracker.book(book, null, 7_060_000);
    expect(closed()).toEqual([expect.objectContaining({ start: 6_460_000, end: 7_060_000 })]);
  });

  it('stopped on request has no gap, and an open one ends', () => {
    tracker.start(null);
    tracker.book(book, null, 1100);
    tracker.down({ cause: 'DISCONNECTED', detail: null, since: 1100 });
    now = 1700;
    tracker.stop();
    tracker.down({ cause: 'DISCONNECTED', detail: null, since: 1800 });
    expect(closed()).toEqual([expect.objectContaining({ start: 1100, end: 1700 })]);
    expect(bus.current(market)).toBeUndefined();
  });

  it('given up after it ran is a gap, with no current book; the gap goes on when it starts again', () => {
    tracker.start(null);
    tracker.book(book, null, 1100);
    tracker.fail('delisted');
    expect(bus.current(market)).toBeUndefined();
    now = 5000;
    tracker.start(null);
    tracker.book(book, null, 5100);
    expect(closed()).toEqual([
      expect.objectContaining({ start: 1100, end: 5100, cause: 'REFUSED' }),
    ]);
  });
});

describe('gaps of one market', () => {
  it('do not overlap: a difference by REST doubts only what came since the last gap', () => {
    tracker.start(null);
    tracker.book(book, null, 1100);
    now = 1200;
    tracker.audited(true, true);
    tracker.down({ cause: 'DISCONNECTED', detail: null, since: 1500 });
    tracker.book(book, null, 2000);
    now = 3000;
    expect(tracker.audited(false, true)).toBe(true);
    tracker.book(book, null, 3500);
    expect(published()).toEqual([
      [1500, 2000, 'DISCONNECTED'],
      [2000, 3500, 'RESYNC'],
    ]);
  });

  it('do not overlap when a sign of life is reported that is older than the last book', () => {
    tracker.start(null);
    tracker.book(book, null, 1100);
    tracker.down({ cause: 'REFUSED', detail: null, since: 1100 });
    now = 2000;
    tracker.book(book, null, 2000);
    now = 2500;
    tracker.down({ cause: 'REFUSED', detail: null, since: 1100 });
    tracker.book(book, null, 3000);
    expect(published()).toEqual([
      [1100, 2000, 'REFUSED'],
      [2000, 3000, 'REFUSED'],
    ]);
  });
});

describe('the receive clock', () => {
  it('stands still for small steps back and follows large ones', () => {
    const times = [1000, 999, 500, 1001, 2_000_000, 1_000_000, 1_000_001];
    const clock = receiveClock(() => times.shift()!);
    expect(Array.from({ length: 7 }, clock)).toEqual([
      1000, 1000, 1000, 1001, 2_000_000, 1_000_000, 1_000_001,
    ]);
  });
});

describe('a market and the signs of its life', () => {
  let monotonic: number;

  beforeEach(() => {
    monotonic = 1000;
    jest.spyOn(performance, 'now').mockImplementation(() => monotonic);
    tracker.start(null);
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  /** Moves both clocks on and hands a book in. */
  function bookAfter(ms: number, place: number | null): void {
    monotonic += ms;
    now += ms;
    tracker.book(book, place, now, place);
  }

  it('falls silent while only books come that are older than its newest', () => {
    for (let i = 1; i <= 6; i++) bookAfter(1000, 1000 * i);
    for (let i = 0; i < 60; i++) bookAfter(1000, 500);
    expect(tracker.status).toMatchObject({ lateBooks: 60, state: 'LIVE' });
    expect(tracker.checkSilence(monotonic)).toBe(true);
  });

  describe('silent beyond its rhythm', () => {
    beforeEach(() => {
      for (let i = 1; i <= 6; i++) bookAfter(1000, null);
      states = [];
      monotonic += 31_000;
      now += 31_000;
      expect(tracker.checkSilence(monotonic)).toBe(true);
    });

    it('is asked about once, and LIVE until there is an answer', () => {
      expect(tracker.checkSilence(monotonic + 1000)).toBe(false);
      expect(tracker.silent).toBe(true);
      expect(tracker.status).toMatchObject({ state: 'LIVE', error: null });
      expect(tracker.quiet()).toBe(false);
      expect([tracker.silent, states]).toEqual([false, []]);
    });

    it('is no longer in doubt with its next book', () => {
      bookAfter(1000, null);
      expect(tracker.silent).toBe(false);
      expect(tracker.lost('too late')).toBe(false);
      expect([states, closed()]).toEqual([[], []]);
    });

    it('is STALE when there is no answer, which was a false alarm if it then proves quiet', () => {
      tracker.unproven();
      expect(tracker.status.error).toBe('no book for 31 s, where 30 s are usual');
      expect(tracker.silent).toBe(true);
      expect(tracker.quiet()).toBe(true);
      expect(states).toEqual(['STALE', 'LIVE']);
      expect(closed()).toEqual([]);
    });

    it('has a gap since its last book when the answer shows a change', () => {
      const last = tracker.status.lastBookAt!;
      expect(tracker.lost('changed')).toBe(true);
      expect(closed()).toMatchObject([{ start: last, end: null, cause: 'STALE' }]);
      expect(states.at(-1)).toBe('STALE');
    });

    it('is not in doubt after a stop and a new start', () => {
      tracker.stop();
      tracker.start(null);
      expect(tracker.silent).toBe(false);
    });
  });

  it('delivers while its books come as seldom as ever, and no longer', () => {
    for (let i = 0; i < 4; i++) bookAfter(200_000, null);
    const silentFor = (ms: number): boolean => {
      now += ms;
      const delivers = tracker.delivers(60_000);
      now -= ms;
      return delivers;
    };
    expect([silentFor(59_000), silentFor(590_000), silentFor(610_000)]).toEqual([
      true,
      true,
      false,
    ]);
    tracker.down({ cause: 'DISCONNECTED', detail: null, since: null });
    expect([silentFor(59_000), silentFor(590_000)]).toEqual([true, false]);
  });
});

import { describe, expect, it } from '@jest/globals';
import { type BookEvent, Bus } from '../../src/bus.js';
import type { Gap } from '../../src/market/gap.js';
import { LogBooks } from '../../src/nats/log-books.js';
import type { LogEntry } from '../../src/nats/log-stream.js';
import { encodeBook, encodeMessage, NewerMessageError } from '../../src/nats/messages.js';

const SUBJECT = 'book.UPBIT.BTC.KRW';

function entry(seq: number, subject: string, message: object, at = 1_000_000): LogEntry {
  return { seq, subject, at, data: encodeMessage(message) };
}

const book = (t: number, price: string, p: number, w: number) => {
  return { t, e: t, g: false, p, w, a: [[price, '1']], b: [['1', '1']] };
};

/** As collectors write it. */
function writtenEntry(
  seq: number,
  { x, y, a, b, ...rest }: ReturnType<typeof book> & { x?: string[][]; y?: string[][] },
): LogEntry {
  const [asks, bids, askChanges, bidChanges] = [a, b, x, y].map((side) => JSON.stringify(side));
  const changes = x === undefined ? null : { asks: askChanges!, bids: bidChanges! };
  const data = encodeBook({ ...rest, asks: asks!, bids: bids!, changes });
  return { seq, subject: SUBJECT, at: 1_000_000, data };
}

function reader(log: readonly LogEntry[], asked: number[] = []) {
  const bus = new Bus();
  const events: BookEvent[] = [];
  const gaps: Gap[] = [];
  bus.books.on((event) => events.push(event));
  bus.gaps.on((gap) => gaps.push(gap));
  const books = new LogBooks({
    bus,
    base: 500,
    from: 0,
    lastTimestamp: null,
    fetch: async (seq) => log.find((e) => e.seq === seq) ?? null,
    stored: async (_market, seq) => {
      asked.push(seq);
      return null;
    },
    newestAt: async () => null,
    onLost: (gap) => bus.gaps.publish(gap),
    onUnreadable: (_entry, reason) => {
      throw new Error(reason);
    },
  });
  return { books, events, gaps };
}

describe('what is said of a span of trades', () => {
  const span = { start: 10, end: 20, cause: null, detail: null, term: 0 } as const;
  const verified = { ...span, completeness: 'VERIFIED_BY_REST', checked: true } as const;
  const spanAt = (seq: number, message: object): LogEntry =>
    entry(seq, 'span.UPBIT.BTC.KRW', message);

  it('does not hold where trades that filled it went from the log unread', async () => {
    const bus = new Bus();
    const said: string[] = [];
    const lost: number[] = [];
    bus.tradeSpans.on(({ completeness, checked }) => said.push(`${completeness} ${checked}`));
    const books = new LogBooks({
      bus,
      base: 0,
      from: 10,
      lastTimestamp: null,
      fetch: async () => null,
      stored: async () => null,
      newestAt: async () => null,
      onFillLost: (market, { start, end }) => {
        expect(market.symbol).toBe('BTC');
        lost.push(start, end);
      },
      onUnreadable: (_entry, reason) => {
        throw new Error(reason);
      },
    });
    // From 11 to 19 none was read.
    for (const seq of [20, 22]) await books.take(entry(seq, 'alive.UPBIT', { t: 1, node: 'a' }));
    await books.take(spanAt(23, { ...verified, fill: 19 }));
    await books.take(spanAt(24, { ...verified, fill: 22 }));
    await books.take(spanAt(25, verified));
    await books.take(spanAt(26, { ...verified, completeness: 'GAP', checked: false, fill: 19 }));
    // The first one was read, but not those behind it.
    await books.take(spanAt(27, { ...verified, fill: 20 }));
    expect(said).toEqual([
      'GAP false',
      'VERIFIED_BY_REST true',
      'VERIFIED_BY_REST true',
      'GAP false',
      'GAP false',
    ]);
    expect(lost).toEqual([10, 20, 10, 20]);
  });

  it('holds where all was stored before reading began, but for what had gone until then', async () => {
    const bus = new Bus();
    const said: string[] = [];
    bus.tradeSpans.on(({ completeness }) => said.push(completeness));
    const books = new LogBooks({
      bus,
      base: 0,
      from: 10,
      unread: 7,
      lastTimestamp: null,
      fetch: async () => null,
      stored: async () => null,
      newestAt: async () => null,
      onUnreadable: (_entry, reason) => {
        throw new Error(reason);
      },
    });
    await books.take(spanAt(11, { ...verified, fill: 7 }));
    await books.take(spanAt(12, { ...verified, fill: 8 }));
    expect(said).toEqual(['GAP', 'VERIFIED_BY_REST']);
  });
});

describe('what the log may have that this version does not read', () => {
  it('is not left out when a newer version wrote it: it waits for a node that can read it', () => {
    const { books } = reader([]);
    const subjects = [SUBJECT, 'trade.UPBIT.BTC.KRW', 'gap.UPBIT.BTC.KRW', 'alive.UPBIT', 'log.a'];
    for (const [i, subject] of subjects.entries())
      expect(() => books.take(entry(7 + i, subject, { v: 2 }))).toThrow(NewerMessageError);
  });

  it.each([
    ['book.NEW.BTC.KRW', { t: 1 }, 'its subject is not one of this program'],
    ['trades', {}, 'its subject is not one of this program'],
    ['log.theirs', { level: 'loud' }, 'it is not a log record'],
    ['trade.UPBIT.BTC.KRW', {}, 'it is not a trade: tradeId is wrong'],
    ['coverage.UPBIT.BTC.KRW', { term: 0, minute: 'x' }, 'it is not a coverage record: minute'],
    ['span.UPBIT.BTC.KRW', { term: 0, start: 1, end: null }, 'it is not a span of trades: end'],
    ['gap.UPBIT.BTC.KRW', { term: 0, start: 'x', end: null }, 'it is not a gap: start is wrong'],
    ['recording.UPBIT.BTC.KRW', {}, 'it is not a state of recording: term is wrong'],
    ['alive.UPBIT', {}, 'it is not a sign of life: t is wrong'],
    [
      'log.theirs',
      { level: 'info', event: 'A', message: 'b', timestamp: 1, exchange: 'X' },
      'not a log record: exchange is wrong',
    ],
  ])('is named when it is of another program: %s %j', (subject, message, reason) => {
    const { books } = reader([]);
    expect(() => books.take(entry(7, subject, message))).toThrow(reason);
  });
});

describe('the function of the log', () => {
  const log = [
    entry(7, SUBJECT, book(100, '10', 0, 0)),
    entry(8, SUBJECT, book(110, '11', 7, 7)),
    entry(9, SUBJECT, book(105, '12', 8, 7)),
  ];

  it('makes the same of a message, wherever it begins to read', async () => {
    const all = reader(log);
    for (const e of log) await all.books.take(e);
    const late = reader(log);
    await late.books.take(log[2]!);
    const expected = all.events[2]!.book;
    expect(all.events.map(({ book }) => book.sequence)).toEqual([507, 508, 509]);
    expect(all.events.map(({ stored }) => stored?.wholeAt)).toEqual([null, 507, 507]);
    expect(late.events[0]).toMatchObject({ previous: 508, stored: { wholeAt: 507 } });
    expect(late.events[0]!.changes).toEqual(all.events[2]!.changes);
    // Time rises with sequence, though another machine's clock is behind.
    expect(expected.timestamp).toBe(110);
  });

  it('stores what changed as its writer says it, and what vanished beside a whole book', async () => {
    const { books, events } = reader([]);
    const changed = {
      x: [
        ['10', '0'],
        ['11', '1'],
      ],
      y: [],
    };
    const whole = {
      x: [
        ['11', '0'],
        ['12', '1'],
      ],
      y: [
        ['1', '0'],
        ['2', '1'],
      ],
    };
    await books.take(writtenEntry(1, book(100, '10', 0, 0)));
    await books.take(writtenEntry(2, { ...book(110, '11', 1, 1), ...changed }));
    await books.take(writtenEntry(3, { ...book(120, '12', 2, 0), ...whole, b: [['2', '1']] }));
    expect(events.map(({ stored }) => stored)).toEqual([
      { wholeAt: null, asks: '[["10","1"]]', bids: '[["1","1"]]' },
      { wholeAt: 501, asks: '[["10","0"],["11","1"]]', bids: '[]' },
      { wholeAt: null, asks: '[["12","1"],["11","0"]]', bids: '[["2","1"],["1","0"]]' },
    ]);
    expect(events[2]!.changes).toEqual({ asks: whole.x, bids: whole.y });
    expect(events[1]!.book).toMatchObject({ asks: [['11', '1']], bids: [['1', '1']] });
  });

  it('finds out what changed itself where the book before is another than its writer had', async () => {
    const { books, events } = reader([]);
    const gone = {
      x: [
        ['10.5', '0'],
        ['12', '1'],
      ],
      y: [],
    };
    await books.take(writtenEntry(1, book(100, '10', 0, 0)));
    // The one before it went from the log unread.
    await books.take(writtenEntry(9, { ...book(120, '12', 8, 0), ...gone }));
    expect(events[1]!.changes.asks).toEqual([['12', '1']]);
    expect(events[1]!.stored).toMatchObject({ asks: '[["12","1"]]' });
  });

  it('leaves out what a writer adds after another has begun', async () => {
    const { books, gaps } = reader([]);
    const gap = { start: 1, end: null, cause: 'STANDSTILL', detail: null, attempts: 0 };
    await books.take(entry(1, 'alive.UPBIT', { t: 1, node: 'a', begins: true }));
    await books.take(entry(2, 'alive.UPBIT', { t: 1, node: 'b', begins: true }));
    await books.take(entry(3, 'gap.UPBIT.BTC.KRW', { ...gap, term: 1 }));
    expect(gaps).toEqual([]);
    await books.take(entry(4, 'gap.UPBIT.BTC.KRW', { ...gap, term: 2 }));
    expect(gaps).toHaveLength(1);
  });
});

describe('a hole in the log', () => {
  it("is not waited for to be stored, only the market's own books before it are", async () => {
    const asked: number[] = [];
    const { books } = reader([], asked);
    await books.take(entry(1, SUBJECT, book(100, '10', 0, 0)));
    await books.take(entry(90, SUBJECT, book(300, '11', 80, 0)));
    await books.take(entry(91, 'book.KORBIT.BTC.KRW', book(310, '11', 70, 0)));
    expect(asked).toEqual([1, 0]);
  });
});

describe('books that went from the log unread', () => {
  it('are a gap of their market, also where it had no book before', async () => {
    const { books, gaps } = reader([]);
    books.doubt([], 150);
    await books.take(entry(90, SUBJECT, book(300, '11', 80, 0)));
    expect(gaps).toMatchObject([{ start: 150, end: 300, cause: 'BUS_FAILED' }]);
  });
});

describe('gaps of the log', () => {
  const GAP = 'gap.UPBIT.BTC.KRW';
  const gap = (start: number, end: number | null) => {
    return { start, end, cause: 'DISCONNECTED', detail: null, attempts: 0, term: 0 };
  };

  it('end with the next book when who began them was cut off before it could end them', async () => {
    const { books, gaps } = reader([]);
    books.resume([
      { ...gap(40, null), market: { exchange: 'UPBIT', symbol: 'BTC', currency: 'KRW' } } as never,
    ]);
    await books.take(entry(1, SUBJECT, book(90, '9', 0, 0)));
    await books.take(entry(2, GAP, gap(100, null)));
    await books.take(entry(3, GAP, gap(120, null)));
    // Another node writes now, and nobody told it of these gaps.
    await books.take(entry(4, 'alive.UPBIT', { t: 1, node: 'b', begins: true }));
    await books.take(entry(5, SUBJECT, book(150, '10', 1, 0)));
    await books.take(entry(6, SUBJECT, book(160, '11', 5, 0)));
    // Too late, and of a term that is over.
    await books.take(entry(7, GAP, gap(100, 400)));
    expect(gaps.map(({ start, end }) => [start, end])).toEqual([
      [40, 90],
      [100, null],
      [120, null],
      [100, 150],
      [120, 150],
    ]);
  });

  it('last beyond books that are from before them, though behind them in the log', async () => {
    const { books, gaps } = reader([]);
    await books.take(entry(1, SUBJECT, book(1_000, '9', 0, 0)));
    // Who takes over writes its gaps first.
    await books.take(entry(2, GAP, gap(1_500, null)));
    await books.take(entry(3, SUBJECT, book(1_200, '10', 1, 1)));
    await books.take(entry(4, SUBJECT, book(1_500, '11', 3, 1)));
    expect(gaps.map(({ start, end }) => [start, end])).toEqual([[1_500, null]]);
    await books.take(entry(5, SUBJECT, book(1_800, '12', 4, 1)));
    await books.take(entry(6, SUBJECT, book(1_900, '13', 5, 1)));
    expect(gaps.map(({ start, end }) => [start, end])).toEqual([
      [1_500, null],
      [1_500, 1_800],
    ]);
  });

  it('begin behind a book that counts as received later than it was, though it is from before them', async () => {
    const { books, gaps, events } = reader([]);
    await books.take(entry(1, SUBJECT, book(1_000, '9', 0, 0)));
    await books.take(entry(2, GAP, gap(1_500, null)));
    await books.take(entry(3, 'book.KORBIT.BTC.KRW', book(1_700, '10', 0, 0)));
    // Who takes over had this one, and had none of the gap.
    await books.take(entry(4, SUBJECT, book(1_400, '10', 1, 1)));
    await books.take(entry(5, SUBJECT, book(1_600, '11', 4, 1)));
    expect(events.map(({ book: { timestamp } }) => timestamp)).toEqual([
      1_000, 1_700, 1_700, 1_700,
    ]);
    expect(gaps.map(({ start, end }) => [start, end])).toEqual([
      [1_500, null],
      [1_500, 1_500],
      [1_700, null],
      [1_700, 1_700],
    ]);
  });

  it('end no earlier than they begin, though their collector has a clock that is ahead', async () => {
    const { books, gaps } = reader([]);
    await books.take(entry(1, GAP, gap(2_000_000, null)));
    await books.take(entry(2, SUBJECT, book(2_000_500, '10', 0, 0)));
    expect(gaps.at(-1)).toMatchObject({ start: 2_000_000, end: 2_000_000 });
    await books.take(entry(3, GAP, gap(2_001_000, 2_001_500)));
    await books.take(entry(4, SUBJECT, book(2_001_500, '11', 2, 0)));
    expect(gaps.at(-1)).toMatchObject({ start: 2_001_000, end: 2_001_000 });
  });

  it('begin no earlier than the book before counts as received, however it was moved', async () => {
    const { books, gaps, events } = reader([]);
    await books.take(entry(1, 'book.KORBIT.BTC.KRW', book(140, '10', 0, 0)));
    await books.take(entry(2, SUBJECT, book(100, '10', 0, 0)));
    await books.take(entry(3, GAP, gap(100, null)));
    await books.take(entry(4, GAP, gap(100, 200)));
    await books.take(entry(5, SUBJECT, book(200, '11', 2, 0)));
    expect(events[1]!.book.timestamp).toBe(140);
    expect(gaps.map(({ start, end }) => [start, end])).toEqual([
      [140, null],
      [140, 200],
    ]);
  });

  it('end with the next book, where their end went from the log unread', async () => {
    const { books, gaps } = reader([]);
    await books.take(entry(1, SUBJECT, book(100, '10', 0, 0)));
    await books.take(entry(2, GAP, gap(100, null)));
    books.doubt([structuredClone(gaps[0]!)], 100);
    await books.take(entry(9, SUBJECT, book(300, '11', 0, 0)));
    expect(gaps.at(-1)).toMatchObject({ start: 100, end: 300 });
  });

  it('last, where their end is yet to come', async () => {
    const { books, gaps } = reader([]);
    await books.take(entry(1, SUBJECT, book(100, '10', 0, 0)));
    await books.take(entry(2, GAP, gap(100, null)));
    books.doubt([structuredClone(gaps[0]!)], 100);
    await books.take(entry(8, GAP, gap(100, 250)));
    await books.take(entry(9, SUBJECT, book(300, '11', 0, 0)));
    expect(gaps.map(({ end }) => end)).toEqual([null, 250]);
  });
});

describe('a book before which one is missing', () => {
  const first = entry(1, SUBJECT, book(1_000, '5', 0, 0));
  const behind = entry(4, SUBJECT, book(3_000, '7', 3, 0));

  it('has a gap before it where the log cannot give that one', async () => {
    const { books, events, gaps } = reader([first, behind]);
    await books.take(first);
    await books.take(entry(2, 'alive.UPBIT', { t: 1, node: 'a' }));
    await books.take(entry(3, 'alive.UPBIT', { t: 2, node: 'a' }));
    await books.take(behind);
    expect(events.map(({ afterGap }) => afterGap)).toEqual([false, true]);
    expect(gaps).toMatchObject([
      { start: 1_000, end: 3_000, cause: 'BUS_FAILED', detail: expect.stringMatching(/be read/) },
    ]);
  });

  it('is read again where the NATS server that leads the log has another message there', async () => {
    const log = [first, entry(4, 'alive.UPBIT', { t: 1, node: 'a' })];
    const { books, events, gaps } = reader(log);
    await books.take(first);
    for (const seq of [2, 3]) await books.take(entry(seq, 'alive.UPBIT', { t: 1, node: 'a' }));
    await expect(books.take(behind)).rejects.toThrow('the NATS servers differ about message 4');
    // Now from one that has the same messages as that.
    await books.take(log[1]!);
    await books.take(entry(5, SUBJECT, book(3_000, '7', 1, 0)));
    expect(events.map(({ afterGap }) => afterGap)).toEqual([false, false]);
    expect(gaps).toEqual([]);
  });

  it('has a gap before it where the servers gave the number of the one before to something else', async () => {
    const second = entry(2, SUBJECT, book(2_000, '6', 1, 0));
    // Of the market's own books that took numbers which were read, the newest has this one.
    const other = [first, entry(2, SUBJECT, book(2_500, '8', 1, 0))];
    for (const led of [other[1]!, entry(2, 'alive.UPBIT', { t: 1, node: 'a' })]) {
      const { books, events, gaps } = reader([first, led]);
      await books.take(first);
      await books.take(second);
      await books.take(entry(3, SUBJECT, book(3_000, '7', 1, 0)));
      expect(events.map(({ afterGap }) => afterGap)).toEqual([false, false, true]);
      expect(gaps).toMatchObject([{ start: 2_000, end: 3_000, cause: 'BUS_FAILED' }]);
    }
  });

  it('has none where two nodes wrote at once', async () => {
    const second = entry(2, SUBJECT, book(2_000, '6', 1, 0));
    const { books, events, gaps } = reader([first, second]);
    await books.take(first);
    await books.take(second);
    await books.take(entry(3, SUBJECT, book(3_000, '7', 1, 0)));
    expect(events.map(({ afterGap }) => afterGap)).toEqual([false, false, false]);
    expect(gaps).toEqual([]);
  });
});

import { describe, expect, it } from '@jest/globals';
import type { BookEvent } from '../../src/bus.js';
import type { Gap } from '../../src/market/gap.js';
import type { Level, Sides } from '../../src/market/order-book.js';
import { BookIntake } from '../../src/store/book-intake.js';
import { ReservedSequences } from '../../src/store/sequences.js';
import { JsonbRows } from '../../src/store/engine/sqlite/book-rows.js';
import { WriteQueue } from '../../src/store/write-queue.js';
import { UPBIT_BTC, UPBIT_ETH } from './support.js';

const asks = (...levels: Level[]): Sides => ({ asks: levels, bids: [] });

function event(
  sequence: number,
  timestamp: number,
  sides: Sides,
  more: Partial<BookEvent> = {},
): BookEvent {
  return {
    book: { market: UPBIT_BTC, timestamp, exchangeTimestamp: null, sequence, ...sides },
    changes: asks(['7', '7']),
    previous: sequence - 1,
    afterGap: false,
    ...more,
  };
}

const BOOK = asks(['10', '1'], ['11', '2']);

describe('BookIntake', () => {
  it('stores whole: the first, after a gap, after an unknown book, and as often as asked', () => {
    const intake = new BookIntake(1_000, null);
    const base = (e: BookEvent): number => intake.keep(e).row.base;
    expect(base(event(1, 5_000, BOOK, { previous: null }))).toBe(1);
    expect(base(event(2, 5_500, BOOK))).toBe(1);
    expect(base(event(3, 5_999, BOOK))).toBe(1);
    expect(base(event(4, 6_000, BOOK))).toBe(4);
    expect(base(event(5, 6_001, BOOK, { afterGap: true }))).toBe(5);
    expect(base(event(6, 6_002, BOOK, { previous: 4 }))).toBe(6);
    expect(base(event(7, 6_003, BOOK, { previous: null }))).toBe(7);
    expect(base(event(8, 6_004, BOOK))).toBe(7);
    // The clock was set back.
    expect(base(event(9, 4_000, BOOK))).toBe(9);
  });

  it('stores whole again once the changes since the last whole book weigh as much as it', () => {
    const levels = (from: number): Level[] =>
      Array.from({ length: 2_000 }, (_, i): Level => [String(from + i), '1.5']);
    const gone = (from: number): Level[] => levels(from).map(([price]): Level => [price, '0']);
    const intake = new BookIntake(3_600_000, null);
    const rows = Array.from({ length: 40 }, (_, i) => {
      const [now, before] = i % 2 === 0 ? [10_000, 20_000] : [20_000, 10_000];
      const changes = asks(...levels(now), ...gone(before));
      return intake.keep(event(i + 1, 5_000 + i, asks(...levels(now)), { changes })).row;
    });
    // A change in full is longer than the whole book before it: each is a whole one, or one hangs on it.
    for (const { sequence, base } of rows) expect(sequence - base).toBeLessThanOrEqual(1);

    // Small changes go on hanging on it, up to its own weight and never beyond.
    const small = new BookIntake(3_600_000, null);
    const change = { changes: asks(['10000', '2']) };
    let hanging = 0;
    let longest = 0;
    for (let i = 0; i < 8_000; i++) {
      const { row } = small.keep(event(i + 1, 5_000, BOOK, change));
      hanging = row.base === row.sequence ? 0 : hanging + row.asks.length + row.bids.length;
      longest = Math.max(longest, hanging);
    }
    expect(longest).toBeGreaterThan(60_000);
    expect(longest).toBeLessThanOrEqual(65_536);
  });

  it('stores every changed book whole when the interval is 0', () => {
    const intake = new BookIntake(0, null);
    for (const sequence of [1, 2, 3]) {
      expect(intake.keep(event(sequence, 5_000, BOOK)).row.base).toBe(sequence);
    }
  });

  it('adds to a whole row the levels gone since the last kept book', () => {
    const intake = new BookIntake(60_000, null);
    intake.keep(event(1, 5_000, BOOK));
    intake.drop(event(2, 5_001, asks(['12', '1'])), 'QUEUE_OVERFLOW', 'x');
    const { row } = intake.keep(event(3, 5_002, asks(['9', '1'], ['11', '3'])));
    expect(JSON.parse(row.asks)).toEqual([
      ['9', '1'],
      ['11', '3'],
      ['10', '0'],
    ]);
    expect(row).toMatchObject({ base: 3, bids: '[]', first: false });
  });

  it('keeps only the changed levels in between', () => {
    const intake = new BookIntake(60_000, null);
    expect(intake.keep(event(1, 5_000, BOOK)).row.first).toBe(true);
    expect(intake.keep(event(2, 5_001, BOOK)).row).toMatchObject({
      asks: '[["7","7"]]',
      base: 1,
      first: false,
    });
  });

  it('notes where the clock was set back, over all markets and a restart', () => {
    const intake = new BookIntake(60_000, 7_000);
    const eth = event(2, 4_000, BOOK);
    expect(intake.keep(event(1, 5_000, BOOK)).row.steppedFrom).toBe(7_000);
    expect(intake.keep({ ...eth, book: { ...eth.book, market: UPBIT_ETH } }).row.steppedFrom).toBe(
      5_000,
    );
    expect(intake.keep(event(3, 4_000, BOOK)).row.steppedFrom).toBeNull();
  });

  it('opens one gap for dropped books, from the last kept one, and closes it with the next', () => {
    const intake = new BookIntake(60_000, null);
    intake.keep(event(1, 5_000, BOOK));
    const gap: Gap = {
      market: UPBIT_BTC,
      start: 5_000,
      end: null,
      cause: 'STORE_FAILED',
      detail: 'the disk is full',
      attempts: 0,
    };
    expect(intake.drop(event(2, 5_010, BOOK), 'STORE_FAILED', 'the disk is full')).toEqual(gap);
    expect(intake.drop(event(3, 5_020, BOOK), 'STORE_FAILED', 'the disk is full')).toBeNull();
    expect(intake.keep(event(4, 5_030, BOOK)).closed).toEqual({ ...gap, end: 5_030 });
    expect(intake.keep(event(5, 5_040, BOOK)).closed).toBeNull();
  });

  it('does not overwrite a gap of the same start', () => {
    const intake = new BookIntake(60_000, null);
    intake.keep(event(1, 5_000, BOOK));
    intake.noteGap({
      market: UPBIT_BTC,
      start: 5_000,
      end: 5_050,
      cause: 'DISCONNECTED',
      detail: null,
      attempts: 1,
    });
    expect(intake.drop(event(2, 5_050, BOOK), 'QUEUE_OVERFLOW', 'x')?.start).toBe(5_050);
  });
});

describe('WriteQueue', () => {
  const encoder = () => new JsonbRows();
  const limits = { maxBatch: 2, maxQueuedBooks: 4, maxQueuedBytes: 1_000_000, encoder };
  const intake = new BookIntake(60_000, null);
  const row = (sequence: number) => intake.keep(event(sequence, sequence * 10, BOOK)).row;

  it('takes no book beyond a bound until half of it is free', () => {
    const queue = new WriteQueue(limits);
    for (let i = 1; i <= 4; i++) {
      expect(queue.hasRoom).toBe(true);
      queue.addBook(row(i));
    }
    expect(queue.hasRoom).toBe(false);
    const batch = queue.begin(99, true);
    expect(batch.books.map((book) => book.sequence)).toEqual([1, 2]);
    // More is waiting: the batch vouches only for its own books.
    expect(batch.heartbeat).toBe(20);
    expect(queue.books).toBe(4);
    queue.commit();
    expect([queue.books, queue.hasRoom]).toEqual([2, true]);
    expect(queue.begin(99, true).heartbeat).toBe(99);
    queue.commit();
    expect([queue.books, queue.bytes, queue.empty]).toEqual([0, 0, true]);
  });

  it('is bounded in bytes', () => {
    const queue = new WriteQueue({ ...limits, maxQueuedBooks: 1_000, maxQueuedBytes: 1_000 });
    let count = 0;
    while (queue.hasRoom) queue.addBook(row(++count));
    expect(queue.bytes).toBeGreaterThanOrEqual(1_000);
    expect(count).toBeLessThan(10);
  });

  it('keeps an aborted batch first in line and what was said again meanwhile', () => {
    const queue = new WriteQueue(limits);
    const gap: Gap = {
      market: UPBIT_BTC,
      start: 1,
      end: null,
      cause: 'STALE',
      detail: null,
      attempts: 0,
    };
    queue.addBook(row(1));
    queue.addGap(gap);
    const first = queue.begin(1, false);
    queue.abort();
    queue.addGap({ ...gap, end: 5 });
    const again = queue.begin(9, true);
    // Exactly the same, for it may have been written.
    expect(again).toEqual({ ...first, again: true });
    expect([again.books.length, again.gaps]).toEqual([1, [gap]]);
    const change = { market: UPBIT_BTC, recording: true, at: 7 };
    queue.addRecording(change);
    queue.commit();
    expect(queue.empty).toBe(false);
    const last = queue.begin(1, false);
    expect([last.again, last.id === first.id]).toEqual([false, false]);
    expect(last.gaps).toEqual([{ ...gap, end: 5 }]);
    expect(last.recording).toEqual([change]);
  });

  it('knows the first book that waits behind a batch without books', () => {
    const queue = new WriteQueue(limits);
    expect(queue.begin(99, true).heartbeat).toBe(99);
    queue.addBook(row(1));
    expect(queue.firstSequence).toBe(1);
    queue.abort();
    queue.addBook(row(2));
    expect(queue.begin(100, true)).toMatchObject({ books: [], heartbeat: 99 });
    queue.commit();
    const next = queue.begin(101, true);
    expect(next.books.map((book) => book.sequence)).toEqual([1, 2]);
    expect(next.heartbeat).toBe(101);
  });

  it('drops the oldest log records beyond its bound and counts them', () => {
    const queue = new WriteQueue(limits);
    const log = { level: 'info', event: 'X', exchange: null, pair: null, message: '' } as const;
    for (let i = 0; i < 10_003; i++) queue.addLog({ ...log, timestamp: i });
    expect(queue.droppedRecords).toBe(3);
    expect(queue.begin(0, false).logs[0]?.timestamp).toBe(3);
  });
});

describe('WriteQueue of coverage', () => {
  const encoder = () => new JsonbRows();
  const limits = { maxBatch: 2, maxQueuedBooks: 4, maxQueuedBytes: 1_000_000, encoder };

  it('keeps what comes while a batch is written, and counts what it has no room for', () => {
    const queue = new WriteQueue(limits);
    const counts = { frames: 3, changed: 2, repeats: 1, longestSilenceMs: 9 };
    const add = (n: number): void =>
      queue.addCoverage({ market: UPBIT_BTC, minute: n * 60_000, ...counts });
    add(0);
    expect(queue.begin(0, false).coverage).toHaveLength(1);
    for (let n = 1; n <= 120_002; n++) add(n);
    expect(queue.droppedRecords).toBe(2);
    queue.commit();
    const { coverage } = queue.begin(0, false);
    expect([coverage.length, coverage[0]!.minute]).toEqual([120_000, 180_000]);
    queue.commit();
    expect(queue.empty).toBe(true);
  });
});

describe('ReservedSequences', () => {
  it('reserves more when half a block is left, before it is used up', async () => {
    const marks: number[] = [];
    const sequences = new ReservedSequences(40, 50, 10, async (upTo) => void marks.push(upTo));
    const given = Array.from({ length: 6 }, () => sequences.next());
    expect(given).toEqual([41, 42, 43, 44, 45, 46]);
    expect(marks).toEqual([60]);
    sequences.close();
    expect(() => sequences.next()).toThrow('closed');
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  accountFor,
  contentOf,
  type GapMark,
  type SentMark,
  type StoredMark,
  unreportedStandstills,
} from '../../src/soak/accounts.js';

const CAUSE = 'DISCONNECTED' as const;

/** A book sent every 10 ms with these contents, received 1 ms later. */
function sentBooks(...contents: number[]): SentMark[] {
  return contents.map((content, i) => {
    const at = 10_000 + i * 10;
    return { content, at, exchangeTimestamp: at, connection: 1 };
  });
}

const receive = ({ content, at, exchangeTimestamp }: SentMark): StoredMark => ({
  content,
  exchangeTimestamp,
  timestamp: at + 1,
});

describe('the account of a market', () => {
  const sent = sentBooks(1, 2, 2, 3, 4, 5);
  const all = [0, 1, 3, 4, 5].map((i) => receive(sent[i]!));

  it('adds up when all is stored but what equals the book before', () => {
    expect(accountFor(sent, all, [])).toEqual({
      sent: 6,
      stored: 5,
      equal: 1,
      inGap: {},
      replaced: 0,
      again: 0,
      early: 0,
      unaccounted: [],
      invented: [],
      contradicted: [],
    });
  });

  it('names a lost book that lies in no gap', () => {
    const without = all.filter((book) => book.content !== 3);
    expect(accountFor(sent, without, []).unaccounted).toEqual([sent[3]]);
    const elsewhere: GapMark = { start: 10_002, end: 10_011, cause: CAUSE };
    expect(accountFor(sent, without, [elsewhere]).unaccounted).toEqual([sent[3]]);
  });

  it('puts a lost book into the gap between the receipts around it', () => {
    const without = all.filter((book) => book.content !== 3);
    const gap: GapMark = { start: 10_021, end: 10_041, cause: CAUSE };
    const account = accountFor(sent, without, [gap]);
    expect(account).toMatchObject({ inGap: { DISCONNECTED: 1 }, unaccounted: [] });
    const open = accountFor(sent, all.slice(0, 3), [{ ...gap, start: 10_031, end: null }]);
    expect(open).toMatchObject({ inGap: { DISCONNECTED: 2 }, unaccounted: [] });
  });

  it('names a stored book that was never sent, or whose time is another', () => {
    const invented = { content: 9, exchangeTimestamp: null, timestamp: 10_025 };
    const later = { ...all[2]!, exchangeTimestamp: 1 };
    const account = accountFor(sent, [all[0]!, all[1]!, invented, later, ...all.slice(3)], []);
    expect(account.invented).toEqual([invented, later]);
    expect(account.unaccounted).toEqual([sent[3]]);
  });

  it('names a book that was stored while a gap says that nothing was received', () => {
    const gap: GapMark = { start: 10_025, end: 10_041, cause: CAUSE };
    expect(accountFor(sent, all, [gap]).contradicted).toEqual([all[2]]);
    const audit: GapMark = { ...gap, cause: 'RESYNC', detail: 'its book by REST differs' };
    expect(accountFor(sent, all, [audit]).contradicted).toEqual([]);
  });

  it('takes the same frame on a second connection, and a book handed on again after a gap', () => {
    const twice = sent.flatMap((book) => [book, book]);
    expect(accountFor(twice, all, [])).toMatchObject({ stored: 5, equal: 7, unaccounted: [] });
    const again = { content: 5, exchangeTimestamp: null, timestamp: 10_080 };
    const gap: GapMark = { start: 10_060, end: 10_080, cause: 'RESYNC' };
    expect(accountFor(sent, [...all, again], [gap])).toMatchObject({ again: 1, invented: [] });
  });

  it('holds of two connections at once only the newer one to its books', () => {
    const on = (connection: number, content: number, at: number): SentMark => {
      return { connection, content, at, exchangeTimestamp: at };
    };
    // The older one has missed a change, and its books after that are none that the market had.
    const older = [on(1, 1, 10_000), on(1, 71, 10_020), on(1, 72, 10_030)];
    const newer = [on(2, 2, 10_010), on(2, 3, 10_020), on(2, 4, 10_031)];
    const both = [older[0]!, newer[0]!, older[1]!, newer[1]!, older[2]!, newer[2]!];
    const kept = [older[0]!, ...newer].map(receive);
    expect(accountFor(both, kept, [])).toMatchObject({ stored: 4, replaced: 2, unaccounted: [] });
    // A gap that begins in the millisecond in which all were received is not the cause.
    const atOnce = kept.map((book) => ({ ...book, timestamp: 10_032 }));
    const cut: GapMark = { start: 10_032, end: 10_900, cause: 'DISCONNECTED' };
    expect(accountFor(both, atOnce, [cut])).toMatchObject({ replaced: 2, inGap: {} });
    // Neither what the newer one lost is excused, nor what came on the older one before or after it.
    const lost = [kept[0]!, kept[1]!, kept[3]!];
    expect(accountFor(both, lost, []).unaccounted).toEqual([newer[1]]);
    const alone = [on(1, 70, 10_005), on(1, 73, 10_040)];
    const apart = [older[0]!, alone[0]!, ...both.slice(1), alone[1]!];
    expect(accountFor(apart, kept, []).unaccounted).toEqual(alone);
  });

  it('does not take what an older connection brought for the end of a gap on a newer one', () => {
    const on = (connection: number, content: number, at: number): SentMark => {
      return { connection, content, at, exchangeTimestamp: at };
    };
    // The newer one's first book was received last, and then it took over.
    const books = [on(1, 1, 10_000), on(2, 2, 10_010), on(1, 71, 10_020), on(2, 3, 10_030)];
    const kept = [books[0]!, books[2]!, books[3]!].map(receive);
    const gap: GapMark = { start: 10_025, end: 10_031, cause: 'RESYNC' };
    expect(accountFor(books, kept, [gap])).toMatchObject({ inGap: { RESYNC: 1 }, unaccounted: [] });
    expect(accountFor(books, kept, [])).toMatchObject({ replaced: 1, unaccounted: [] });
    // But not for long, and not once it has taken over.
    const later = [...books.slice(0, 3), on(2, 3, 16_000)];
    const keptLater = [later[0]!, later[2]!, later[3]!].map(receive);
    expect(accountFor(later, keptLater, []).unaccounted).toEqual([books[1]]);
    const over = [...books, on(2, 4, 10_040), on(1, 72, 10_050), on(2, 5, 10_060)];
    const keptOver = [...kept, receive(over[6]!)];
    expect(accountFor(over, keptOver, []).unaccounted).toEqual([over[4]]);
  });

  it('does not take a book that is handed on again for an equal one that is still to come', () => {
    const books = sentBooks(1, 2, 3, 2, 4);
    const gap: GapMark = { start: 10_011, end: 10_015, cause: 'RESYNC' };
    const handed = { content: 2, exchangeTimestamp: null, timestamp: 10_015 };
    const stored = [receive(books[0]!), receive(books[1]!), handed];
    const rest = books.slice(2).map(receive);
    expect(accountFor(books, [...stored, ...rest], [gap])).toMatchObject({
      stored: 5,
      again: 1,
      invented: [],
      early: 0,
      unaccounted: [],
    });
  });

  it('does not take a book for one of the same levels that was sent long after it', () => {
    // Levels come back: the whole book of the second connection holds what 7 held, and a later one again.
    const course = sentBooks(5, 6, 7, 8, 9, 10, 7).map((mark, i) =>
      i === 6 ? { ...mark, exchangeTimestamp: null } : mark,
    );
    // 7 came while the program stood still, and is handed on without its time.
    const handedOn = { ...receive(course[2]!), exchangeTimestamp: null };
    const rows = [0, 3, 4, 5, 6].map((i) => receive(course[i]!));
    rows.splice(1, 0, handedOn);
    const gap: GapMark = { start: 10_001, end: handedOn.timestamp, cause: 'STANDSTILL' };
    expect(accountFor(course, rows, [gap])).toMatchObject({
      stored: 6,
      inGap: { STANDSTILL: 1 },
      early: 0,
      unaccounted: [],
      invented: [],
    });
  });

  it('finds every loss, wherever it is, when no gap covers it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 5 }), { minLength: 2, maxLength: 30 }),
        fc.nat(),
        (contents, pick) => {
          const books = sentBooks(...contents);
          const kept = books.filter((book, i) => book.content !== books[i - 1]?.content);
          const lost = kept[pick % kept.length]!;
          const rest = kept.filter((book) => book !== lost).map(receive);
          expect(accountFor(books, kept.map(receive), []).unaccounted).toEqual([]);
          const account = accountFor(books, rest, []);
          // What equals the book before the lost one is no loss when it comes again.
          expect(account.unaccounted).toContain(lost);
        },
      ),
    );
  });

  it('distinguishes books by every digit', () => {
    const book = contentOf([['1.5', '2']], [['1', '3']]);
    expect(contentOf([['1.5', '2']], [['1', '3']])).toBe(book);
    expect(contentOf([['1.50', '2']], [['1', '3']])).not.toBe(book);
    expect(contentOf([['1', '3']], [['1.5', '2']])).not.toBe(book);
  });
});

describe('a recorder whose clock is set', () => {
  const sent = sentBooks(1, 2, 3, 4);
  /** Two seconds behind from the third book on. */
  const clock = {
    readings: (at: number) => [at >= sent[2]!.at ? at - 2000 : at],
    doubtful: (reading: number) => reading > 7000 && reading < 10_100,
    shifts: [0, 2000, -2000],
  };
  const shifted = sent.map((book) => ({
    content: book.content,
    exchangeTimestamp: book.exchangeTimestamp,
    timestamp: clock.readings(book.at)[0]! + 1,
  }));

  it('is held to its own clock: a lost book needs a gap there, or at the true time', () => {
    const without = shifted.filter((book) => book.content !== 3);
    const lost = (gap: GapMark): unknown => accountFor(sent, without, [gap], clock).unaccounted;
    expect(lost({ start: 8000, end: 8031, cause: CAUSE })).toEqual([]);
    expect(lost({ start: 10_011, end: 10_031, cause: CAUSE })).toEqual([]);
    expect(lost({ start: 5000, end: 5010, cause: CAUSE })).toEqual([sent[2]]);
  });

  it('contradicts no gap by a time that its clock showed while it was wrong', () => {
    const gap: GapMark = { start: 8000, end: 8100, cause: CAUSE };
    expect(accountFor(sent, shifted, [gap], clock).contradicted).toEqual([]);
    const right = { ...clock, doubtful: () => false };
    expect(accountFor(sent, shifted, [gap], right).contradicted).toHaveLength(2);
  });
});

describe('a recorder that stood still', () => {
  const stood = { from: 100_000, until: 110_000 };
  const gap = (start: number, end: number): GapMark => ({ start, end, cause: CAUSE });

  it('must have a gap for all of it', () => {
    expect(unreportedStandstills([stood], [gap(99_900, 110_300)])).toEqual([]);
    expect(unreportedStandstills([stood], [gap(99_900, 104_000), gap(104_000, 110_300)])).toEqual(
      [],
    );
    expect(unreportedStandstills([stood], [gap(109_500, 110_300)])).toEqual([stood]);
    expect(unreportedStandstills([stood], [])).toEqual([stood]);
  });

  it('need not have noticed a moment', () => {
    expect(unreportedStandstills([{ from: 0, until: 900 }], [])).toEqual([]);
  });
});

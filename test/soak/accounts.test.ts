import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  accountFor,
  contentOf,
  type GapMark,
  type SentMark,
  type StoredMark,
} from '../../src/soak/accounts.js';

const CAUSE = 'DISCONNECTED' as const;

/** A book sent every 10 ms with these contents, received 1 ms later. */
function sentBooks(...contents: number[]): SentMark[] {
  return contents.map((content, i) => {
    const at = 10_000 + i * 10;
    return { content, at, exchangeTimestamp: at };
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
      again: 0,
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
  });

  it('takes the same frame on a second connection, and a book handed on again after a gap', () => {
    const twice = sent.flatMap((book) => [book, book]);
    expect(accountFor(twice, all, [])).toMatchObject({ stored: 5, equal: 7, unaccounted: [] });
    const again = { content: 5, exchangeTimestamp: null, timestamp: 10_080 };
    const gap: GapMark = { start: 10_060, end: 10_080, cause: 'RESYNC' };
    expect(accountFor(sent, [...all, again], [gap])).toMatchObject({ again: 1, invented: [] });
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

  it('tells books apart by every digit', () => {
    const book = contentOf([['1.5', '2']], [['1', '3']]);
    expect(contentOf([['1.5', '2']], [['1', '3']])).toBe(book);
    expect(contentOf([['1.50', '2']], [['1', '3']])).not.toBe(book);
    expect(contentOf([['1', '3']], [['1.5', '2']])).not.toBe(book);
  });
});

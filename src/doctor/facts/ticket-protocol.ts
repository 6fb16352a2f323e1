import { randomUUID } from 'node:crypto';
import { FrameReader } from '../../collector/exchanges/upbit-protocol/frame-reader.js';
import {
  quoteFirstCode,
  readUnitBook,
  subscribeRequest,
} from '../../collector/exchanges/upbit-protocol/messages.js';
import { addDecimal, decimalFromWire } from '../../market/decimal.js';
import type { ExactJson } from '../../market/exact-json.js';
import { pairText } from '../../market/market.js';
import type { BookSeen, BooksSeen, Frame, StreamSeen } from '../evidence.js';
import {
  allOf,
  decimalOf,
  elements,
  field,
  fieldsOf,
  holds,
  type Judgement,
  keysAre,
  steady,
  textsAre,
  together,
  unseen,
} from '../fact.js';
import type { StreamReader, Talk } from '../sheet.js';
import { answerText, booksOf, firstText, readAlike } from './common.js';

/** What the facts of Upbit and Bithumb, whose protocols look alike, share. */

function bookIn(exact: ExactJson): BookSeen | null {
  if (field(exact, 'type') !== 'orderbook') return null;
  const { pair, sides, exchangeTimestamp } = readUnitBook(exact);
  return { pair: pairText(pair), sides, time: exchangeTimestamp };
}

function reader(): StreamReader {
  const frames = new FrameReader(() => true);
  return {
    read: bookIn,
    fast: (data) => {
      const known = frames.read(data);
      if (known === null) return null;
      return { pair: known.code, sides: known.sides, time: known.exchangeTimestamp };
    },
  };
}

/** How to talk to both. */
export const TICKET_TALK: Talk = {
  greets: false,
  subscribe: (pairs) => [subscribeRequest(randomUUID(), pairs.map(quoteFirstCode))],
  unsubscribe: null,
  ping: null,
  answer: () => null,
  reader,
};

/** The units of a book, as they are in JSON. */
export function unitsOf(book: unknown): readonly unknown[] {
  return elements(field(book, 'orderbook_units'));
}

/** The texts of some members of all units of books. */
export function unitTexts(books: readonly unknown[], ...keys: readonly string[]): unknown[] {
  return books.flatMap(unitsOf).flatMap((unit) => keys.map((key) => field(unit, key)));
}

/** Books by REST, numbers as texts. */
export function exactBooksIn(seen: readonly BooksSeen[]): readonly unknown[] {
  return seen.flatMap(({ answer }) => elements(answer.exact));
}

/** The books of the frames, numbers as texts. */
export function exactBooks(seen: StreamSeen): readonly unknown[] {
  return booksOf(seen).map(({ exact }) => exact);
}

/** Calls for several markets answer each of them. */
export function allAnswered(batches: readonly BooksSeen[], inOrder: boolean): Judgement {
  return allOf(
    batches,
    ({ pairs, answer }) =>
      elements(answer.plain).length === pairs.length &&
      (!inOrder ||
        pairs.every((pair, i) => field(answer.plain, i, 'market') === quoteFirstCode(pair))),
    ({ pairs, answer }) => {
      const count = elements(answer.plain).length;
      return `${count} books for ${pairs.length}${count === 0 ? `: ${answerText(answer)}` : ''}`;
    },
    'the list is too short',
  );
}

/** Nothing comes before the first book. */
export function bookFirst(seen: StreamSeen): Judgement {
  const first = seen.greeting[0] ?? seen.frames[0];
  if (first === undefined) return holds(false, 'nothing came');
  const text = first.book === null ? first.text.slice(0, 120) : firstText(seen);
  return holds(first.book !== null, text);
}

/** Frames and their units have these keys, in that order; both readers read them alike. */
export function framesAre(seen: StreamSeen, keys: readonly string[]): Judgement {
  const books = booksOf(seen).map(({ plain }) => plain);
  const unitKeys = ['ask_price', 'bid_price', 'ask_size', 'bid_size'];
  return together(
    readAlike(seen),
    keysAre(books, keys, { ordered: true }),
    keysAre(books.flatMap(unitsOf), unitKeys, { ordered: true }),
  );
}

/** The times of the frames are numbers of that form. */
export function timesAre(seen: StreamSeen, form: RegExp): Judgement {
  return together(
    textsAre(fieldsOf(exactBooks(seen), 'timestamp'), form),
    allOf(
      booksOf(seen).map(({ plain }) => field(plain, 'timestamp')),
      (time) => typeof time === 'number',
      (time) => typeof time,
    ),
  );
}

/** Frames of each pair begin with a SNAPSHOT, and REALTIME follows. */
export function snapshotFirst(frames: readonly Frame[]): Judgement {
  const started = new Set<string>();
  const wrong = frames.find(({ book, plain }) => {
    const first = !started.has(book!.pair);
    started.add(book!.pair);
    return field(plain, 'stream_type') !== (first ? 'SNAPSHOT' : 'REALTIME');
  });
  if (frames.length === 0) return unseen('no book came');
  const seen = (frame: Frame): string => JSON.stringify(field(frame.plain, 'stream_type'));
  if (wrong !== undefined) return holds(false, `${seen(wrong)} for ${wrong.book!.pair}`);
  return holds(true, `${started.size} SNAPSHOT, ${frames.length - started.size} REALTIME`);
}

/** Books, numbers as texts, have this many units; asks rise and bids fall. A missing level is 0. */
export function unitCount(books: readonly unknown[], count: number): Judgement {
  const good = (book: unknown): boolean => {
    const prices = (key: string): readonly unknown[] =>
      unitTexts([book], key).filter((price) => decimalOf(price) !== '0');
    return (
      unitsOf(book).length === count &&
      steady(prices('ask_price'), 1) &&
      steady(prices('bid_price'), -1)
    );
  };
  return allOf(
    books,
    good,
    (book) => `${unitsOf(book).length} levels, asks up and bids down: ${good(book)}`,
  );
}

/** Both totals are the sums of the sizes shown. */
export function totalsAreSums(frames: readonly Frame[]): Judgement {
  const good = ({ exact }: Frame): boolean =>
    (['ask', 'bid'] as const).every((side) => {
      const sum = unitTexts([exact], `${side}_size`).reduce<string>(
        (total, size) => addDecimal(total, decimalFromWire(String(size))),
        '0',
      );
      return sum === decimalFromWire(String(field(exact, `total_${side}_size`)));
    });
  return allOf(
    frames,
    good,
    ({ plain }) => `total_ask_size ${String(field(plain, 'total_ask_size'))}`,
  );
}

/** The times of each pair never fall. */
export function timesNeverFall({ frames }: Pick<StreamSeen, 'frames'>): Judgement {
  const last = new Map<string, number>();
  let count = 0;
  for (const { book } of frames) {
    if (book === null || typeof book.time !== 'number') continue;
    count++;
    const before = last.get(book.pair);
    if (before !== undefined && book.time < before)
      return holds(false, `${book.pair} went from ${before} to ${book.time}`);
    last.set(book.pair, book.time);
  }
  return count <= last.size ? unseen('no pair had two books') : holds(true, `${count} frames`);
}

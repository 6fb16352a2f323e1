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
import type { BookSeen, Frame, StreamSeen } from '../evidence.js';
import {
  allOf,
  decimalOf,
  elements,
  field,
  holds,
  type Judgement,
  steady,
  unseen,
} from '../fact.js';
import type { StreamReader, Talk } from '../sheet.js';

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

/** How both are talked to. */
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

/** Texts of some members of all units of books. */
export function unitTexts(books: readonly unknown[], ...keys: readonly string[]): unknown[] {
  return books.flatMap(unitsOf).flatMap((unit) => keys.map((key) => field(unit, key)));
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

/** Books, numbers as texts, have so many units; asks rise and bids fall. A missing level is 0. */
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

import type { Exchange } from '../market/exchange.js';
import { marketKey } from '../market/market.js';
import type { LogEntry, LogStream } from './log-stream.js';
import { type LastBook, toLastBook } from './market-lane.js';
import { type BookMessage, decodeBook } from './messages.js';
import { type LogKind, SubjectReader } from './subjects.js';

/** Books that another node has written of a market meanwhile and that are looked at, at most. */
const MOST_BETWEEN = 500;

/** What the log of an exchange ends with, by market. */
export interface LogEnds {
  readonly books: Map<string, LastBook>;
  /** Numbers of the newest trades of markets that have some. */
  readonly trades: Map<string, number>;
}

/** Reads what the log of an exchange ends with. */
export async function readEnds(stream: LogStream, exchange: Exchange): Promise<LogEnds> {
  const subjects = new SubjectReader();
  const lastOf = async <T>(
    kind: LogKind,
    read: (entry: LogEntry) => T,
  ): Promise<Map<string, T>> => {
    const found = new Map<string, T>();
    for (const entry of await stream.lastOfEach(`${kind}.${exchange}.>`)) {
      const market = subjects.read(entry.subject)?.market;
      if (market === null || market === undefined) continue;
      found.set(marketKey(market), read(entry));
    }
    return found;
  };
  const [books, trades] = await Promise.all([
    lastOf('book', toLastBook),
    lastOf('trade', ({ seq }) => seq),
  ]);
  return { books, trades };
}

/** The books of a market in the log up to `last`, newest first, back to the number of one that is known. */
export async function booksBefore(
  stream: LogStream,
  last: LogEntry | null,
  known: number,
): Promise<BookMessage[]> {
  const books: BookMessage[] = [];
  let at = last === null ? 0 : decodeBook(last.data).p;
  while (at > known && books.length < MOST_BETWEEN) {
    const entry = await stream.at(at);
    if (entry === null) break;
    const book = decodeBook(entry.data);
    books.push(book);
    at = book.p;
  }
  return books;
}

import type { Exchange } from '../market/exchange.js';
import { marketKey } from '../market/market.js';
import type { LogEntry, LogStream } from './log-stream.js';
import type { LastBook } from './market-lane.js';
import { bookOf, ifOurs } from './messages.js';
import { type LogKind, SubjectReader } from './subjects.js';

/** The most books of a market, written by another node meanwhile, that are examined. */
const MAX_BETWEEN = 500;
/** The most messages of another program after a book that are skipped. */
const MAX_FOREIGN = 100;

/** What the log of an exchange ends with, by market. */
export interface LogEnds {
  readonly books: Map<string, LastBook>;
  /** Numbers of messages that another program wrote after the newest book: the next book expects those. */
  readonly foreign: Map<string, number>;
  /** Numbers of the newest trades of the markets that have any. */
  readonly trades: Map<string, number>;
}

/** A message of the log that is a book. */
export interface BookEntry extends LogEntry, LastBook {}

/** Reads what the log of an exchange ends with. @throws {NewerMessageError} */
export async function readEnds(stream: LogStream, exchange: Exchange): Promise<LogEnds> {
  const ends: LogEnds = { books: new Map(), foreign: new Map(), trades: new Map() };
  const subjects = new SubjectReader();
  const ofEach = async (
    kind: LogKind,
    take: (key: string, entry: LogEntry) => Promise<void> | void,
  ): Promise<void> => {
    for (const entry of await stream.lastOfEach(`${kind}.${exchange}.>`)) {
      const market = subjects.read(entry.subject)?.market;
      if (market !== null && market !== undefined) await take(marketKey(market), entry);
    }
  };
  await Promise.all([
    ofEach('book', async (key, entry) => {
      const book = await newestBook(stream, entry);
      if (book !== null) ends.books.set(key, { seq: book.seq, message: book.message });
      if (book?.seq !== entry.seq) ends.foreign.set(key, entry.seq);
    }),
    ofEach('trade', (key, { seq }) => void ends.trades.set(key, seq)),
  ]);
  return ends;
}

/** The newest book of a market. @param last the newest message of its subject @throws {NewerMessageError} */
export async function newestBook(stream: LogStream, last: LogEntry): Promise<BookEntry | null> {
  return (await booksBefore(stream, last, 0, 1))[0] ?? null;
}

/**
 * The books of a market in the log up to `last`, newest first, back to the number of a known one. What
 * another program wrote among them is skipped; the recorder, which reads every message, reports it.
 * @throws {NewerMessageError}
 */
export async function booksBefore(
  stream: LogStream,
  last: LogEntry | null,
  known: number,
  most = MAX_BETWEEN,
): Promise<BookEntry[]> {
  const books: BookEntry[] = [];
  let foreign = 0;
  for (let at = last; at !== null && at.seq > known && at.subject === last!.subject;) {
    const entry = at;
    const message = ifOurs(() => bookOf(entry));
    if (message !== null) {
      books.push({ ...entry, message });
      if (books.length === most || message.p <= known) break;
      at = await stream.at(message.p);
    } else if (++foreign > MAX_FOREIGN) break;
    else at = await stream.before(entry);
  }
  return books;
}

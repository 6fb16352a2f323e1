/**
 * How it is known that a book is whole and none is missed: `SNAPSHOT` every message is the whole book;
 * `ORDERED` the same, and a growing id shows its order; `DELTA` kept from changes after one whole
 * book, where a lost change cannot be seen in the messages; `MAY_DROP` whole books, of which the
 * exchange says that it may leave some out; `POLLED` whole books asked for again and again, changes
 * between two answers unseen.
 */
export type Completeness = 'SNAPSHOT' | 'ORDERED' | 'DELTA' | 'MAY_DROP' | 'POLLED';

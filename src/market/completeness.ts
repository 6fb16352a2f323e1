/**
 * What guarantees that a book is whole and none is missed: `SNAPSHOT` every message is a whole
 * book; `ORDERED` the same, and a growing id gives the order; `DELTA` maintained from deltas after
 * one snapshot, where a lost delta is not visible in the messages; `MAY_DROP` whole books, of which
 * the exchange states that it may drop some; `POLLED` whole books polled, changes between two
 * responses unseen.
 */
export type Completeness = 'SNAPSHOT' | 'ORDERED' | 'DELTA' | 'MAY_DROP' | 'POLLED';

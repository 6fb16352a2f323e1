import type { LogBooks } from '../nats/log-books.js';
import type { LogStream } from '../nats/log-stream.js';
import type { Store } from '../store/store-types.js';
import { pause } from '../util/wait.js';

/** How far the log has been read is asked so often, ms. */
const LOOK_MS = 20;

/**
 * Settles when all that is in the log now is read and stored.
 * @param ends each ends the waiting: while the database is away it would go on, and others come that wait, too
 * @throws {Error} when it is ended, or the store closes
 */
export async function caughtUp(
  stream: Pick<LogStream, 'state'>,
  books: Pick<LogBooks, 'position'>,
  store: Pick<Store, 'whenStored'>,
  ends: AbortSignal,
): Promise<void> {
  const last = (await stream.state())?.last ?? 0;
  while (books.position < last) {
    ends.throwIfAborted();
    await pause(LOOK_MS, ends);
  }
  await store.whenStored(last, ends);
}

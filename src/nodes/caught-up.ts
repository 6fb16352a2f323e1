import type { LogBooks } from '../nats/log-books.js';
import type { LogStream } from '../nats/log-stream.js';
import type { Store } from '../store/store-types.js';
import { pause } from '../util/wait.js';

/** How often to check how far the log has been read, ms. */
const LOOK_MS = 20;

/**
 * Settles when everything now in the log has been read and stored.
 * @param ends each ends the waiting: while the database is down it would go on, and more callers would wait
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

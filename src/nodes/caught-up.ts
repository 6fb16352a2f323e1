import type { LogStream } from '../nats/log-stream.js';
import type { Store } from '../store/store-types.js';
import { pause } from '../util/wait.js';

/** Callers within this time wait together, ms. */
const GATHER_MS = 20;

/**
 * Settles when everything now in the log has been read and stored.
 * @param ends each ends the waiting: while the database is down it would go on, and more callers would wait
 * @throws {Error} when it is ended, or the store closes
 */
export async function caughtUp(
  stream: Pick<LogStream, 'state'>,
  store: Pick<Store, 'whenStored'>,
  ends: AbortSignal,
): Promise<void> {
  await store.whenStored((await stream.state())?.last ?? 0, ends);
}

/** Has `work` done once for all callers within a short time, after the last of them has asked. */
export function together(work: () => Promise<void>): () => Promise<void> {
  let next: Promise<void> | null = null;
  return () =>
    (next ??= pause(GATHER_MS).then(() => {
      next = null;
      return work();
    }));
}

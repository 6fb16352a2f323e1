import type { Session } from './engine/engine.js';
import { sql } from './engine/sql.js';

/** For so long there may be no sign of life of a recorder, ms; it gives one a second. */
const SILENT_MS = 60_000;

/**
 * The last sign of life of the recorder, Unix ms, where that is long ago; null while it runs. What was being
 * recorded then may have gaps later that are stored only when it starts again.
 * @param now Unix ms
 */
export async function silentSince(
  { rows }: Pick<Session, 'rows'>,
  now: number,
): Promise<number | null> {
  const [row] = await rows(sql`
    SELECT (SELECT value FROM state WHERE key = 'heartbeat'),
           (SELECT timestamp FROM book WHERE sequence = (SELECT max(sequence) FROM book))`);
  const [heartbeat, newestBook] = row as (number | null)[];
  if (heartbeat === null || heartbeat === undefined) return null;
  // A book that was stored after it is one, too.
  const last = Math.max(heartbeat, newestBook ?? 0);
  return now - last > SILENT_MS ? last : null;
}

/** Until when what goes on is known to go on, Unix ms: `now` while the recorder runs. */
export async function knownUntil(session: Pick<Session, 'rows'>, now: number): Promise<number> {
  return (await silentSince(session, now)) ?? now;
}

import type { Client } from './connection.js';
import type { Redate } from '../market/clock-reading.js';
import { Timeline } from './timeline.js';

const MINUTE_MS = 60_000;

/**
 * Timestamp of the newest book that is not after `time`: where the clocks of two runs contradict each
 * other, all that is sure. `time` itself when there is none.
 */
export async function newestUpTo(client: Client, time: number): Promise<number> {
  const bound = await new Timeline(client).boundAt(time);
  if (bound === null) return time;
  const rows = await client.$queryRaw<{ timestamp: bigint }[]>`
    SELECT timestamp FROM book WHERE sequence <= ${BigInt(bound)} AND timestamp <= ${BigInt(time)}
     ORDER BY sequence DESC LIMIT 1`;
  return rows.length === 0 ? time : Number(rows[0]!.timestamp);
}

/**
 * Statements that move what lies after a time, or cut it there. A gap whose new beginning is another's
 * is the same one, said again since. Books keep the time that they were stamped with.
 */
export function redateStatements(client: Client, { after, byMs }: Redate) {
  const at = BigInt(after);
  if (byMs === null) {
    return [
      client.$executeRaw`DELETE FROM gap WHERE start > ${at}`,
      client.$executeRaw`UPDATE gap SET "end" = ${at} WHERE "end" > ${at}`,
      client.$executeRaw`DELETE FROM coverage WHERE minute > ${at}`,
      client.$executeRaw`UPDATE OR IGNORE recording_span SET start = ${at} WHERE start > ${at}`,
      client.$executeRaw`UPDATE recording_span SET "end" = max(start, ${at}) WHERE "end" > ${at}`,
    ];
  }
  const by = BigInt(byMs);
  // Away from the present, so that no minute of it is met twice.
  const minutes = BigInt(Math.floor(byMs / MINUTE_MS) * MINUTE_MS);
  return [
    client.$executeRaw`UPDATE gap SET "end" = max(start, "end" + ${by}) WHERE start <= ${at} AND "end" > ${at}`,
    client.$executeRaw`UPDATE OR IGNORE gap SET start = start + ${by}, "end" = "end" + ${by} WHERE start > ${at}`,
    client.$executeRaw`DELETE FROM gap WHERE start > ${at}`,
    client.$executeRaw`
      INSERT INTO coverage (minute, market_id, frames, changed, repeats, longest_silence_ms,
                            audits, audit_differences, late_books)
      SELECT minute + ${minutes}, market_id, frames, changed, repeats, longest_silence_ms,
             audits, audit_differences, late_books
        FROM coverage WHERE minute > ${at}
          ON CONFLICT (minute, market_id) DO UPDATE
         SET frames = frames + excluded.frames, changed = changed + excluded.changed,
             repeats = repeats + excluded.repeats,
             longest_silence_ms = max(longest_silence_ms, excluded.longest_silence_ms),
             audits = audits + excluded.audits,
             audit_differences = audit_differences + excluded.audit_differences,
             late_books = late_books + excluded.late_books`,
    client.$executeRaw`DELETE FROM coverage WHERE minute > ${at}`,
    client.$executeRaw`UPDATE recording_span SET "end" = max(start, "end" + ${by}) WHERE start <= ${at} AND "end" > ${at}`,
    client.$executeRaw`
      UPDATE OR IGNORE recording_span SET start = start + ${by}, "end" = "end" + ${by}
       WHERE start > ${at}`,
  ];
}

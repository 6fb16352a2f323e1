import { addCoverage } from './coverage-rows.js';
import { raw, sql } from './engine/sql.js';
import type { Session } from './engine/engine.js';
import type { Redate } from '../market/clock-reading.js';
import { Timeline } from './timeline.js';

const MINUTE_MS = 60_000;

/**
 * Timestamp of the newest book that is not after `time`: all that is certain where the clocks of
 * two runs contradict each other. `time` itself when there is none.
 */
export async function newestUpTo(session: Session, time: number): Promise<number> {
  const bound = await new Timeline(session).boundAt(time);
  if (bound === null) return time;
  const [row] = await session.rows(sql`
    SELECT timestamp FROM book WHERE sequence <= ${bound} AND timestamp <= ${time}
     ORDER BY sequence DESC LIMIT 1`);
  return row === undefined ? time : (row[0] as number);
}

/**
 * Statements that shift what lies after a time, or cut it off there. A gap whose new start is
 * another's is the same one, reported again since. Books keep the time they were stamped with.
 */
export function redateStatements({ client, dialect }: Session, { after, byMs }: Redate) {
  const at = BigInt(after);
  if (byMs === null) {
    return [
      client.$executeRaw`DELETE FROM gap WHERE start > ${at}`,
      client.$executeRaw`UPDATE gap SET "end" = ${at} WHERE "end" > ${at}`,
      client.$executeRaw`DELETE FROM coverage WHERE minute > ${at}`,
      // The first of several; the others have no time left.
      client.$executeRaw`
        UPDATE recording_span SET start = ${at} WHERE start > ${at} AND NOT EXISTS (
          SELECT 1 FROM recording_span o
           WHERE o.market_id = recording_span.market_id AND o.start >= ${at}
             AND o.start < recording_span.start)`,
      client.$executeRaw`
        UPDATE recording_span SET "end" = CASE WHEN start > ${at} THEN start ELSE ${at} END WHERE "end" > ${at}`,
    ];
  }
  const by = BigInt(byMs);
  // Away from the present, so that no minute collides with another.
  const minutes = BigInt(Math.floor(byMs / MINUTE_MS) * MINUTE_MS);
  const moved = (table: 'gap' | 'recording_span') => {
    const name = raw(table);
    return [
      client.$executeRaw`
        UPDATE ${name} SET "end" = CASE WHEN "end" + ${by} < start THEN start ELSE "end" + ${by} END
         WHERE start <= ${at} AND "end" > ${at}`,
      client.$executeRaw`
        UPDATE ${name} SET start = start + ${by}, "end" = "end" + ${by}
         WHERE start > ${at} AND NOT EXISTS (
           SELECT 1 FROM ${name} o
            WHERE o.market_id = ${name}.market_id AND o.start = ${name}.start + ${by})`,
    ];
  };
  return [
    ...moved('gap'),
    client.$executeRaw`DELETE FROM gap WHERE start > ${at}`,
    client.$executeRaw(
      addCoverage(
        dialect,
        sql`SELECT minute + ${minutes} AS minute, market_id, frames, changed, repeats, longest_silence_ms,
                   audits, audit_differences, late_books
              FROM coverage WHERE minute > ${at}`,
      ),
    ),
    client.$executeRaw`DELETE FROM coverage WHERE minute > ${at}`,
    ...moved('recording_span'),
  ];
}

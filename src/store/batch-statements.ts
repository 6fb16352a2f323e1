import type { CoverageMinute } from '../market/coverage.js';
import type { Gap } from '../market/gap.js';
import { decodeLevels } from '../market/level-text.js';
import { type Market, marketFromKey } from '../market/market.js';
import { addCoverage, COVERAGE_COLUMNS } from './coverage-rows.js';
import type { Client, Session, Statement } from './engine/engine.js';
import { sql } from './engine/sql.js';
import { wholeRow } from './levels.js';
import type { MarketIds } from './market-ids.js';
import { rebuild } from './rebuild.js';
import { redateStatements } from './redate.js';
import { deleteLogsBeyond } from './retire.js';
import { setMarks } from './state-marks.js';
import { CLOCK_STEP, COVERAGE, LOG } from './table-columns.js';
import type { TradeRow } from './trades/codec.js';
import { spanStatements } from './trades/span-writer.js';
import type { TradeWriter } from './trades/trade-writer.js';
import type { WaitingRow } from './trades/waiting-trades.js';
import type { BookRow, RecordingChange, WriteBatch } from './writer-protocol.js';

/** Inputs for the statements of a batch. */
export interface BatchParts {
  readonly session: Session;
  /** Contains all of {@link marketsOf}. */
  readonly ids: MarketIds;
  readonly trades: TradeWriter;
}

/** Key in `state` of the id of the last batch written. */
export const LAST_BATCH = 'batch';

/**
 * The statements that write a batch, all or none.
 * @param trades those of the batch, as decoded from it
 */
export async function batchStatements(
  parts: BatchParts,
  batch: WriteBatch,
  trades: readonly WaitingRow[],
): Promise<Statement[]> {
  const { session, ids } = parts;
  const { client, dialect } = session;
  const { log = null } = batch;
  const statements = batch.again ? guardOnce(client, batch.id) : [];
  if (log !== null) statements.push(...guardLog(client, log.from));
  const others = await numberedRows(session, ids, batch.books);
  for (const rows of [batch.rows, others]) {
    if (rows !== null) statements.push(client.$executeRaw(dialect.insertBooks(rows)));
  }
  if (trades.length > 0) {
    const rows = trades.map(([sequence, market, ...rest]): TradeRow => [
      sequence,
      ids.idOf(market),
      ...rest,
    ]);
    statements.push(parts.trades.insert(rows));
  }
  if (batch.tradeSpans.length > 0) {
    const lay = await spanStatements(session, batch.tradeSpans, (market) => ids.id(market));
    statements.push(...lay);
  }
  if (batch.steps.length > 0) {
    const rows = batch.steps.map(({ sequence, fromMs, toMs }) => [sequence, fromMs, toMs]);
    statements.push(client.$executeRaw`
      INSERT INTO clock_step (sequence, from_ms, to_ms)
      SELECT sequence, from_ms, to_ms FROM ${dialect.table(rows, CLOCK_STEP)} steps WHERE true
          ON CONFLICT DO NOTHING`);
  }
  if (batch.gaps.length > 0) statements.push(insertGaps(session, ids, batch.gaps));
  if (batch.coverage.length > 0) {
    const rows = dialect.table(coverageRows(ids, batch.coverage), COVERAGE);
    const query = sql`SELECT ${COVERAGE_COLUMNS} FROM ${rows} minutes`;
    statements.push(client.$executeRaw(addCoverage(dialect, query)));
  }
  if (batch.logs.length > 0) {
    const rows = batch.logs.map(({ timestamp, level, event, exchange, pair, message, params }) => {
      return [timestamp, level, event, exchange, pair?.symbol, pair?.currency, message, params];
    });
    statements.push(client.$executeRaw`
      INSERT INTO log (timestamp, level, event, exchange, symbol, currency, message, params)
      SELECT timestamp, level, event, exchange, symbol, currency, message, params
        FROM ${dialect.table(rows, LOG)} records`);
    statements.push(deleteLogsBeyond(client, 2 * rows.length));
  }
  if (batch.recording.length > 0) {
    statements.push(...recordingStatements(session, ids, batch.recording));
  }
  for (const redate of batch.redates) statements.push(...redateStatements(session, redate));
  if (batch.laterGaps.length > 0) statements.push(insertGaps(session, ids, batch.laterGaps));
  const marks: [key: string, value: number][] = [];
  if (batch.heartbeat !== null) marks.push(['heartbeat', batch.heartbeat]);
  if (log !== null) marks.push(['log_offset', log.upTo]);
  if (log?.unread !== undefined) marks.push(['log_unread', log.unread]);
  if (log !== null || !isRepeatable(batch)) marks.push([LAST_BATCH, batch.id]);
  if (marks.length > 0) statements.push(setMarks(session, marks));
  return statements;
}

/** Books in the form of {@link WriteBatch.rows}, now that their markets' numbers are known. */
async function numberedRows(
  session: Session,
  ids: MarketIds,
  books: readonly BookRow[],
): Promise<Uint8Array<ArrayBuffer> | null> {
  const rows = session.dialect.encoder();
  for (const book of books) {
    const { asks, bids } = book.first ? await firstRow(session, ids.id(book.market), book) : book;
    rows.add({ ...book, asks, bids }, ids.id(book.market));
  }
  return rows.take();
}

async function firstRow(
  session: Session,
  id: number,
  row: BookRow,
): Promise<{ asks: string; bids: string }> {
  const before = await rebuild(session, id);
  return wholeRow(before, { asks: decodeLevels(row.asks), bids: decodeLevels(row.bids) });
}

const GAP = {
  market_id: 'integer',
  start: 'integer',
  ended: 'integer',
  cause: 'text',
  detail: 'text',
  attempts: 'integer',
} as const;
const RECORDING = { market_id: 'integer', recording: 'boolean', at: 'integer' } as const;

/**
 * Makes a transaction fail if the database already has this batch, once whoever may still be
 * writing it is done: a second row with the key violates its uniqueness.
 */
function guardOnce(client: Client, id: number) {
  return [
    client.$executeRaw`UPDATE state SET value = value WHERE key = ${LAST_BATCH}`,
    client.$executeRaw`
      INSERT INTO state (key, value)
      SELECT key, value FROM state WHERE key = ${LAST_BATCH} AND value = ${id}`,
  ];
}

/**
 * Makes a transaction fail unless the database is at this message of the log, and blocks any other
 * recorder until it is over, in the same way.
 */
function guardLog(client: Client, from: number) {
  return [
    client.$executeRaw`UPDATE state SET value = value WHERE key = 'log_offset'`,
    client.$executeRaw`
      INSERT INTO state (key, value)
      SELECT key, value FROM state WHERE key = 'log_offset' AND value <> ${from}`,
  ];
}

/** Inserts gaps, or updates those with the same market and start; the last of several counts. */
function insertGaps({ client, dialect }: Session, ids: MarketIds, gaps: readonly Gap[]) {
  return client.$executeRaw`
    INSERT INTO gap (market_id, start, "end", cause, detail, attempts)
    SELECT market_id, start, ended, cause, detail, attempts
      FROM ${dialect.table(gapRows(ids, gaps), GAP)} gaps WHERE true
        ON CONFLICT (market_id, start) DO UPDATE
       SET "end" = excluded."end", cause = excluded.cause, detail = excluded.detail,
           attempts = excluded.attempts`;
}

/**
 * Whether writing a batch twice changes nothing: then it need not be known whether it was written,
 * unless it moves the position in the log, which a second time would be attributed to another
 * recorder. Saving a statement is a tenth of the time of most batches.
 */
function isRepeatable(batch: WriteBatch): boolean {
  const { tradeSpans, gaps, coverage, logs, recording, redates, laterGaps } = batch;
  const others = [tradeSpans, gaps, coverage, logs, recording, redates, laterGaps];
  return batch.trades === null && others.every(({ length }) => length === 0);
}

function gapRows(ids: MarketIds, gaps: readonly Gap[]) {
  // No statement may touch a row twice.
  const last = new Map<string, readonly (number | string | null)[]>();
  for (const { market, start, end, cause, detail, attempts } of gaps) {
    const id = ids.id(market);
    last.set(`${id} ${start}`, [id, start, end, cause, detail, attempts]);
  }
  return [...last.values()];
}

function coverageRows(ids: MarketIds, records: readonly CoverageMinute[]) {
  return records.map((record) => {
    const { market, minute, frames, changed, repeats, longestSilenceMs } = record;
    const { audits = 0, auditDifferences = 0, lateBooks = 0 } = record;
    const received = [frames, changed, repeats, longestSilenceMs];
    return [minute, ids.id(market), ...received, audits, auditDifferences, lateBooks];
  });
}

/** Sets the recording marks of the markets, and starts and ends their spans. */
function recordingStatements(
  { client, dialect }: Session,
  ids: MarketIds,
  changes: readonly RecordingChange[],
) {
  const rows = changes.map(({ market, recording, at }) => [ids.id(market), recording, at]);
  const changed = dialect.table(rows, RECORDING);
  return [
    client.$executeRaw`
      UPDATE market SET recording = changed.recording
        FROM ${changed} changed WHERE market.id = changed.market_id`,
    client.$executeRaw`
      UPDATE recording_span SET "end" = ${dialect.greater('start', 'changed.at')}
        FROM ${changed} changed
       WHERE recording_span.market_id = changed.market_id AND "end" IS NULL
         AND NOT changed.recording`,
    client.$executeRaw`
      INSERT INTO recording_span (market_id, start)
      SELECT market_id, at FROM ${changed} changed
       WHERE recording AND NOT EXISTS (
         SELECT 1 FROM recording_span o WHERE o.market_id = changed.market_id AND o."end" IS NULL)
          ON CONFLICT DO NOTHING`,
  ];
}

/** The markets that a batch mentions. */
export function* marketsOf(batch: WriteBatch, trades: readonly WaitingRow[]): Generator<Market> {
  for (const book of batch.books) yield book.market;
  for (const key of new Set(trades.map(([, market]) => market))) yield marketFromKey(key);
  for (const change of batch.tradeSpans) if ('market' in change) yield change.market;
  for (const gap of [...batch.gaps, ...batch.laterGaps]) yield gap.market;
  for (const record of batch.coverage) yield record.market;
  for (const change of batch.recording) yield change.market;
}

import type { CollectPattern } from '../market/collect-pattern.js';
import type { CoverageMinute } from '../market/coverage.js';
import { type ArchivedDay, archivedBound, type UsedNumbers } from './archived.js';
import { EXCHANGES, type Exchange } from '../market/exchange.js';
import type { Gap } from '../market/gap.js';
import { type Market, marketFromKey, type Pair } from '../market/market.js';
import { COPIED_KEY, COPYING_KEY } from './copy-marks.js';
import { addCoverage, COVERAGE_COLUMNS } from './coverage-rows.js';
import { defined } from './defined.js';
import type { Client, Engine, Session, Space, Statement, WriterSession } from './engine/engine.js';
import { openEngine } from './engine/open.js';
import { sql } from './engine/sql.js';
import { halfCopied, StoreError } from './errors.js';
import { type Growth, GrowthRecord } from './growth.js';
import { decodeLevels } from '../market/level-text.js';
import { wholeRow } from './levels.js';
import { MarketIds, replaceListing } from './market-list.js';
import { rebuild } from './rebuild.js';
import { toGap } from './records.js';
import { newestUpTo, redateStatements } from './redate.js';
import { deleteLogsBeyond, type RetireBound, Retirement, type RetireStep } from './retire.js';
import { spanStatements } from './trades/span-writer.js';
import type { TradeRow } from './trades/codec.js';
import { TradeWriter } from './trades/trade-writer.js';
import { readWaiting, type WaitingRow } from './trades/waiting-trades.js';
import type { ListedMarket, Wishes } from '../market/managed-lists.js';
import {
  type BookRow,
  LOG_MOVED,
  LOG_TAKEN,
  type LogPlace,
  type OpenState,
  type RecordingChange,
  type WriteBatch,
  type WriterOptions,
  type WriterService,
} from './writer-protocol.js';
import { CLOCK_STEP, COVERAGE, LOG } from './table-columns.js';

interface Opened {
  readonly session: WriterSession;
  readonly client: Client;
  readonly ids: MarketIds;
  readonly retirement: Retirement;
  readonly trades: TradeWriter;
}

/** A sign of life so far ahead of the clock is of a clock that was wrong, ms. */
const AHEAD_MS = 1_000;

/**
 * The one writer of a database. Runs in a separate thread and gets one call at a time: on this
 * adapter a statement issued during a transaction would become part of it.
 */
export class Writer implements WriterService {
  readonly #options: WriterOptions;
  #engine: Promise<Engine> | undefined;
  #opened: Promise<Opened> | undefined;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  async open(block: number, used: UsedNumbers = { sequence: 0, gap: 0 }): Promise<OpenState> {
    const opened = await this.#database();
    try {
      return await this.#begin(opened, block, used);
    } catch (error) {
      // The caller gives up, so nothing may stay locked.
      this.#opened = undefined;
      await opened.session.close().catch(() => undefined);
      throw error;
    }
  }

  /** Takes up what the runs before have left, and reserves sequences. */
  async #begin({ session, client }: Opened, block: number, used: UsedNumbers): Promise<OpenState> {
    if (used.gap > 0) {
      const statements = session.dialect.beginIdsAbove('gap', used.gap);
      await client.$transaction(statements.map((statement) => client.$executeRaw(statement)));
    }
    const state = new Map(
      (await client.state.findMany()).map((row) => [row.key, Number(row.value)]),
    );
    if (state.has(COPYING_KEY)) throw halfCopied((await this.#engine!).name);
    const newest = await client.book.findFirst({ orderBy: { sequence: 'desc' } });
    const [trade] = await session.rows(sql`
      SELECT coalesce((SELECT max(sequence) FROM trade_recent), 0),
             coalesce((SELECT max(high) FROM trade_block), 0)`);
    const openGaps = await client.gap.findMany({
      where: { end: null },
      include: { market: true },
      orderBy: { id: 'asc' },
    });
    // After a failure of the reservation itself, stored books may be ahead of it.
    const lastSequence = Math.max(
      state.get('sequence') ?? 0,
      Number(newest?.sequence ?? 0),
      used.sequence,
      ...(trade as [number, number]),
    );
    const reserved = lastSequence + block;
    const log = logPlace(state);
    // An older version did not note it; another recorder may have noted more meanwhile.
    const unread = log === null || state.has('log_unread') ? {} : { log_unread: log.unread };
    await this.#setState(session, { sequence: reserved, closed: 0, ...unread }, true);
    // From here on it has a history of its own.
    if (state.has(COPIED_KEY)) await client.state.delete({ where: { key: COPIED_KEY } });
    // Books are stored in order, so the newest one vouches for all before it, as a heartbeat does.
    const alive = [state.get('heartbeat'), newest?.timestamp].flatMap((t) => t ?? []).map(Number);
    const now = Date.now();
    const believable = alive.filter((time) => time <= now + AHEAD_MS);
    // A sign of life ahead of the clock: one of the two clocks was wrong.
    if (alive.length > 0 && believable.length === 0)
      believable.push(await newestUpTo(session, now));
    return {
      log,
      lastSequence,
      reserved,
      heartbeat: believable.length === 0 ? null : Math.max(...believable),
      heartbeatAhead: alive.find((time) => time > now + AHEAD_MS) ?? null,
      believed: state.get('believed') ?? state.get('heartbeat') ?? null,
      closed: state.get('closed') === 1,
      openGaps: openGaps.map(toGap),
      lastTimestamp: newest === null ? null : Number(newest.timestamp),
    };
  }

  async write(batch: WriteBatch): Promise<number[]> {
    const opened = await this.#database();
    const { session, client, ids } = opened;
    if (batch.heartbeat !== null) await session.check();
    const trades = readWaiting(batch.trades);
    if (trades.length > 0 && session.dialect.packsTrades) await opened.trades.pack(trades[0]![0]);
    await ids.load(marketsOf(batch, trades));
    if (batch.span !== null) {
      await session.makeRoom(batch.span.first, batch.span.last, batch.span.time);
    }
    const { log = null } = batch;
    const statements = batch.again ? guardOnce(client, batch.id) : [];
    if (log !== null) statements.push(...guardLog(client, log.from));
    const { dialect } = session;
    const others = await this.#numberedRows(session, ids, batch.books);
    for (const rows of [batch.rows, others]) {
      if (rows !== null) statements.push(client.$executeRaw(dialect.insertBooks(rows)));
    }
    if (trades.length > 0) {
      const rows = trades.map(([sequence, market, ...rest]): TradeRow => [
        sequence,
        ids.idOf(market),
        ...rest,
      ]);
      statements.push(opened.trades.insert(rows));
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
      const rows = batch.logs.map(
        ({ timestamp, level, event, exchange, pair, message, params }) => {
          return [timestamp, level, event, exchange, pair?.symbol, pair?.currency, message, params];
        },
      );
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
    await session.atOnce(statements).catch(async (error: unknown) => {
      const state = await stateOf(client, [LAST_BATCH, 'log_offset']).catch(() => null);
      if (state === null) throw error;
      // The answer was lost, not the batch.
      if (batch.again && state.get(LAST_BATCH) === batch.id) return;
      if (log !== null && (state.get('log_offset') ?? 0) !== log.from) {
        throw new StoreError('another recorder has stored this part of the log', LOG_MOVED);
      }
      throw error;
    });
    return batch.books.map((book) => ids.id(book.market));
  }

  async beginLog(id: number, above: number): Promise<LogPlace> {
    const { session, client } = await this.#database();
    // Another recorder may have begun it meanwhile.
    const begun = logPlace(await stateOf(client, LOG_KEYS));
    if (begun?.id === id) return begun;
    if (begun !== null && !(await session.alone())) {
      throw new StoreError(
        'a recorder of another cluster has this database open and fills it from the log of its own NATS servers; give each cluster a database of its own',
        LOG_TAKEN,
      );
    }
    const place = { log_id: id, log_base: above, log_offset: 0, log_unread: 0 };
    await this.#setState(session, place, true);
    return { id, base: above, offset: 0, unread: 0 };
  }

  async reserve(upTo: number): Promise<void> {
    await this.#setState((await this.#database()).session, { sequence: upTo }, true);
  }

  async replaceListing(
    exchange: Exchange,
    listed: readonly ListedMarket[],
  ): Promise<{ added: Pair[]; removed: Pair[] }> {
    return replaceListing((await this.#database()).session, exchange, listed);
  }

  async retireBefore(
    time: number,
    now: number,
    limit: RetireBound | null,
  ): Promise<RetireBound | null> {
    return (await this.#database()).retirement.before(time, now, limit);
  }

  async retireSlice(limit: RetireBound | null): Promise<RetireBound | null> {
    return (await this.#database()).retirement.slice(limit);
  }

  async archivedBound(days: readonly ArchivedDay[]): Promise<RetireBound> {
    return archivedBound((await this.#database()).session, days);
  }

  async retireStep(bound: RetireBound, cursor: number): Promise<RetireStep> {
    return (await this.#database()).retirement.step(bound, cursor);
  }

  async retireCoverage(time: number): Promise<{ more: boolean; heldMs: number }> {
    return (await this.#database()).retirement.coverage(time);
  }

  async retireLogs(time: number): Promise<{ more: boolean; heldMs: number }> {
    return (await this.#database()).retirement.logs(time);
  }

  async giveBack(): Promise<{ more: boolean; heldMs: number }> {
    return (await this.#database()).retirement.giveBack();
  }

  async cutFile(): Promise<void> {
    await (await this.#database()).session.cut();
  }

  async space(): Promise<Space> {
    return (await this.#database()).session.space();
  }

  async believe(time: number): Promise<void> {
    await this.#setState((await this.#database()).session, { believed: time }, false);
  }

  async sampleSize(now: number): Promise<Growth> {
    const { session } = await this.#database();
    return new GrowthRecord(session).sample(now, (await session.space()).usedBytes);
  }

  async setWanted(market: Market, wanted: boolean): Promise<void> {
    const { client, ids } = await this.#database();
    await ids.load([market]);
    await client.market.update({ where: { id: ids.id(market) }, data: { wanted } });
  }

  async setWantedPattern(pattern: CollectPattern, wanted: boolean | null): Promise<void> {
    const { client } = await this.#database();
    const { exchange, symbol, currency } = pattern;
    // An absent part matches all values, the null of a wider pattern included.
    const pair = defined({ symbol: symbol ?? undefined, currency: currency ?? undefined });
    const any = exchange === null;
    await client.$transaction([
      client.wantedPattern.deleteMany({ where: any ? pair : { exchange, ...pair } }),
      client.wantedPattern.create({ data: { exchange, symbol, currency, wanted } }),
      client.market.updateMany({
        where: any ? pair : { exchangeName: exchange, ...pair },
        data: { wanted: null },
      }),
    ]);
  }

  async replaceWishes({ disabled, patterns, markets }: Wishes): Promise<void> {
    const { client, ids } = await this.#database();
    await ids.load(markets.map(({ market }) => market));
    const idsOf = (wanted: boolean): number[] =>
      markets.filter((wish) => wish.wanted === wanted).map(({ market }) => ids.id(market));
    await client.$transaction([
      client.exchange.updateMany({ data: { enabled: true } }),
      client.exchange.updateMany({
        where: { name: { in: [...disabled] } },
        data: { enabled: false },
      }),
      client.wantedPattern.deleteMany(),
      client.wantedPattern.createMany({
        data: patterns.map(({ pattern, wanted }) => ({ ...pattern, wanted })),
      }),
      client.market.updateMany({ where: { wanted: { not: null } }, data: { wanted: null } }),
      ...[true, false].map((wanted) =>
        client.market.updateMany({ where: { id: { in: idsOf(wanted) } }, data: { wanted } }),
      ),
    ]);
  }

  async setEnabled(exchange: Exchange, enabled: boolean): Promise<void> {
    const { client } = await this.#database();
    await client.exchange.update({ where: { name: exchange }, data: { enabled } });
  }

  async close(lastSequence: number, aliveAt = Date.now()): Promise<void> {
    const { session } = await this.#database();
    await session.check();
    try {
      const state = { sequence: lastSequence, heartbeat: aliveAt, closed: 1 };
      await this.#setState(session, state, true);
    } finally {
      await session.finish();
      this.#opened = undefined;
    }
  }

  async putBack(): Promise<string | null> {
    const aside = await (await this.#database()).session.rescue();
    this.#opened = undefined;
    await this.#database();
    return aside;
  }

  /** The open database; opened by the first call, and again by the next after a failure to open. */
  #database(): Promise<Opened> {
    this.#opened ??= this.#openDatabase().catch((error: unknown) => {
      this.#opened = undefined;
      throw error;
    });
    return this.#opened;
  }

  async #openDatabase(): Promise<Opened> {
    const { path, maxPages, pieceBooks, shared } = this.#options;
    this.#engine ??= openEngine(path);
    const session = await (await this.#engine).openWriter({ maxPages, pieceBooks, shared });
    try {
      const { client, dialect } = session;
      const names = EXCHANGES.map((exchange) => [exchange]);
      await client.$executeRaw`
        INSERT INTO exchange (name) SELECT name FROM ${dialect.table(names, { name: 'text' })} names
         WHERE true ON CONFLICT DO NOTHING`;
      return {
        session,
        client,
        ids: new MarketIds(session),
        retirement: new Retirement(session),
        trades: new TradeWriter(session),
      };
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  /** Books as {@link WriteBatch.rows} has them, now that the numbers of their markets are known. */
  async #numberedRows(
    session: Session,
    ids: MarketIds,
    books: readonly BookRow[],
  ): Promise<Uint8Array<ArrayBuffer> | null> {
    const rows = session.dialect.encoder();
    for (const book of books) {
      const { asks, bids } = book.first
        ? await this.#firstRow(session, ids.id(book.market), book)
        : book;
      rows.add({ ...book, asks, bids }, ids.id(book.market));
    }
    return rows.take();
  }

  async #firstRow(
    session: Session,
    id: number,
    row: BookRow,
  ): Promise<{ asks: string; bids: string }> {
    const before = await rebuild(session, id);
    return wholeRow(before, { asks: decodeLevels(row.asks), bids: decodeLevels(row.bids) });
  }

  /** @param durable wait until the disk has it, so that it survives even a loss of power. */
  async #setState(
    session: WriterSession,
    values: Readonly<Record<string, number>>,
    durable: boolean,
  ): Promise<void> {
    const write = (): Promise<unknown> => setMarks(session, Object.entries(values));
    await (durable ? session.durably(write) : write());
  }
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

/** Key in `state` of the id of the last batch that was written. */
const LAST_BATCH = 'batch';

/**
 * Lets a transaction fail if the database ends with this batch, after whoever may still be writing it
 * is done: a second row of the key breaks its uniqueness.
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
 * Lets a transaction fail unless the database ends with this message of the log, and keeps any other
 * recorder waiting until it is over, in the same way.
 */
function guardLog(client: Client, from: number) {
  return [
    client.$executeRaw`UPDATE state SET value = value WHERE key = 'log_offset'`,
    client.$executeRaw`
      INSERT INTO state (key, value)
      SELECT key, value FROM state WHERE key = 'log_offset' AND value <> ${from}`,
  ];
}

const LOG_KEYS = ['log_id', 'log_base', 'log_offset', 'log_unread'];

/** The place in the log of several nodes that `state` names; null = none. */
function logPlace(state: ReadonlyMap<string, number>): LogPlace | null {
  const id = state.get('log_id');
  if (id === undefined) return null;
  const offset = state.get('log_offset') ?? 0;
  const unread = state.get('log_unread') ?? offset;
  return { id, base: state.get('log_base') ?? 0, offset, unread };
}

/** Values in `state` of some keys that are there. */
async function stateOf(client: Client, keys: readonly string[]): Promise<Map<string, number>> {
  const rows = await client.state.findMany({ where: { key: { in: [...keys] } } });
  return new Map(rows.map(({ key, value }) => [key, Number(value)]));
}

/** Inserts gaps, or updates those with the same market and start; of several such the last one counts. */
function insertGaps({ client, dialect }: Session, ids: MarketIds, gaps: readonly Gap[]) {
  return client.$executeRaw`
    INSERT INTO gap (market_id, start, "end", cause, detail, attempts)
    SELECT market_id, start, ended, cause, detail, attempts
      FROM ${dialect.table(gapRows(ids, gaps), GAP)} gaps WHERE true
        ON CONFLICT (market_id, start) DO UPDATE
       SET "end" = excluded."end", cause = excluded.cause, detail = excluded.detail,
           attempts = excluded.attempts`;
}

const MARK = { key: 'text', value: 'integer' } as const;

/** Sets values in `state`. */
function setMarks({ client, dialect }: Session, marks: [key: string, value: number][]): Statement {
  return client.$executeRaw`
    INSERT INTO state (key, value)
    SELECT key, value FROM ${dialect.table(marks, MARK)} marks WHERE true
        ON CONFLICT (key) DO UPDATE SET value = excluded.value`;
}

/**
 * Whether nothing changes when a batch is written a second time: whether it was written need not be known then,
 * unless it moves the place in the log, which a second time would be taken for another recorder's doing.
 * A statement less is a tenth of what most batches take.
 */
function isRepeatable(batch: WriteBatch): boolean {
  const { tradeSpans, gaps, coverage, logs, recording, redates, laterGaps } = batch;
  const others = [tradeSpans, gaps, coverage, logs, recording, redates, laterGaps];
  return batch.trades === null && others.every(({ length }) => length === 0);
}

function gapRows(ids: MarketIds, gaps: readonly Gap[]) {
  // No statement may meet a row twice.
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

/** Sets the marks of the markets, and begins and ends their spans. */
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

function* marketsOf(batch: WriteBatch, trades: readonly WaitingRow[]): Generator<Market> {
  for (const book of batch.books) yield book.market;
  for (const key of new Set(trades.map(([, market]) => market))) yield marketFromKey(key);
  for (const change of batch.tradeSpans) if ('market' in change) yield change.market;
  for (const gap of [...batch.gaps, ...batch.laterGaps]) yield gap.market;
  for (const record of batch.coverage) yield record.market;
  for (const change of batch.recording) yield change.market;
}

import type { CollectPattern } from '../market/collect-pattern.js';
import type { CoverageMinute } from '../market/coverage.js';
import { type ArchivedDay, archivedBound, beginGapsAbove, type UsedNumbers } from './archived.js';
import { EXCHANGES, type Exchange } from '../market/exchange.js';
import type { Gap } from '../market/gap.js';
import type { Market, Pair } from '../market/market.js';
import { BookBatch } from './book-batch.js';
import { type Client, type Connection, defined, openClient } from './connection.js';
import { checkExisting, inspectFile, prepareDatabase, prepareFolder } from './database.js';
import { type Growth, GrowthRecord } from './growth.js';
import { decodeLevels, wholeRow } from './levels.js';
import { DatabaseFiles, FileWatch } from './file-watch.js';
import { lockDatabase, lockPath } from './lock.js';
import { MarketIds, replaceListing } from './market-list.js';
import { rebuild } from './rebuild.js';
import { StoreError } from './errors.js';
import { copyOpen, lostError, putBack, setAside } from './rescue.js';
import { toGap } from './records.js';
import { newestUpTo, redateStatements } from './redate.js';
import {
  deleteLogsBeyond,
  type FileSpace,
  type RetireBound,
  Retirement,
  type RetireStep,
} from './retire.js';
import { TradeWriter } from './trades/trade-writer.js';
import type { ListedMarket, Wishes } from '../market/managed-lists.js';
import type {
  BookRow,
  OpenState,
  RecordingChange,
  WriteBatch,
  WriterOptions,
  WriterService,
} from './writer-protocol.js';

interface Opened {
  readonly client: Client;
  readonly lock: Connection;
  readonly lockFile: FileWatch;
  readonly files: DatabaseFiles;
  readonly ids: MarketIds;
  readonly retirement: Retirement;
  readonly trades: TradeWriter;
}

/**
 * Pages of the log after which they are moved into the file, 16 MiB. Books of many markets touch the
 * same pages of the market index again and again: four times the default writes them less often.
 */
const CHECKPOINT_PAGES = 4_000;
/** A sign of life so far ahead of the clock is of a clock that was wrong, ms. */
const AHEAD_MS = 1_000;
/** A log grown large (a long checkpoint, a slow reader) is cut back to this, bytes. */
const WAL_SIZE_LIMIT = 64 * 1024 * 1024;

/**
 * The one writer of a database. Runs in a thread of its own and gets one call at a time: on this
 * adapter a statement issued during a transaction would become part of it.
 */
export class Writer implements WriterService {
  readonly #options: WriterOptions;
  #opened: Promise<Opened> | undefined;
  /** A whole copy lies beside the database's path, and is to be put there before it is opened. */
  #copied = false;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  async open(block: number, used: UsedNumbers = { sequence: 0, gap: 0 }): Promise<OpenState> {
    const { client } = await this.#database();
    await beginGapsAbove(client, used.gap);
    const state = new Map((await client.state.findMany()).map((row) => [row.key, row.value]));
    const newest = await client.book.findFirst({ orderBy: { sequence: 'desc' } });
    const [trade] = await client.$queryRaw<{ sequence: bigint | null }[]>`
      SELECT max(coalesce((SELECT max(sequence) FROM trade_recent), 0),
                 coalesce((SELECT max(high) FROM trade_block), 0)) AS sequence`;
    const openGaps = await client.gap.findMany({
      where: { end: null },
      include: { market: true },
      orderBy: { id: 'asc' },
    });
    // After a failure of the reservation itself, stored books may be ahead of it.
    const lastSequence = Math.max(
      Number(state.get('sequence') ?? 0),
      Number(newest?.sequence ?? 0),
      used.sequence,
      Number(trade?.sequence ?? 0),
    );
    const reserved = lastSequence + block;
    await this.#setState(client, { sequence: reserved, closed: 0 }, true);
    // Books are stored in order, so the newest one vouches for all before it, as a heartbeat does.
    const alive = [state.get('heartbeat'), newest?.timestamp].flatMap((t) => t ?? []).map(Number);
    const now = Date.now();
    const believable = alive.filter((time) => time <= now + AHEAD_MS);
    // A sign of life ahead of the clock: one of the two clocks was wrong.
    if (alive.length > 0 && believable.length === 0) believable.push(await newestUpTo(client, now));
    return {
      lastSequence,
      reserved,
      heartbeat: believable.length === 0 ? null : Math.max(...believable),
      heartbeatAhead: alive.find((time) => time > now + AHEAD_MS) ?? null,
      believed: Number(state.get('believed') ?? state.get('heartbeat') ?? 0) || null,
      closed: state.get('closed') === 1n,
      openGaps: openGaps.map(toGap),
      lastTimestamp: newest === null ? null : Number(newest.timestamp),
    };
  }

  async write(batch: WriteBatch): Promise<number[]> {
    const opened = await this.#database();
    const { client, ids } = opened;
    if (batch.heartbeat !== null) await this.#checkFiles(opened);
    const firstTrade = batch.trades[0];
    if (firstTrade !== undefined) await opened.trades.pack(firstTrade.sequence);
    await ids.load(marketsOf(batch));
    const statements = [];
    if (batch.rows !== null) statements.push(insertBooks(client, batch.rows));
    const others = await this.#numberedRows(client, ids, batch.books);
    if (others !== null) statements.push(insertBooks(client, others));
    if (firstTrade !== undefined) {
      statements.push(opened.trades.insert(batch.trades, (market) => ids.id(market)));
    }
    if (batch.steps.length > 0) {
      const rows = batch.steps.map(({ sequence, fromMs, toMs }) => [sequence, fromMs, toMs]);
      statements.push(client.$executeRaw`
        INSERT OR IGNORE INTO clock_step (sequence, from_ms, to_ms)
        SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(${JSON.stringify(rows)})`);
    }
    if (batch.gaps.length > 0) statements.push(insertGaps(client, ids, batch.gaps));
    if (batch.coverage.length > 0) {
      statements.push(client.$executeRaw`
        INSERT INTO coverage (minute, market_id, frames, changed, repeats, longest_silence_ms,
                              audits, audit_differences, late_books)
        SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
               value ->> 6, value ->> 7, value ->> 8
          FROM json_each(${coverageRows(ids, batch.coverage)}) WHERE true
            ON CONFLICT (minute, market_id) DO UPDATE
           SET frames = frames + excluded.frames, changed = changed + excluded.changed,
               repeats = repeats + excluded.repeats,
               longest_silence_ms = max(longest_silence_ms, excluded.longest_silence_ms),
               audits = audits + excluded.audits,
               audit_differences = audit_differences + excluded.audit_differences,
               late_books = late_books + excluded.late_books`);
    }
    if (batch.logs.length > 0) {
      const rows = batch.logs.map(
        ({ timestamp, level, event, exchange, pair, message, params }) => {
          return [timestamp, level, event, exchange, pair?.symbol, pair?.currency, message, params];
        },
      );
      statements.push(client.$executeRaw`
        INSERT INTO log (timestamp, level, event, exchange, symbol, currency, message, params)
        SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
               value ->> 7
          FROM json_each(${JSON.stringify(rows)})`);
      statements.push(deleteLogsBeyond(client, 2 * rows.length));
    }
    if (batch.recording.length > 0) {
      statements.push(...recordingStatements(client, ids, batch.recording));
    }
    for (const redate of batch.redates) statements.push(...redateStatements(client, redate));
    if (batch.laterGaps.length > 0) statements.push(insertGaps(client, ids, batch.laterGaps));
    if (batch.heartbeat !== null) statements.push(upsert(client, 'heartbeat', batch.heartbeat));
    await client.$transaction(statements);
    return batch.books.map((book) => ids.id(book.market));
  }

  async reserve(upTo: number): Promise<void> {
    const { client } = await this.#database();
    await this.#setState(client, { sequence: upTo }, true);
  }

  async replaceListing(
    exchange: Exchange,
    listed: readonly ListedMarket[],
  ): Promise<{ added: Pair[]; removed: Pair[] }> {
    return replaceListing((await this.#database()).client, exchange, listed);
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
    return archivedBound((await this.#database()).client, days);
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
    await (await this.#database()).retirement.cut();
  }

  async space(): Promise<FileSpace> {
    return (await this.#database()).retirement.space();
  }

  async believe(time: number): Promise<void> {
    await this.#setState((await this.#database()).client, { believed: time }, false);
  }

  async sampleSize(now: number): Promise<Growth> {
    const { client, retirement } = await this.#database();
    return new GrowthRecord(client).sample(now, (await retirement.space()).usedBytes);
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
    const opened = await this.#database();
    await this.#checkFiles(opened);
    const { client, lock } = opened;
    try {
      const state = { sequence: lastSequence, heartbeat: aliveAt, closed: 1 };
      await this.#setState(client, state, true);
      await client.$queryRawUnsafe('PRAGMA wal_checkpoint(TRUNCATE)');
    } finally {
      await client.$disconnect();
      await lock.dispose();
      this.#opened = undefined;
    }
  }

  async putBack(): Promise<string | null> {
    const { path } = this.#options;
    const { client, lock, files, retirement } = await this.#database();
    await copyOpen(client, path, (await retirement.space()).usedBytes);
    const aside = await setAside(path, await files.lost());
    // From here on the copy is the database, also should the next step fail.
    this.#copied = true;
    this.#opened = undefined;
    await client.$disconnect();
    await lock.dispose();
    await this.#database();
    return aside;
  }

  /** @throws {StoreError} with {@link DATABASE_LOST} when the open files are no longer those of their paths */
  async #checkFiles({ files, lock, lockFile }: Opened): Promise<void> {
    const lost = await files.lost();
    if (lost.length > 0) throw lostError(lost);
    if (await files.emptied()) {
      throw new StoreError(
        `${this.#options.path} was emptied while it is open, and what it had is gone; stop the recorder and restore the file, or remove it for a new one`,
      );
    }
    if ((await lockFile.look()) === 'same') return;
    // Without the file of its name the lock keeps nobody out. The old one is kept until the new is had.
    const again = await lockDatabase(this.#options.path);
    const opened = await this.#opened!;
    this.#opened = Promise.resolve({
      ...opened,
      lock: again,
      lockFile: await watched(lockPath(this.#options.path)),
    });
    await lock.dispose();
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
    const { path, maxPages } = this.#options;
    if (this.#copied) {
      await putBack(path);
      this.#copied = false;
    }
    const exists = await inspectFile(path);
    if (exists) await checkExisting(path);
    await prepareFolder(path, exists);
    const lock = await lockDatabase(path);
    try {
      await prepareDatabase(path);
      const client = await openClient(path);
      await client.$executeRawUnsafe('PRAGMA synchronous = NORMAL');
      // Every market number that is inserted was read from the table; to check it again would cost a
      // third of an insertion. No market is ever deleted.
      await client.$executeRawUnsafe('PRAGMA foreign_keys = OFF');
      await client.$queryRawUnsafe(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
      await client.$queryRawUnsafe(`PRAGMA journal_size_limit = ${WAL_SIZE_LIMIT}`);
      if (maxPages !== undefined) {
        await client.$queryRawUnsafe(`PRAGMA max_page_count = ${maxPages}`);
      }
      for (const exchange of EXCHANGES) {
        await client.$executeRaw`INSERT OR IGNORE INTO exchange (name) VALUES (${exchange})`;
      }
      const files = new DatabaseFiles(path);
      await files.lost();
      return {
        client,
        lock,
        lockFile: await watched(lockPath(path)),
        files,
        ids: new MarketIds(client),
        retirement: new Retirement(client, this.#options.keepTrades),
        trades: new TradeWriter(client),
      };
    } catch (error) {
      await lock.dispose();
      throw error;
    }
  }

  /** Books as {@link WriteBatch.rows} has them, now that the numbers of their markets are known. */
  async #numberedRows(
    client: Client,
    ids: MarketIds,
    books: readonly BookRow[],
  ): Promise<Uint8Array<ArrayBuffer> | null> {
    const batch = new BookBatch();
    for (const book of books) {
      const { asks, bids } = book.first
        ? await this.#firstRow(client, ids.id(book.market), book)
        : book;
      batch.add({ ...book, number: { id: ids.id(book.market) }, asks, bids });
    }
    return batch.rows();
  }

  async #firstRow(
    client: Client,
    id: number,
    row: BookRow,
  ): Promise<{ asks: string; bids: string }> {
    const before = await rebuild(client, id);
    return wholeRow(before, { asks: decodeLevels(row.asks), bids: decodeLevels(row.bids) });
  }

  /** @param durable wait until the disk has it, so that it survives even a loss of power. */
  async #setState(
    client: Client,
    values: Readonly<Record<string, number>>,
    durable: boolean,
  ): Promise<void> {
    if (durable) await client.$executeRawUnsafe('PRAGMA synchronous = FULL');
    try {
      const statements = Object.entries(values).map(([key, value]) => upsert(client, key, value));
      await client.$transaction(statements);
    } finally {
      if (durable) await client.$executeRawUnsafe('PRAGMA synchronous = NORMAL');
    }
  }
}

/** Inserts gaps, or updates those with the same market and start. */
function insertGaps(client: Client, ids: MarketIds, gaps: readonly Gap[]) {
  return client.$executeRaw`
    INSERT INTO gap (market_id, start, "end", cause, detail, attempts)
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5
      FROM json_each(${gapRows(ids, gaps)}) WHERE true
        ON CONFLICT (market_id, start) DO UPDATE
       SET "end" = excluded."end", cause = excluded.cause, detail = excluded.detail,
           attempts = excluded.attempts`;
}

/**
 * Inserts books given as {@link WriteBatch.rows}. As bytes, because Prisma turns parameters into
 * JSON, twice: in a text each of its many quotes would be escaped both times. As JSONB, because
 * SQLite then has nothing to parse; and with `jsonb_each`, since `json_each` would write each row out
 * as text for the next function to parse.
 */
function insertBooks(client: Client, rows: Uint8Array<ArrayBuffer>) {
  return client.$executeRaw`
    INSERT OR IGNORE INTO book (sequence, market_id, timestamp, exchange_timestamp, base, asks, bids)
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6
      FROM jsonb_each(${rows})`;
}

function upsert(client: Client, key: string, value: number) {
  return client.$executeRaw`INSERT INTO state (key, value) VALUES (${key}, ${value})
    ON CONFLICT (key) DO UPDATE SET value = excluded.value`;
}

function gapRows(ids: MarketIds, gaps: readonly Gap[]): string {
  const rows = gaps.map((gap) => {
    return [ids.id(gap.market), gap.start, gap.end, gap.cause, gap.detail, gap.attempts];
  });
  return JSON.stringify(rows);
}

function coverageRows(ids: MarketIds, records: readonly CoverageMinute[]): string {
  const rows = records.map((record) => {
    const { market, minute, frames, changed, repeats, longestSilenceMs } = record;
    const { audits = 0, auditDifferences = 0, lateBooks = 0 } = record;
    const received = [frames, changed, repeats, longestSilenceMs];
    return [minute, ids.id(market), ...received, audits, auditDifferences, lateBooks];
  });
  return JSON.stringify(rows);
}

/** Sets the marks of the markets, and begins and ends their spans. */
function recordingStatements(client: Client, ids: MarketIds, changes: readonly RecordingChange[]) {
  const rows = JSON.stringify(
    changes.map(({ market, recording, at }) => [ids.id(market), recording, at]),
  );
  return [
    client.$executeRaw`
      UPDATE market SET recording = changed.value ->> 1
        FROM json_each(${rows}) changed WHERE market.id = changed.value ->> 0`,
    client.$executeRaw`
      UPDATE recording_span SET "end" = max(start, changed.value ->> 2)
        FROM json_each(${rows}) changed
       WHERE market_id = changed.value ->> 0 AND "end" IS NULL AND NOT changed.value ->> 1`,
    client.$executeRaw`
      INSERT OR IGNORE INTO recording_span (market_id, start)
      SELECT value ->> 0, value ->> 2 FROM json_each(${rows})
       WHERE value ->> 1 AND NOT EXISTS (
         SELECT 1 FROM recording_span WHERE market_id = value ->> 0 AND "end" IS NULL)`,
  ];
}

/** Watches a file that is there now. */
async function watched(path: string): Promise<FileWatch> {
  const file = new FileWatch(path);
  await file.look();
  return file;
}

function* marketsOf(batch: WriteBatch): Generator<Market> {
  for (const book of batch.books) yield book.market;
  for (const trade of batch.trades) yield trade.market;
  for (const gap of [...batch.gaps, ...batch.laterGaps]) yield gap.market;
  for (const record of batch.coverage) yield record.market;
  for (const change of batch.recording) yield change.market;
}

import type { CollectPattern } from '../market/collect-pattern.js';
import { type ArchivedDay, archivedBound, type UsedNumbers } from './archived.js';
import { EXCHANGES, type Exchange } from '../market/exchange.js';
import type { Market, Pair } from '../market/market.js';
import { batchStatements, LAST_BATCH, marketsOf } from './batch-statements.js';
import { COPIED_KEY, COPYING_KEY } from './copy-marks.js';
import type { Client, Engine, Space, WriterSession } from './engine/engine.js';
import { openEngine } from './engine/open.js';
import { sql } from './engine/sql.js';
import { halfCopied, StoreError } from './errors.js';
import { type Growth, GrowthRecord } from './growth.js';
import { replaceListing } from './listing.js';
import { MarketIds } from './market-ids.js';
import { toGap } from './records.js';
import { newestUpTo } from './redate.js';
import { type RetireBound, Retirement, type RetireStep } from './retire.js';
import { setMarks, stateOf } from './state-marks.js';
import { TradeWriter } from './trades/trade-writer.js';
import { readWaiting } from './trades/waiting-trades.js';
import { WishWriter } from './wish-writer.js';
import type { ListedMarket, Wishes } from '../market/managed-lists.js';
import {
  LOG_MOVED,
  LOG_TAKEN,
  type LogPlace,
  type OpenState,
  type WriteBatch,
  type WriterOptions,
  type WriterService,
} from './writer-protocol.js';

interface Opened {
  readonly session: WriterSession;
  readonly client: Client;
  readonly ids: MarketIds;
  readonly retirement: Retirement;
  readonly trades: TradeWriter;
  readonly wishes: WishWriter;
}

/** A heartbeat this far ahead of the clock comes from a wrong clock, ms. */
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

  /** Takes over what previous runs have left, and reserves sequences. */
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
    // An older version did not record it; another recorder may have recorded more meanwhile.
    const unread = log === null || state.has('log_unread') ? {} : { log_unread: log.unread };
    await this.#setState(session, { sequence: reserved, closed: 0, ...unread }, true);
    // From here on it has its own history.
    if (state.has(COPIED_KEY)) await client.state.delete({ where: { key: COPIED_KEY } });
    // Books are stored in order, so the newest one vouches for all before it, like a heartbeat.
    const alive = [state.get('heartbeat'), newest?.timestamp].flatMap((t) => t ?? []).map(Number);
    const now = Date.now();
    const believable = alive.filter((time) => time <= now + AHEAD_MS);
    // A heartbeat ahead of the clock: one of the two clocks was wrong.
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
    const statements = await batchStatements(opened, batch, trades);
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
    // Another recorder may have started it meanwhile.
    const begun = logPlace(await stateOf(client, LOG_KEYS));
    if (begun?.id === id) return begun;
    if (begun !== null && !(await session.alone())) {
      throw new StoreError(
        'a recorder of another cluster has this database open and fills it from the log of its own NATS servers; give each cluster its own database',
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
    await (await this.#database()).wishes.setWanted(market, wanted);
  }

  async setWantedPattern(pattern: CollectPattern, wanted: boolean | null): Promise<void> {
    await (await this.#database()).wishes.setWantedPattern(pattern, wanted);
  }

  async replaceWishes(wishes: Wishes): Promise<void> {
    await (await this.#database()).wishes.replaceWishes(wishes);
  }

  async setEnabled(exchange: Exchange, enabled: boolean): Promise<void> {
    await (await this.#database()).wishes.setEnabled(exchange, enabled);
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

  /** The open database; opened by the first call, and by the next one after a failure to open. */
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
      const ids = new MarketIds(session);
      return {
        session,
        client,
        ids,
        retirement: new Retirement(session),
        trades: new TradeWriter(session),
        wishes: new WishWriter(client, ids),
      };
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  /** @param durable wait until it is on disk, so that it survives a power loss. */
  async #setState(
    session: WriterSession,
    values: Readonly<Record<string, number>>,
    durable: boolean,
  ): Promise<void> {
    const write = (): Promise<unknown> => setMarks(session, Object.entries(values));
    await (durable ? session.durably(write) : write());
  }
}

const LOG_KEYS = ['log_id', 'log_base', 'log_offset', 'log_unread'];

/** The position in the log of several nodes stored in `state`; null = none. */
function logPlace(state: ReadonlyMap<string, number>): LogPlace | null {
  const id = state.get('log_id');
  if (id === undefined) return null;
  const offset = state.get('log_offset') ?? 0;
  const unread = state.get('log_unread') ?? offset;
  return { id, base: state.get('log_base') ?? 0, offset, unread };
}

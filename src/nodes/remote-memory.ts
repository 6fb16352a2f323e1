import { setTimeout as pause } from 'node:timers/promises';
import type { ClockReading, Redate } from '../market/clock-reading.js';
import type { CollectPattern } from '../market/collect-pattern.js';
import type { CollectorMemory, ManagedLists, TradesKnown } from '../market/collector-memory.js';
import type { Exchange } from '../market/exchange.js';
import type { Gap } from '../market/gap.js';
import type { ListedMarket, Wishes } from '../market/managed-lists.js';
import { type Market, type Pair, pairText } from '../market/market.js';
import type { SequenceSource } from '../market/sequence-source.js';
import type { ReadTrade, Trade } from '../market/trade.js';
import type { TradeMatch } from '../market/trade-match.js';
import type { Span } from '../market/trade-span.js';
import type { BusConnection } from '../nats/connection.js';
import { call, NoAnswerError } from '../nats/remote.js';
import { AtMost } from '../util/at-most.js';

/** Subject of the calls answered by the recorder that stores the log. */
export const MEMORY_SUBJECT = 'memory';

/** Longest wait for one answer, ms. */
export const ANSWER_MS = 10_000;
/** While no recorder answers, the interval and duration of retries, ms: another one takes over meanwhile. */
const AGAIN_MS = 500;
const PATIENCE_MS = 8_000;

/**
 * Questions about stored trades that an exchange has open at once. A recorder answers one after the other, and after a
 * start or an outage every market asks: all at once, most would wait beyond their time and be asked again.
 */
const MOST_OPEN = 16;

/** What {@link RemoteMemory} works with. */
export interface RemoteMemoryParts {
  readonly bus: BusConnection;
  readonly exchange: Exchange;
  /** Until when everything received of the exchange is in the log, Unix ms; null = nothing was yet. */
  readonly aliveAt: number | null;
  /** Whether the node that wrote it then shut down cleanly. */
  readonly closed: boolean;
  /** Whether this node writes: a standby leaves no traces. */
  readonly writes: () => boolean;
  /** Settles when everything that this node has received of a market, and writes, is in the log. */
  readonly written: (market: Market) => Promise<void>;
  readonly setRecording: (market: Market, recording: boolean) => void;
  readonly redate: (redate: Redate) => void;
}

/** Asks the recorder, retrying for a while if none answers. @throws {NoAnswerError} after that */
async function askRecorder<T>(
  bus: BusConnection,
  name: string,
  args: readonly unknown[],
  patienceMs = PATIENCE_MS,
  answerMs = ANSWER_MS,
): Promise<T> {
  const end = performance.now() + patienceMs;
  for (;;) {
    try {
      return await call<T>(bus, MEMORY_SUBJECT, name, args, answerMs);
    } catch (error) {
      if (!(error instanceof NoAnswerError) || performance.now() > end) throw error;
      await pause(AGAIN_MS);
    }
  }
}

/** The recorder's memory of an exchange: a collector has no database of its own. */
export class RemoteMemory implements CollectorMemory {
  readonly sequences: SequenceSource;
  readonly reader: ManagedLists;
  readonly heartbeatAhead = null;
  readonly previousHeartbeat: number | null;
  readonly previousRunClosed: boolean;
  readonly openGaps: readonly Gap[];
  readonly #parts: RemoteMemoryParts;
  readonly #open = new AtMost(MOST_OPEN);
  #listed: Map<string, Pair> | null = null;
  #newest: readonly ListedMarket[] | null = null;

  private constructor(parts: RemoteMemoryParts, openGaps: readonly Gap[]) {
    this.#parts = parts;
    this.openGaps = openGaps;
    this.previousHeartbeat = parts.aliveAt;
    this.previousRunClosed = parts.closed;
    // The log gives the numbers that count.
    let last = 0;
    this.sequences = { next: () => ++last };
    this.reader = {
      exchanges: () => this.#ask('exchanges'),
      markets: (exchange) => this.#ask('markets', exchange),
      wantedPatterns: () => this.#ask('wantedPatterns'),
    };
  }

  /** Asks for what is needed at startup. @throws {NoAnswerError} when no recorder answers */
  static async open(parts: RemoteMemoryParts): Promise<RemoteMemory> {
    return new RemoteMemory(parts, await askOpenGaps(parts.bus, parts.exchange));
  }

  get writes(): boolean {
    return this.#parts.writes();
  }

  confirmClock(reading: ClockReading): void {
    if (!this.writes) return;
    call(this.#parts.bus, MEMORY_SUBJECT, 'confirmClock', [reading], ANSWER_MS).catch(
      () => undefined,
    );
  }

  async replaceListing(
    exchange: Exchange,
    listed: readonly ListedMarket[],
  ): Promise<{ added: Pair[]; removed: Pair[] }> {
    const before = this.#listed ?? new Map<string, Pair>();
    if (this.#listed === null) {
      for (const { symbol, currency, listed } of await this.reader.markets(exchange))
        if (listed) before.set(pairText({ symbol, currency }), { symbol, currency });
    }
    const now = new Map<string, Pair>(
      listed.map(({ symbol, currency }) => [pairText({ symbol, currency }), { symbol, currency }]),
    );
    this.#listed = now;
    this.#newest = listed;
    await this.handOnListing();
    return {
      added: [...now].flatMap(([key, pair]) => (before.has(key) ? [] : [pair])),
      removed: [...before].flatMap(([key, pair]) => (now.has(key) ? [] : [pair])),
    };
  }

  /** Passes on the newest market list, if this node writes; one that could not be passed on goes with the next. */
  async handOnListing(): Promise<void> {
    if (this.#newest === null || !this.writes) return;
    await this.#ask('replaceListing', this.#parts.exchange, this.#newest).catch(() => undefined);
  }

  async setWanted(market: Market, wanted: boolean): Promise<void> {
    await this.#ask('setWanted', market, wanted);
  }

  async setWantedPattern(pattern: CollectPattern, wanted: boolean | null): Promise<void> {
    await this.#ask('setWantedPattern', pattern, wanted);
  }

  async replaceWishes(wishes: Wishes): Promise<void> {
    await this.#ask('replaceWishes', wishes);
  }

  async setEnabled(exchange: Exchange, enabled: boolean): Promise<void> {
    await this.#ask('setEnabled', exchange, enabled);
  }

  setRecording(market: Market, recording: boolean): void {
    this.#parts.setRecording(market, recording);
  }

  unknownTrades(market: Market, trades: readonly ReadTrade[], byId = false): Promise<ReadTrade[]> {
    return this.#askStored('unknownTrades', market, trades, byId);
  }

  newestTrade(market: Market): Promise<Trade | null> {
    return this.#askStored('newestTrade', market);
  }

  matchTrades(
    market: Market,
    history: readonly ReadTrade[],
    span: Span,
  ): Promise<TradeMatch | null> {
    return this.#askStored('matchTrades', market, history, span);
  }

  hasTradeBefore(market: Market, time: number): Promise<boolean> {
    return this.#open.run(() => this.#ask('hasTradeBefore', market, time));
  }

  async tradeVolumes(market: Market, span: Span): Promise<ReadonlyMap<number, string>> {
    return new Map(await this.#askStored<[number, string][]>('tradeVolumes', market, span));
  }

  tradesKnown(market: Market, startedAt: number, all = false): Promise<TradesKnown> {
    return this.#askStored('tradesKnown', market, startedAt, all);
  }

  redate(redate: Redate): void {
    if (this.writes) this.#parts.redate(redate);
  }

  /** The recorder knows what is in the log, so everything this node has received of the market must be in it. */
  async #askStored<T>(name: string, market: Market, ...args: unknown[]): Promise<T> {
    await this.#parts.written(market);
    return this.#open.run(() => this.#ask(name, market, ...args));
  }

  #ask<T>(name: string, ...args: unknown[]): Promise<T> {
    return askRecorder<T>(this.#parts.bus, name, args);
  }
}

/** The open gaps of an exchange, once the recorder has read everything now in the log. */
export function askOpenGaps(
  bus: BusConnection,
  exchange: Exchange,
  patienceMs?: number,
  answerMs?: number,
): Promise<Gap[]> {
  return askRecorder<Gap[]>(bus, 'openGaps', [exchange], patienceMs, answerMs);
}

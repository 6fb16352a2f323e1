import type { Bus } from '../bus.js';
import type { Config } from '../config.js';
import type { Logger } from '../logging/logger.js';
import { collectPatternText, unmatchedPatterns, wantedPairs } from '../market/collect-pattern.js';
import type { CollectorStatus } from '../market/collector-status.js';
import { type Exchange, EXCHANGES } from '../market/exchange.js';
import type { Gap } from '../market/gap.js';
import { type Market, marketKey, type Pair, pairText } from '../market/market.js';
import type { MarketRecord, Store } from '../store/store-types.js';
import { closeMatches } from './close-matches.js';
import {
  type CollectorControl,
  ExchangeUnavailableError,
  UnknownMarketError,
} from './collector-control.js';
import { ExchangeCollector } from './exchange-collector.js';
import type { ExchangeAdapter } from './feed.js';
import { MarketList } from './market-list.js';
import { receiveClock } from './receive-clock.js';
import { BookRecorder } from './recorder.js';
import { RestClient } from './rest.js';

/** What the supervisor works with. */
export interface SupervisorParts {
  readonly config: Pick<Config, 'collect' | 'urls' | 'gopaxKeys' | 'bithumbPollMs' | 'storeDepth'>;
  readonly adapters: Readonly<Record<Exchange, ExchangeAdapter>>;
  readonly store: Store;
  readonly bus: Bus;
  readonly logger: Logger;
}

/** All that belongs to one exchange. */
interface Room {
  readonly exchange: Exchange;
  readonly collector: ExchangeCollector;
  readonly list: MarketList;
  enabled: boolean;
  /** The last mutation about a market, by pair: true = start, false = stop. */
  readonly wanted: Map<string, { pair: Pair; wanted: boolean }>;
}

/**
 * Decides which collectors run: `COLLECT` and the wishes of the mutations, checked against the
 * exchanges' market lists. The only way from the API to the collectors.
 */
export class Supervisor implements CollectorControl {
  readonly #parts: SupervisorParts;
  readonly #rooms: Readonly<Record<Exchange, Room>>;
  /** Gaps that go on from the previous run, by market. */
  readonly #inherited = new Map<string, Gap>();
  #closed = false;

  constructor(parts: SupervisorParts) {
    this.#parts = parts;
    const { store, bus, logger, config } = parts;
    const clock = receiveClock();
    const recorder = new BookRecorder(bus, store.sequences, config.storeDepth);
    const room = (exchange: Exchange): Room => {
      const adapter = parts.adapters[exchange];
      const rest = new RestClient(config.urls[exchange].restUrl);
      return {
        exchange,
        enabled: true,
        wanted: new Map(),
        collector: new ExchangeCollector({
          adapter,
          bus,
          recorder,
          logger,
          setRecording: (market, recording) => store.setRecording(market, recording),
          context: {
            exchange,
            rest,
            clock,
            urls: config.urls[exchange],
            random: Math.random,
            gopaxKeys: config.gopaxKeys,
            bithumbPollMs: config.bithumbPollMs,
          },
        }),
        list: new MarketList(adapter, rest, store, logger, () => this.#reconcile(exchange)),
      };
    };
    this.#rooms = Object.fromEntries(EXCHANGES.map((e) => [e, room(e)])) as Record<Exchange, Room>;
  }

  /** Reads what the database knows of exchanges, markets and open gaps. Before {@link run}. */
  async load(): Promise<void> {
    const { store } = this.#parts;
    const enabled = new Map((await store.reader.exchanges()).map((e) => [e.exchange, e.enabled]));
    for (const gap of store.openGaps) this.#inherited.set(marketKey(gap.market), gap);
    for (const exchange of EXCHANGES) {
      const room = this.#rooms[exchange];
      room.enabled = enabled.get(exchange) ?? true;
      for (const market of await store.reader.markets(exchange)) this.#inherit(market);
      await room.list.load();
    }
  }

  /**
   * Starts what is wanted: from the stored market lists at once, else as soon as the exchanges have
   * answered.
   * @returns settles when every exchange has been tried once; nothing needs to wait for it
   */
  async run(): Promise<void> {
    const { logger, config } = this.#parts;
    const anything = EXCHANGES.some((e) => this.#wantedOf(this.#rooms[e]).length > 0);
    if (!anything && config.collect.length === 0) logger.log('NOTHING_TO_COLLECT', {}, undefined);
    await Promise.all(EXCHANGES.map((e) => this.#openExchange(this.#rooms[e])));
    if (this.#closed) return;
    this.#dropUnwantedGaps();
    const listed = (exchange: Exchange): readonly Pair[] => this.#rooms[exchange].list.listed;
    for (const pattern of unmatchedPatterns(config.collect, listed)) {
      logger.log('PATTERN_MATCHES_NOTHING', {}, { pattern: collectPatternText(pattern) });
    }
  }

  collectors(exchange?: Exchange): CollectorStatus[] {
    const exchanges = exchange === undefined ? EXCHANGES : [exchange];
    return exchanges.flatMap((e) => this.#rooms[e].collector.statuses);
  }

  collector(market: Market): CollectorStatus | undefined {
    return this.#rooms[market.exchange].collector.status(market);
  }

  unreadableMessages(exchange: Exchange): number {
    return this.#rooms[exchange].collector.unreadableMessages;
  }

  async start(market: Market): Promise<CollectorStatus> {
    const room = this.#rooms[market.exchange];
    const pair: Pair = { symbol: market.symbol, currency: market.currency };
    await this.#validate(room, market);
    await this.#setWanted(room, pair, true);
    if (room.enabled) room.collector.start([pair]);
    else {
      // An enabled exchange runs all that is wanted of it, now as after a restart.
      await this.#setEnabled(room, true);
      this.#startWanted(room);
      room.collector.start([pair]);
    }
    return room.collector.status(pair)!;
  }

  async stop(market: Market): Promise<CollectorStatus> {
    const room = this.#rooms[market.exchange];
    const pair: Pair = { symbol: market.symbol, currency: market.currency };
    const known = room.collector.status(pair) !== undefined || isListed(room, pair);
    if (!known) throw new UnknownMarketError(market, closeMatches(market, room.list.listed));
    await this.#setWanted(room, pair, false);
    room.collector.stop([pair]);
    return room.collector.status(pair)!;
  }

  async startExchange(exchange: Exchange): Promise<CollectorStatus[]> {
    const room = this.#rooms[exchange];
    if (this.#wantedOf(room).length === 0) {
      const pair = { symbol: 'BTC', currency: 'KRW' };
      await this.#validate(room, { exchange, ...pair });
      await this.#setWanted(room, pair, true);
    }
    await this.#setEnabled(room, true);
    this.#startWanted(room);
    return room.collector.statuses;
  }

  async stopExchange(exchange: Exchange): Promise<CollectorStatus[]> {
    const room = this.#rooms[exchange];
    await this.#setEnabled(room, false);
    await room.collector.stopAll();
    return room.collector.statuses;
  }

  /** Closes all connections; what is wanted stays wanted. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const exchange of EXCHANGES) this.#rooms[exchange].list.close();
    await Promise.all(EXCHANGES.map((exchange) => this.#rooms[exchange].collector.close()));
  }

  /** A market that was recorded when the previous run ended has been uncovered since. */
  #inherit(market: MarketRecord): void {
    const { store } = this.#parts;
    const room = this.#rooms[market.exchange];
    const pair: Pair = { symbol: market.symbol, currency: market.currency };
    if (market.wanted !== null) {
      room.wanted.set(pairText(pair), { pair, wanted: market.wanted });
      room.collector.note(pair);
    }
    const key = marketKey(market);
    if (!market.recording || store.previousHeartbeat === null || this.#inherited.has(key)) return;
    this.#inherited.set(key, {
      market: { exchange: market.exchange, ...pair },
      start: store.previousHeartbeat,
      end: null,
      cause: 'PROCESS_DOWN',
      detail: store.previousRunClosed
        ? 'the program was stopped'
        : 'the program ended unexpectedly',
      attempts: 0,
    });
  }

  /** Gaps of markets that nobody wants any more end where the previous run ended. */
  #dropUnwantedGaps(): void {
    const { store, bus } = this.#parts;
    for (const [key, gap] of this.#inherited) {
      this.#inherited.delete(key);
      if (gap.cause !== 'PROCESS_DOWN') {
        bus.gaps.publish({
          ...gap,
          end: Math.max(gap.start, store.previousHeartbeat ?? gap.start),
        });
      }
      store.setRecording(gap.market, false);
    }
  }

  async #openExchange(room: Room): Promise<void> {
    if (room.list.listed.length > 0) this.#startWanted(room);
    await room.list.keepFresh();
    // Without any list the patterns match nothing; full names are tried even if the list fails.
    if (!this.#closed) this.#startWanted(room);
  }

  #reconcile(exchange: Exchange): void {
    if (!this.#closed) this.#startWanted(this.#rooms[exchange]);
  }

  #startWanted(room: Room): void {
    if (!room.enabled) {
      for (const pair of this.#wantedOf(room)) room.collector.note(pair);
      return;
    }
    const start: Pair[] = [];
    for (const pair of this.#wantedOf(room)) {
      const status = room.collector.status(pair);
      if (room.list.listed.length === 0 || isListed(room, pair)) {
        if (!room.collector.running(pair)) start.push(pair);
      } else if (!room.list.fetched) {
        // A stored list may be older than a new listing; the fetched one decides.
        continue;
      } else if ((status?.lastBookAt ?? null) === null && status?.state !== 'FAILED') {
        this.#rejectUnknown(room, pair);
      }
    }
    room.collector.start(start, (pair) => {
      const key = marketKey({ exchange: room.exchange, ...pair });
      const gap = this.#inherited.get(key) ?? null;
      this.#inherited.delete(key);
      return gap;
    });
  }

  #rejectUnknown(room: Room, pair: Pair): void {
    const close = closeMatches(pair, room.list.listed);
    const { exchange } = room;
    this.#parts.logger.log('MARKET_UNKNOWN', { exchange, pair }, { close: close.join(', ') });
    room.collector.reject(pair, new UnknownMarketError({ exchange, ...pair }, close).message);
  }

  /** Pairs that COLLECT or a mutation wants and no mutation has stopped. */
  #wantedOf(room: Room): Pair[] {
    const pairs = wantedPairs(this.#parts.config.collect, room.exchange, room.list.listed);
    const wanted = new Map(pairs.map((pair) => [pairText(pair), pair]));
    for (const [code, wish] of room.wanted) {
      if (wish.wanted) wanted.set(code, wish.pair);
      else wanted.delete(code);
    }
    return [...wanted.values()];
  }

  async #validate(room: Room, market: Market): Promise<void> {
    if (isListed(room, market)) return;
    try {
      await room.list.recent();
    } catch (error) {
      // A stored list that lacks the market is reason enough to say so.
      if (room.list.listed.length === 0) {
        const why = error instanceof Error ? error.message : String(error);
        throw new ExchangeUnavailableError(
          room.exchange,
          `its market list cannot be fetched: ${why}`,
        );
      }
    }
    if (!isListed(room, market)) {
      throw new UnknownMarketError(market, closeMatches(market, room.list.listed));
    }
  }

  async #setWanted(room: Room, pair: Pair, wanted: boolean): Promise<void> {
    await this.#parts.store.setWanted({ exchange: room.exchange, ...pair }, wanted);
    room.wanted.set(pairText(pair), { pair, wanted });
  }

  async #setEnabled(room: Room, enabled: boolean): Promise<void> {
    await this.#parts.store.setEnabled(room.exchange, enabled);
    room.enabled = enabled;
  }
}

function isListed(room: Room, pair: Pair): boolean {
  return room.list.listed.some((l) => l.symbol === pair.symbol && l.currency === pair.currency);
}

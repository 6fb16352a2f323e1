import {
  type CollectPattern,
  collectPatternText,
  somePatternsText,
  isFullName,
  matchesPattern,
  unmatchedPatterns,
} from '../market/collect-pattern.js';
import type { CollectorStatus } from '../market/collector-status.js';
import { type Exchange, EXCHANGES } from '../market/exchange.js';
import type { Completeness } from '../market/completeness.js';
import type { Gap } from '../market/gap.js';
import { type Market, type Pair, pairText } from '../market/market.js';
import type { Wishes } from '../market/managed-lists.js';
import type { ExchangeTally } from '../market/exchange-tally.js';
import { ClockCorrections } from './clock/clock-corrections.js';
import { closeMatches } from '../market/close-matches.js';
import {
  type CollectorControl,
  ExchangeUnavailableError,
  type ListTrouble,
  NoMatchingMarketError,
  type Timekeeping,
  UnknownMarketError,
} from '../market/collector-control.js';
import type { ExchangeCollector } from './exchange-collector.js';
import { receiveClock } from './clock/receive-clock.js';
import { logAgainstCollect } from './against-collect.js';
import { InheritedGaps } from './inherited-gaps.js';
import { readWishes } from './wishes.js';
import { type ExchangeState, makeExchangeState, type SupervisorParts } from './exchange-state.js';

/** How often finished minutes of quiet markets and the exchanges' times are processed, ms. */
const SWEEP_MS = 10_000;

/** Decides which collectors run, based on `COLLECT`, mutations and lists; the API's only way to them. */
export class Supervisor implements CollectorControl {
  readonly #parts: SupervisorParts;
  readonly #exchanges: Readonly<Record<Exchange, ExchangeState>>;
  /** The exchanges it runs. */
  readonly #own: readonly Exchange[];
  readonly #inherited: InheritedGaps;
  readonly #corrections: ClockCorrections;
  readonly #sweep: NodeJS.Timeout;
  readonly #unwatch: () => void;
  #closed = false;

  constructor(parts: SupervisorParts) {
    this.#parts = parts;
    this.#own = parts.exchanges ?? EXCHANGES;
    const { store, bus, logger } = parts;
    this.#inherited = new InheritedGaps(store);
    this.#corrections = new ClockCorrections({
      store,
      bus,
      logger,
      startedAt: parts.watch.look(),
      clockSet: (byMs, wrong) => {
        for (const collector of this.#collectors) collector.clockSet(byMs, wrong);
      },
    });
    const clock = receiveClock(() => parts.watch.look());
    const stopSteps = parts.watch.steps.on((step) => this.#corrections.set(step));
    const stopStandstills = parts.watch.standstills.on((standstill) => {
      for (const collector of this.#collectors) collector.standstill(standstill);
    });
    this.#unwatch = () => {
      stopSteps();
      stopStandstills();
    };
    const { witness } = this.#corrections;
    const states = EXCHANGES.map((exchange) => [
      exchange,
      makeExchangeState(exchange, parts, clock, witness, (removed) =>
        this.#reconcile(exchange, removed),
      ),
    ]);
    this.#exchanges = Object.fromEntries(states) as Record<Exchange, ExchangeState>;
    this.#sweep = setInterval(() => {
      const now = clock();
      this.#flushCoverage(now);
      this.#corrections.confirm(now);
    }, SWEEP_MS);
    this.#sweep.unref();
  }

  /** Loads what the database knows about exchanges, markets and open gaps. Before {@link run}. */
  async load(): Promise<void> {
    const { store } = this.#parts;
    const enabled = new Map((await store.reader.exchanges()).map((e) => [e.exchange, e.enabled]));
    const patterns = await store.reader.wantedPatterns();
    for (const gap of store.openGaps) this.#inherited.add(this.#corrections.inherited(gap));
    for (const exchange of this.#own) {
      const state = this.#exchanges[exchange];
      state.enabled = enabled.get(exchange) ?? true;
      for (const { pattern, wanted } of patterns) state.desired.setPattern(pattern, wanted);
      for (const market of await store.reader.markets(exchange)) {
        this.#inherited.addRecorded(market);
        if (market.wanted === null) continue;
        const pair: Pair = { symbol: market.symbol, currency: market.currency };
        state.desired.setMarket(pair, market.wanted);
        state.collector.note(pair);
      }
      await state.list.load();
    }
  }

  /**
   * Starts what is wanted: at once by stored lists, otherwise once the exchanges answer.
   * @returns settles when each was tried once; nothing need wait
   */
  async run(): Promise<void> {
    const { logger, config } = this.#parts;
    const anything = this.#own.some((e) => this.#wantedOf(this.#exchanges[e]).length > 0);
    if (!anything && config.collect.length === 0) logger.log('NOTHING_TO_COLLECT', {}, undefined);
    await Promise.all(this.#own.map((e) => this.#openExchange(this.#exchanges[e])));
    if (this.#closed) return;
    this.#inherited.drop(this.#parts.bus);
    logAgainstCollect(
      logger,
      this.#own.map((exchange) => {
        const { enabled, desired, list } = this.#exchanges[exchange];
        return { exchange, ...desired.againstCollect(enabled, list.listed) };
      }),
    );
    const listed = (exchange: Exchange): readonly Pair[] => this.#exchanges[exchange].list.listed;
    // Only a supervisor of all exchanges can say that a pattern for all of them matches nothing.
    const answerable = config.collect.filter(({ exchange }) =>
      exchange === null ? this.#own.length === EXCHANGES.length : this.#own.includes(exchange),
    );
    for (const pattern of unmatchedPatterns(answerable, listed)) {
      logger.log('PATTERN_MATCHES_NOTHING', {}, { pattern: collectPatternText(pattern) });
    }
  }

  collectors(exchange?: Exchange): CollectorStatus[] {
    const exchanges = exchange === undefined ? this.#own : [exchange];
    return exchanges.flatMap((e) => this.#exchanges[e].collector.statuses);
  }

  collector(market: Market): CollectorStatus | undefined {
    return this.#exchanges[market.exchange].collector.status(market);
  }

  tally(exchange: Exchange): ExchangeTally {
    const { collector, list, limits } = this.#exchanges[exchange];
    return { ...collector.tally, skippedRows: list.skippedRows, limits: limits.states };
  }

  listTroubles(): ListTrouble[] {
    const { collect } = this.#parts.config;
    return this.#own
      .map((e) => this.#exchanges[e])
      .flatMap(({ exchange, enabled, list }) => {
        const idle = collect.filter((p) => (p.exchange ?? exchange) === exchange && !isFullName(p));
        if (!enabled || list.failure === null || list.listed.length > 0 || idle.length === 0)
          return [];
        return [{ exchange, patterns: somePatternsText(idle), reason: list.failure }];
      });
  }

  stoppedByUser(): Partial<Record<Exchange, number>> {
    const counts: Partial<Record<Exchange, number>> = {};
    for (const exchange of this.#own) {
      const { enabled, desired, list } = this.#exchanges[exchange];
      const { stopped } = desired.againstCollect(enabled, list.listed);
      if (stopped.length > 0) counts[exchange] = stopped.length;
    }
    return counts;
  }

  wish({ exchange, symbol, currency }: Market): boolean | null {
    const { enabled, desired } = this.#exchanges[exchange];
    return enabled ? desired.wish({ symbol, currency }) : false;
  }

  wishes(): Promise<Wishes> {
    return readWishes(this.#parts.store.reader);
  }

  completeness(exchange: Exchange): Completeness {
    return this.#parts.adapters[exchange].completeness;
  }

  get timekeeping(): Timekeeping {
    const { standstillCount, stoodStillMs, stepCount } = this.#parts.watch;
    const { aheadMs } = this.#corrections;
    return { standstills: standstillCount, stoodStillMs, clockSteps: stepCount, aheadMs };
  }

  start(market: Market): Promise<CollectorStatus> {
    const state = this.#exchanges[market.exchange];
    const pair: Pair = { symbol: market.symbol, currency: market.currency };
    return this.#inTurn([state], async () => {
      await this.#validate(state, market);
      await this.#setWanted(state, pair, true);
      // An enabled exchange runs everything wanted of it, now as after a restart.
      if (!state.enabled) await this.#setEnabled(state, true);
      this.#startWanted(state);
      return state.collector.status(pair)!;
    });
  }

  stop(market: Market): Promise<CollectorStatus> {
    const state = this.#exchanges[market.exchange];
    const pair: Pair = { symbol: market.symbol, currency: market.currency };
    return this.#inTurn([state], async () => {
      checkKnown(state, market);
      await this.#setWanted(state, pair, false);
      state.collector.stop([pair]);
      return state.collector.status(pair)!;
    });
  }

  startMatching(pattern: CollectPattern): Promise<CollectorStatus[]> {
    return this.#matching(pattern, true, async (state) => {
      // Naming an exchange enables it; a `*` starts nothing on a disabled exchange.
      if (pattern.exchange !== null && !state.enabled) await this.#setEnabled(state, true);
      this.#startWanted(state);
    });
  }

  stopMatching(pattern: CollectPattern): Promise<CollectorStatus[]> {
    return this.#matching(pattern, false, (state, pairs) => {
      state.collector.stop(pairs);
    });
  }

  startExchange(exchange: Exchange): Promise<CollectorStatus[]> {
    const state = this.#exchanges[exchange];
    return this.#inTurn([state], async () => {
      if (this.#wantedOf(state).length === 0) {
        const pair = { symbol: 'BTC', currency: 'KRW' };
        await this.#validate(state, { exchange, ...pair });
        await this.#setWanted(state, pair, true);
      }
      await this.#setEnabled(state, true);
      this.#startWanted(state);
      return state.collector.statuses;
    });
  }

  stopExchange(exchange: Exchange): Promise<CollectorStatus[]> {
    const state = this.#exchanges[exchange];
    return this.#inTurn([state], async () => {
      await this.#setEnabled(state, false);
      await state.collector.stopAll();
      return state.collector.statuses;
    });
  }

  reset(market: Market): Promise<CollectorStatus> {
    const state = this.#exchanges[market.exchange];
    const pair: Pair = { symbol: market.symbol, currency: market.currency };
    return this.#inTurn([state], async () => {
      checkKnown(state, market);
      await this.#forget(state, { exchange: market.exchange, ...pair });
      state.collector.note(pair);
      return state.collector.status(pair)!;
    });
  }

  resetExchange(exchange: Exchange): Promise<CollectorStatus[]> {
    const state = this.#exchanges[exchange];
    return this.#inTurn([state], async () => {
      await this.#setEnabled(state, true);
      await this.#forget(state, { exchange, symbol: null, currency: null });
      return state.collector.statuses;
    });
  }

  restore(wishes: Wishes): Promise<CollectorStatus[]> {
    return this.#adopt(async () => {
      await this.#parts.store.replaceWishes(wishes);
      return wishes;
    });
  }

  /** Applies mutations accepted by another node. */
  reload(): Promise<CollectorStatus[]> {
    return this.#adopt(() => this.wishes());
  }

  /** Starts and stops according to wishes that replace all previous ones. */
  #adopt(read: () => Promise<Wishes>): Promise<CollectorStatus[]> {
    const states = this.#own.map((exchange) => this.#exchanges[exchange]);
    return this.#inTurn(states, async () => {
      const wishes = await read();
      for (const state of states) {
        const { exchange, desired } = state;
        state.enabled = !wishes.disabled.includes(exchange);
        desired.clear();
        for (const { pattern, wanted } of wishes.patterns) desired.setPattern(pattern, wanted);
        for (const { market, wanted } of wishes.markets) {
          const { symbol, currency } = market;
          if (market.exchange === exchange) desired.setMarket({ symbol, currency }, wanted);
        }
        await this.#applyWishes(state);
      }
      return this.collectors();
    });
  }

  /** Closes all connections; what is wanted stays wanted. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#unwatch();
    clearInterval(this.#sweep);
    for (const exchange of this.#own) this.#exchanges[exchange].list.close();
    await Promise.all(this.#collectors.map((collector) => collector.close()));
    this.flushCoverage();
  }

  /** Publishes what was received in the present minute so far. */
  flushCoverage(): void {
    this.#flushCoverage(Infinity);
  }

  get #collectors(): ExchangeCollector[] {
    return this.#own.map((exchange) => this.#exchanges[exchange].collector);
  }

  #flushCoverage(before: number): void {
    for (const collector of this.#collectors) collector.flushCoverage(before);
  }

  /** Runs a mutation of some exchanges after all earlier ones. */
  #inTurn<T>(states: readonly ExchangeState[], mutation: () => Promise<T>): Promise<T> {
    const turn = Promise.all(states.map((state) => state.turn)).then(() => {
      if (this.#closed)
        throw new ExchangeUnavailableError(states[0]!.exchange, 'the program is stopping');
      return mutation();
    });
    const over = turn.catch(() => undefined);
    for (const state of states) state.turn = over;
    return turn;
  }

  /** Records a mutation on a pattern and applies it to every exchange the pattern covers. */
  async #matching(
    pattern: CollectPattern,
    wanted: boolean,
    apply: (state: ExchangeState, pairs: Pair[]) => Promise<void> | void,
  ): Promise<CollectorStatus[]> {
    const states = this.#own
      .filter((e) => (pattern.exchange ?? e) === e)
      .map((e) => this.#exchanges[e]);
    const matching = (): { state: ExchangeState; pairs: Pair[] }[] =>
      states.map((state) => ({ state, pairs: this.#matchesOf(state, pattern) }));
    if (matching().every(({ pairs }) => pairs.length === 0)) {
      // It may be a new listing, or no list has been fetched yet.
      const fetched = await Promise.allSettled(states.map((state) => state.list.recent()));
      if (matching().every(({ pairs }) => pairs.length === 0)) {
        const failed = fetched.find((f) => f.status === 'rejected');
        if (failed !== undefined && states.every((state) => state.list.listed.length === 0))
          throw listUnavailable(states[0]!.exchange, failed.reason);
        throw new NoMatchingMarketError(pattern);
      }
    }
    return this.#inTurn(states, async () => {
      await this.#parts.store.setWantedPattern(pattern, wanted);
      const changed: CollectorStatus[] = [];
      for (const state of states) {
        state.desired.setPattern(pattern, wanted);
        const pairs = this.#matchesOf(state, pattern);
        await apply(state, pairs);
        for (const pair of pairs) {
          state.collector.note(pair);
          changed.push(state.collector.status(pair)!);
        }
      }
      return changed;
    });
  }

  /** Lets `COLLECT` decide again about everything `pattern` matches. */
  async #forget(state: ExchangeState, pattern: CollectPattern): Promise<void> {
    await this.#parts.store.setWantedPattern(pattern, null);
    state.desired.setPattern(pattern, null);
    await this.#applyWishes(state);
  }

  /** Stops what is not (or no longer) wanted of an exchange, and starts what is. */
  async #applyWishes(state: ExchangeState): Promise<void> {
    const { collector, desired, enabled } = state;
    if (!enabled) await collector.stopAll();
    const unwanted = collector.statuses
      .filter((status) => status.state !== 'STOPPED' && !desired.wants(status.market))
      .map(({ market: { symbol, currency } }) => ({ symbol, currency }));
    collector.stop(unwanted);
    this.#startWanted(state);
  }

  /** Pairs that `pattern` matches: listed ones, and those that have or had a collector. */
  #matchesOf(state: ExchangeState, pattern: CollectPattern): Pair[] {
    const known = new Map<string, Pair>();
    for (const { symbol, currency } of state.list.listed) {
      known.set(pairText({ symbol, currency }), { symbol, currency });
    }
    for (const { market } of state.collector.statuses) {
      const { symbol, currency } = market;
      known.set(pairText(market), { symbol, currency });
    }
    const { exchange } = state;
    return [...known.values()].filter((pair) => matchesPattern(pattern, { exchange, ...pair }));
  }

  async #openExchange(state: ExchangeState): Promise<void> {
    if (state.list.listed.length > 0) this.#startWanted(state);
    await state.list.keepFresh();
    // Without any list patterns match nothing; full names are tried even if the list fails.
    if (!this.#closed) this.#startWanted(state);
  }

  /** The exchange's list was fetched: markets that left it stop, new ones are started. */
  #reconcile(exchange: Exchange, removed: readonly Pair[]): void {
    if (this.#closed) return;
    const state = this.#exchanges[exchange];
    for (const pair of removed) {
      // One that was refused before has a gap, which ends here too.
      if ((state.collector.status(pair)?.state ?? 'STOPPED') === 'STOPPED') continue;
      this.#parts.logger.log('MARKET_DELISTED', { exchange, pair }, undefined);
      // One matched by a pattern is not a failure: the request was for whatever the exchange lists.
      state.collector.delist(pair, state.desired.names(pair) ? 'FAILED' : 'STOPPED');
    }
    this.#startWanted(state);
  }

  #startWanted(state: ExchangeState): void {
    if (!state.enabled || this.#closed) {
      for (const pair of this.#wantedOf(state)) state.collector.note(pair);
      return;
    }
    const start: Pair[] = [];
    for (const pair of this.#wantedOf(state)) {
      const status = state.collector.status(pair);
      if (state.list.listed.length === 0 || state.list.has(pair)) {
        if (!state.collector.running(pair)) start.push(pair);
      } else if (!state.list.fetched) {
        // A stored list may be older than a new listing; the fetched one decides.
        continue;
      } else if ((status?.lastBookAt ?? null) === null && status?.state !== 'FAILED') {
        this.#rejectUnknown(state, pair);
      }
    }
    state.collector.start(
      start.map((pair) => state.list.spelled(pair)),
      (pair) =>
        this.#inherited.take({ exchange: state.exchange, ...pair }) ?? this.#returnGap(state, pair),
    );
  }

  /** A market missing from the previous list has been trading for an unknown time. */
  #returnGap({ exchange, list }: ExchangeState, pair: Pair): Gap | null {
    const start = list.absentAt(pair);
    if (start === null) return null;
    const market = { exchange, symbol: pair.symbol, currency: pair.currency };
    const detail = 'the market list lacked it until then';
    return { market, start, end: null, cause: 'UNLISTED', detail, attempts: 0 };
  }

  #rejectUnknown(state: ExchangeState, pair: Pair): void {
    const close = closeMatches(pair, state.list.listed);
    const { exchange } = state;
    this.#parts.logger.log('MARKET_UNKNOWN', { exchange, pair }, { close: close.join(', ') });
    state.collector.reject(pair, new UnknownMarketError({ exchange, ...pair }, close).message);
  }

  /** Pairs that COLLECT or a mutation wants and no mutation has stopped. */
  #wantedOf(state: ExchangeState): Pair[] {
    return state.desired.wanted(state.list.listed);
  }

  async #validate(state: ExchangeState, market: Market): Promise<void> {
    if (state.list.has(market)) return;
    try {
      await state.list.recent();
    } catch (error) {
      // A stored list without the market is reason enough to reject it.
      if (state.list.listed.length === 0) throw listUnavailable(state.exchange, error);
    }
    if (!state.list.has(market)) {
      throw new UnknownMarketError(market, closeMatches(market, state.list.listed));
    }
  }

  async #setWanted(state: ExchangeState, pair: Pair, wanted: boolean): Promise<void> {
    await this.#parts.store.setWanted({ exchange: state.exchange, ...pair }, wanted);
    state.desired.setMarket(pair, wanted);
  }

  async #setEnabled(state: ExchangeState, enabled: boolean): Promise<void> {
    await this.#parts.store.setEnabled(state.exchange, enabled);
    state.enabled = enabled;
  }
}

/** @throws {UnknownMarketError} for a market in neither its list nor a collector */
function checkKnown({ collector, list }: ExchangeState, market: Market): void {
  if (collector.status(market) !== undefined || list.has(market)) return;
  throw new UnknownMarketError(market, closeMatches(market, list.listed));
}

function listUnavailable(exchange: Exchange, error: unknown): ExchangeUnavailableError {
  const why = error instanceof Error ? error.message : String(error);
  return new ExchangeUnavailableError(exchange, `its market list cannot be fetched: ${why}`);
}

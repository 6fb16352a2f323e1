import type { Bus } from '../bus.js';
import type { Config } from '../settings/config.js';
import type { Logger } from '../logging/logger.js';
import type { CollectorMemory } from '../market/collector-memory.js';
import type { Exchange } from '../market/exchange.js';
import type { Pair } from '../market/market.js';
import type { ClockWitness } from './clock/clock-witness.js';
import type { StandstillWatch } from './clock/standstill-watch.js';
import { DesiredMarkets } from './desired-markets.js';
import { ExchangeCollector } from './exchange-collector.js';
import type { ExchangeAdapter } from './feed.js';
import type { CheckTimes } from './history/history-checker.js';
import { LimitBoard } from './limits/limit-board.js';
import type { SilenceBounds } from './market/silence-threshold.js';
import { MarketList } from './market-list.js';
import { RestClient } from './rest/rest-client.js';

/** Dependencies of the supervisor. */
export interface SupervisorParts {
  readonly config: Pick<
    Config,
    | 'collect'
    | 'urls'
    | 'gopaxKeys'
    | 'bithumbPollMs'
    | 'channels'
    | 'storeDepth'
    | 'marketsRefreshMs'
    | 'auditEveryMs'
  >;
  readonly adapters: Readonly<Record<Exchange, ExchangeAdapter>>;
  readonly store: CollectorMemory;
  readonly bus: Bus;
  readonly logger: Logger;
  /** Detects standstills of the program. */
  readonly watch: StandstillWatch;
  /** Overrides the silence bounds; for tests. */
  readonly rhythm?: SilenceBounds | undefined;
  /** Overrides the timing of trade checks; for tests. */
  readonly checkTimes?: Partial<CheckTimes> | undefined;
  /** The exchanges it runs, where nodes share them; all when absent. */
  readonly exchanges?: readonly Exchange[] | undefined;
}

/** Everything that belongs to one exchange. */
export interface ExchangeState {
  readonly exchange: Exchange;
  readonly collector: ExchangeCollector;
  readonly list: MarketList;
  readonly limits: LimitBoard;
  readonly desired: DesiredMarkets;
  enabled: boolean;
  /** End of the latest mutation: they run one after the other. */
  turn: Promise<unknown>;
}

/**
 * Creates the collector of an exchange with everything it needs; nothing runs yet.
 * @param clock receive clock, Unix ms
 * @param onListing called with the markets missing from a fetched list
 */
export function makeExchangeState(
  exchange: Exchange,
  parts: SupervisorParts,
  clock: () => number,
  witness: ClockWitness,
  onListing: (removed: readonly Pair[]) => void,
): ExchangeState {
  const { store, bus, logger, config } = parts;
  const adapter = parts.adapters[exchange];
  const rest = new RestClient(config.urls[exchange].restUrl, undefined, (status, text) =>
    state.collector.odd('REFUSAL', `${status}`, `HTTP ${status} ${text}`.trimEnd()),
  );
  const limits = new LimitBoard({
    clock,
    onChange: ({ name, value, atStart }, reason) => {
      if (reason === null) logger.log('LIMIT_WIDENED', { exchange }, { name, value, atStart });
      else logger.log('LIMIT_NARROWED', { exchange }, { name, value, atStart, reason });
    },
  });
  const state: ExchangeState = {
    exchange,
    limits,
    enabled: true,
    turn: Promise.resolve(),
    desired: new DesiredMarkets(exchange, config.collect),
    collector: new ExchangeCollector({
      adapter,
      bus,
      sequences: store.sequences,
      memory: store,
      logger,
      setRecording: (market, recording) => store.setRecording(market, recording),
      witness,
      depth: config.storeDepth,
      auditEveryMs: config.auditEveryMs,
      rhythm: parts.rhythm,
      checkTimes: parts.checkTimes,
      context: {
        exchange,
        rest,
        limits,
        clock,
        urls: config.urls[exchange],
        random: Math.random,
        gopaxKeys: config.gopaxKeys,
        bithumbPollMs: config.bithumbPollMs,
        trades: config.channels.includes('trade'),
      },
    }),
    list: new MarketList(
      {
        adapter,
        rest,
        store,
        logger,
        refreshMs: config.marketsRefreshMs,
        clock,
        delivers: (pair, withinMs) => state.collector.delivers(pair, withinMs),
        wants: (pair) => state.desired.wants(pair),
        named: () => state.desired.wanted([]),
      },
      onListing,
    ),
  };
  return state;
}

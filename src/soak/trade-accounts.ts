import type { GapCause } from '../market/gap.js';
import type { TradeIdKind, TradeOrigin } from '../market/trade.js';
import type { TradeCompleteness } from '../market/trade-span.js';
import { type ClockView, TRUE_CLOCK } from './accounts.js';

/** The features by which a trade is the same. */
interface TradeMark {
  /** Decimal text. */
  readonly price: string;
  readonly volume: string;
  readonly side: string | null;
}

/** A trade that happened at a simulated exchange; see `SentTrade` of the simulator. */
export interface HappenedTrade extends TradeMark {
  /** Id on the sockets, and by REST. */
  readonly id: string;
  readonly restId: string;
  /** Unix ms. */
  readonly ms: number;
  /** Sockets to which it went out whole. */
  readonly live: number;
}

/** A stored trade, as the export gives it. */
export interface StoredTrade extends TradeMark {
  readonly tradeId: string;
  readonly tradeIdKind: TradeIdKind;
  readonly exchangeTimestamp: number;
  readonly origin: TradeOrigin;
}

/** What the recorder says about the trades of a span of time. */
export interface SpanMark {
  /** Unix ms; the end is excluded. */
  readonly start: number;
  readonly end: number;
  readonly completeness: TradeCompleteness;
  /** Why trades may be missing; null if it is not a gap. */
  readonly cause: GapCause | null;
}

/** The outcome for the trades of a market, or of several added up. */
export interface TradeAccount {
  /** Trades that went out to a socket when they happened. */
  sent: number;
  /** Of those, stored. */
  stored: number;
  /** Of those, not stored, and inside a gap of the trades of that cause. */
  inGap: Partial<Record<GapCause, number>>;
  /** Stored ones that went out to no socket: from before, or from the REST history. */
  older: number;
  /** Stored ones from the REST history. */
  backfilled: number;
  /** Went out to no socket, are not stored, and nothing is claimed about their time. */
  unheard: number;
  /** Went out before all markets were recorded, are not stored, and nothing is claimed about their time. */
  early: number;
  /** Not stored: sent, and inside no gap; or, sent or not, where all are reported as stored. */
  unaccounted: HappenedTrade[];
  /** Stored, but such a trade never happened. */
  invented: StoredTrade[];
  /** Stored more often than it happened. */
  twice: StoredTrade[];
}

/** An empty account. */
export function emptyTradeAccount(): TradeAccount {
  return {
    sent: 0,
    stored: 0,
    inGap: {},
    older: 0,
    backfilled: 0,
    unheard: 0,
    early: 0,
    unaccounted: [],
    invented: [],
    twice: [],
  };
}

/** Adds `part` to `sum`. */
export function addTradeAccount(sum: TradeAccount, part: TradeAccount): void {
  for (const key of ['sent', 'stored', 'older', 'backfilled', 'unheard', 'early'] as const)
    sum[key] += part[key];
  for (const key of ['unaccounted', 'invented', 'twice'] as const) {
    (sum[key] as unknown[]).push(...part[key]);
  }
  for (const [cause, count] of Object.entries(part.inGap) as [GapCause, number][]) {
    sum.inGap[cause] = (sum.inGap[cause] ?? 0) + count;
  }
}

/** The number of wrong trades in an account. */
export function tradeProblems({ unaccounted, invented, twice }: TradeAccount): number {
  return unaccounted.length + invented.length + twice.length;
}

const contents = (id: string, { price, volume, side }: TradeMark): string =>
  `${id} ${price} ${volume} ${side}`;

/**
 * Accounts for every trade of one market: each that went out must be stored, once, or lie inside a gap of
 * the trades; and where the recorder says that all trades are stored, none that happened may be missing.
 * @param happened every trade of the market
 * @param spans what the recorder says about its trades
 * @param clock what the recorder's clock showed; default: it was right
 * @param since from when every market was recorded, Unix ms
 */
export function accountForTrades(
  happened: readonly HappenedTrade[],
  stored: readonly StoredTrade[],
  spans: readonly SpanMark[],
  clock: ClockView = TRUE_CLOCK,
  since = 0,
): TradeAccount {
  const account = emptyTradeAccount();
  const places = new Map<string, number[]>();
  happened.forEach((trade, i) => {
    // One id where both feeds share it; an id of the REST history may belong to several trades.
    for (const id of new Set([`S${trade.id}`, `R${trade.restId}`])) {
      const key = contents(id, trade);
      const list = places.get(key);
      if (list === undefined) places.set(key, [i]);
      else list.push(i);
    }
  });
  const found = new Set<number>();
  for (const trade of stored) {
    if (trade.origin === 'BACKFILL') account.backfilled++;
    const kinds = { EXCHANGE: 'SR', STREAM: 'S', REST: 'R' }[trade.tradeIdKind];
    const all = [...kinds].flatMap(
      (kind) => places.get(contents(kind + trade.tradeId, trade)) ?? [],
    );
    const place = all.find((i) => !found.has(i));
    if (place === undefined) {
      (all.length > 0 ? account.twice : account.invented).push(trade);
      continue;
    }
    found.add(place);
    if (happened[place]!.live === 0) account.older++;
  }
  happened.forEach((trade, i) => {
    if (trade.live > 0) account.sent++;
    if (found.has(i)) {
      if (trade.live > 0) account.stored++;
      return;
    }
    // A span that was not checked is in the recorder's time.
    const moments = [trade.ms, ...clock.readings(trade.ms)];
    const at = (span: SpanMark): boolean =>
      moments.some((moment) => span.start <= moment && moment < span.end);
    const gap = spans.find((span) => span.completeness === 'GAP' && at(span));
    if (gap !== undefined) {
      const cause = gap.cause ?? 'UNREACHED';
      if (trade.live > 0) account.inGap[cause] = (account.inGap[cause] ?? 0) + 1;
      return;
    }
    const claimed = spans.some(
      ({ completeness, start, end }) =>
        completeness.startsWith('VERIFIED') && start <= trade.ms && trade.ms < end,
    );
    if (claimed || (trade.live > 0 && trade.ms >= since)) account.unaccounted.push(trade);
    else if (trade.live > 0) account.early++;
    else account.unheard++;
  });
  return account;
}

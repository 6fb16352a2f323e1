import type { GapCause } from '../market/gap.js';
import type { TradeIdKind, TradeOrigin } from '../market/trade.js';
import { type ClockView, type GapMark, LATENCY_MS, TRUE_CLOCK } from './accounts.js';

/** What a trade is the same by. */
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

/** What became of the trades of a market, or of several added up. */
export interface TradeAccount {
  /** Trades that went out to a socket when they happened. */
  sent: number;
  /** Of those, stored. */
  stored: number;
  /** Of those, not stored, and inside a gap of that cause. */
  inGap: Partial<Record<GapCause, number>>;
  /** Stored ones that went out to no socket: on record before, or out of the REST history. */
  older: number;
  /** Stored ones out of the REST history. */
  backfilled: number;
  /** Sent, neither stored nor inside a gap. */
  unaccounted: HappenedTrade[];
  /** Stored, but such a trade never happened. */
  invented: StoredTrade[];
  /** Stored more often than it happened. */
  twice: StoredTrade[];
}

/** An account of nothing. */
export function emptyTradeAccount(): TradeAccount {
  return {
    sent: 0,
    stored: 0,
    inGap: {},
    older: 0,
    backfilled: 0,
    unaccounted: [],
    invented: [],
    twice: [],
  };
}

/** Adds `part` to `sum`. */
export function addTradeAccount(sum: TradeAccount, part: TradeAccount): void {
  for (const key of ['sent', 'stored', 'older', 'backfilled'] as const) sum[key] += part[key];
  for (const key of ['unaccounted', 'invented', 'twice'] as const) {
    (sum[key] as unknown[]).push(...part[key]);
  }
  for (const [cause, count] of Object.entries(part.inGap) as [GapCause, number][]) {
    sum.inGap[cause] = (sum.inGap[cause] ?? 0) + count;
  }
}

/** Trades of an account that should not be as they are. */
export function tradeProblems({ unaccounted, invented, twice }: TradeAccount): number {
  return unaccounted.length + invented.length + twice.length;
}

const contents = (id: string, { price, volume, side }: TradeMark): string =>
  `${id} ${price} ${volume} ${side}`;

/**
 * Accounts for every trade of one market: each that went out must be stored, once, or lie inside a gap.
 * @param happened every trade of the market
 * @param gaps when the market was not covered
 * @param clock how the recorder's clock went; default: it was right
 */
export function accountForTrades(
  happened: readonly HappenedTrade[],
  stored: readonly StoredTrade[],
  gaps: readonly GapMark[],
  clock: ClockView = TRUE_CLOCK,
): TradeAccount {
  const account = emptyTradeAccount();
  const places = new Map<string, number[]>();
  happened.forEach((trade, i) => {
    // One id where both feeds share it; an id of the REST history may be that of several trades.
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
    if (trade.live === 0) return;
    account.sent++;
    if (found.has(i)) {
      account.stored++;
      return;
    }
    const moments = [trade.ms, ...clock.readings(trade.ms)];
    const gap = gaps.find(({ start, end }) =>
      moments.some((at) => start - LATENCY_MS <= at && (end === null || at <= end)),
    );
    if (gap === undefined) account.unaccounted.push(trade);
    else account.inGap[gap.cause] = (account.inGap[gap.cause] ?? 0) + 1;
  });
  return account;
}

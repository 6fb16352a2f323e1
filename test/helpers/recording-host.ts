import type { FeedHost, Outage } from '../../src/collector/feed.js';
import type { Oddity } from '../../src/market/oddity.js';
import type { EventName } from '../../src/logging/events.js';
import { type Pair, pairText } from '../../src/market/market.js';
import type { ReadTrade } from '../../src/market/trade.js';
import type { Sides } from '../../src/market/order-book.js';

/** A book that a feed handed over. */
export interface HeardBook extends Sides {
  readonly code: string;
  readonly exchangeTimestamp: number | null | undefined;
  readonly place: number | null | undefined;
  readonly receivedAt: number;
}

/** A trade that a feed handed over. */
export interface HeardTrade extends ReadTrade {
  readonly code: string;
  readonly receivedAt: number;
  readonly snapshot: boolean;
}

/** Records all that a feed reports. */
export class RecordingHost implements FeedHost {
  readonly books: HeardBook[] = [];
  /** Markets that have had a book. */
  readonly covered = new Set<string>();
  readonly downs: { codes: string[]; outage: Outage }[] = [];
  readonly logs: { event: EventName; code: string | null; params: unknown }[] = [];
  readonly missing: string[] = [];
  readonly refusals: { code: string; reason: string }[] = [];
  readonly unreadables: { reason: string; message: string; code: string | null }[] = [];
  attempts = 0;
  reconnects = 0;

  unaskedBooks = 0;
  readonly heardTrades: HeardTrade[] = [];
  unaskedTradesCount = 0;
  readonly unreadableTrades: { reason: string; code: string | null }[] = [];

  book(
    pair: Pair,
    sides: Sides,
    exchangeTimestamp: number | null | undefined,
    receivedAt: number,
    place?: number | null,
  ): void {
    const code = pairText(pair);
    this.covered.add(code);
    this.books.push({ code, ...sides, exchangeTimestamp, receivedAt, place });
  }
  readonly oddities: string[] = [];
  /** What was sent of each of these. */
  readonly oddTexts: string[] = [];
  odd(kind: Oddity, what: string, text: string): void {
    this.oddities.push(`${kind} ${what}`);
    this.oddTexts.push(text);
  }
  trades(pair: Pair, trades: readonly ReadTrade[], receivedAt: number, snapshot: boolean): void {
    for (const trade of trades)
      this.heardTrades.push({ code: pairText(pair), ...trade, receivedAt, snapshot });
  }
  readonly tradeDowns: { codes: string[]; outage: Outage | null }[] = [];
  tradesDown(pairs: Iterable<Pair>, outage: Outage | null): void {
    this.tradeDowns.push({ codes: [...pairs].map(pairText), outage });
  }
  unaskedTrades(count: number): void {
    this.unaskedTradesCount += count;
  }
  unreadableTrade(error: unknown, _message: string, pair: Pair | null): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.unreadableTrades.push({ reason, code: pair === null ? null : pairText(pair) });
  }
  unasked(): void {
    this.unaskedBooks++;
  }
  down(pairs: Iterable<Pair>, outage: Outage): void {
    this.downs.push({ codes: [...pairs].map(pairText), outage });
  }
  attempt(): void {
    this.attempts++;
  }
  reconnected(): void {
    this.reconnects++;
  }
  noFirstBook(pair: Pair): void {
    this.missing.push(pairText(pair));
  }
  refused(pair: Pair, reason: string): void {
    this.refusals.push({ code: pairText(pair), reason });
  }
  unreadable(error: unknown, message: string, pair: Pair | null): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.unreadables.push({ reason, message, code: pair === null ? null : pairText(pair) });
  }
  log(event: EventName, pair: Pair | null, params: unknown): void {
    this.logs.push({ event, code: pair === null ? null : pairText(pair), params });
  }
  /** Names of the logged events. */
  get events(): EventName[] {
    return this.logs.map((l) => l.event);
  }
  /** Books of one pair. */
  of(code: string): HeardBook[] {
    return this.books.filter((b) => b.code === code);
  }
}

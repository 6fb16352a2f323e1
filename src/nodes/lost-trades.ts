import type { Subscription } from '@nats-io/transport-node';
import type { Bus } from '../bus.js';
import { EXCHANGES, type Exchange } from '../market/exchange.js';
import { type Market, type Pair, pairText } from '../market/market.js';
import { MOST_LAG_MS, type Span } from '../market/trade-span.js';
import type { BusConnection } from '../nats/connection.js';
import { hear } from '../nats/hear.js';
import type { UnwrittenTrades } from '../nats/exchange-publisher.js';
import { LOG_FULL } from '../nats/log-books.js';
import { encodeMessage } from '../nats/messages.js';
import type { Store } from '../store/store-types.js';
import { lossSubject } from './report.js';

/** What a recorder reports to the collectors of an exchange: trades of that time are lost. */
interface LossMessage extends Span {
  /** Of this market; absent = of all. */
  readonly pair?: Pair;
  /** They were never in the log. */
  readonly unwritten?: boolean;
}

/** Why trades that a node received are not in the log. */
const UNWRITTEN = {
  cause: 'BUS_FAILED',
  detail: 'the primary stopped writing before they were in the log',
} as const;

/**
 * Messages were deleted from the log before they were read, and nothing shows which markets' trades were among
 * them: that time is a gap for all markets whose trades are recorded. The collectors are notified too, since
 * their later statements about it would replace this one; they ask the exchanges for what is missing.
 * @param since until when everything of an exchange had been read, Unix ms
 * @param end when the first message after that was written, Unix ms
 */
export async function reportLostTrades(
  bus: BusConnection,
  store: Pick<Store, 'reader' | 'putTradeSpan'>,
  since: (exchange: Exchange) => number,
  end: number,
): Promise<void> {
  // Reading is blocked meanwhile while the log grows: so no query for each of two thousand markets.
  const markets = await store.reader.marketsWithTrades();
  for (const exchange of EXCHANGES) {
    const span: Span = { start: Math.min(since(exchange), end) - MOST_LAG_MS, end: end + 1 };
    for (const market of markets) {
      if (market.exchange !== exchange) continue;
      store.putTradeSpan({ market, ...span, completeness: 'GAP', ...LOG_FULL, checked: false });
    }
    reportLoss(bus, exchange, span);
  }
}

/** Trades of one market that filled a span are lost; the collector still counts the span as filled. */
export function reportLostFill(bus: BusConnection, market: Market, { start, end }: Span): void {
  const { exchange, symbol, currency } = market;
  reportLoss(bus, exchange, { start, end, pair: { symbol, currency } });
}

/** A node that stopped writing had received trades of a market that are not in the log. */
export function reportUnwritten(
  bus: BusConnection,
  { market: { exchange, symbol, currency }, start, end }: UnwrittenTrades,
): void {
  reportLoss(bus, exchange, { start, end, pair: { symbol, currency }, unwritten: true });
}

function reportLoss({ nc }: BusConnection, exchange: Exchange, loss: LossMessage): void {
  if (!nc.isClosed()) nc.publish(lossSubject(exchange), encodeMessage(loss));
}

/**
 * Listens for trades of an exchange that were deleted from the log before they were stored, or never got there, and
 * passes that on; statements about their completeness may have been lost with them.
 * @param markets those whose trades are recorded
 * @param onLoss called first where they were in the log, with the end of that time, Unix ms
 */
export function hearLostTrades(
  connection: BusConnection,
  exchange: Exchange,
  markets: () => readonly Market[],
  bus: Pick<Bus, 'tradeLosses' | 'tradeDoubts'>,
  onLoss: (end: number) => void,
): Subscription {
  return hear<LossMessage>(connection, lossSubject(exchange), ({ start, end, pair, unwritten }) => {
    if (!Number.isFinite(start) || !Number.isFinite(end)) throw new Error('it has no span of time');
    const trouble = unwritten === true ? UNWRITTEN : LOG_FULL;
    if (unwritten !== true) onLoss(end);
    for (const market of markets()) {
      if (pair !== undefined && pairText(market) !== pairText(pair)) continue;
      bus.tradeLosses.publish({ market, start, end, ...trouble });
    }
    if (pair === undefined) bus.tradeDoubts.publish({ since: start, own: false });
  });
}

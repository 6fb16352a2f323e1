import type { Subscription } from '@nats-io/transport-node';
import { EXCHANGES, type Exchange } from '../market/exchange.js';
import type { Market } from '../market/market.js';
import type { Span, TradeLoss } from '../market/trade-span.js';
import type { BusConnection } from '../nats/connection.js';
import { LOG_FULL } from '../nats/log-books.js';
import { decodeMessage, encodeMessage } from '../nats/messages.js';
import type { Store } from '../store/store-types.js';
import { lossSubject } from './report.js';

/** A trade may have happened so long before its message was written, ms. */
const UNDER_WAY_MS = 10_000;

/**
 * Messages went from the log before they were read, and nothing says of which markets trades were among them:
 * of all whose trades are recorded, that time is a gap. The collectors are notified as well, for what they say of
 * it later would replace this; they ask the exchanges for what is missing.
 * @param since until when all of an exchange had been read, Unix ms
 * @param end when the first message behind was written, Unix ms
 */
export async function reportLostTrades(
  { nc }: BusConnection,
  store: Pick<Store, 'reader' | 'putTradeSpan'>,
  since: (exchange: Exchange) => number,
  end: number,
): Promise<void> {
  // Reading stands still meanwhile, and the log goes on: not a question for each of two thousand markets.
  const markets = await store.reader.marketsWithTrades();
  for (const exchange of EXCHANGES) {
    const span: Span = { start: Math.min(since(exchange), end) - UNDER_WAY_MS, end: end + 1 };
    for (const market of markets) {
      if (market.exchange !== exchange) continue;
      store.putTradeSpan({ market, ...span, completeness: 'GAP', ...LOG_FULL, checked: false });
    }
    nc.publish(lossSubject(exchange), encodeMessage(span));
  }
}

/**
 * Hears of an exchange's trades that went from the log before they were stored.
 * @param markets those of which trades are recorded
 */
export function hearLostTrades(
  { nc }: BusConnection,
  exchange: Exchange,
  markets: () => readonly Market[],
  take: (loss: TradeLoss) => void,
): Subscription {
  return nc.subscribe(lossSubject(exchange), {
    callback: (error, message) => {
      if (error !== null) return;
      const { start, end } = decodeMessage<Span>(message.data);
      for (const market of markets()) take({ market, start, end, ...LOG_FULL });
    },
  });
}

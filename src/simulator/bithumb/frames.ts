import { bigDecimalText, plainText } from '../book/number-text.js';
import type { BookLevel } from '../book/book.js';
import { clockTexts, KST_AHEAD_MS } from '../ticket/history.js';
import type { Shown } from '../ticket/ticket-feed.js';
import type { ShownTrade } from '../trade/trade.js';

/** Levels a side in a frame. */
export const DEPTH = 15;

function total(levels: readonly BookLevel[]): string {
  return plainText(levels.reduce((sum, level) => sum + level.volume, 0n));
}

/** Padding of a side with too few levels (`bithumb.book.padding`). */
const PADDING: readonly [string, string] = ['0', '0'];

/** Units of a frame; prices and sizes are plain, without trailing zeros. */
function units(shown: Shown, depth: number): string {
  const texts: string[] = [];
  for (let i = 0; i < depth; i++) {
    const ask = shown.asks[i]?.text ?? PADDING;
    const bid = shown.bids[i]?.text ?? PADDING;
    texts.push(
      `{"ask_price":${ask[0]},"bid_price":${bid[0]},"ask_size":${ask[1]},"bid_size":${bid[1]}}`,
    );
  }
  return texts.join(',');
}

/** A WebSocket book frame in wire order (`bithumb.book.default-keys`); `timestamp` is JSON. */
export function bithumbFrame(
  code: string,
  timestamp: string,
  shown: Shown,
  stream: string,
): string {
  return (
    `{"type":"orderbook","code":"${code}","total_ask_size":${total(shown.asks)},` +
    `"total_bid_size":${total(shown.bids)},"orderbook_units":[${units(shown, DEPTH)}],` +
    `"level":1,"timestamp":${timestamp},"stream_type":"${stream}"}`
  );
}

/** One book of a `/v1/orderbook` reply (`bithumb.rest-book.levels-30-or-15`). */
export function bithumbRestBook(
  code: string,
  timestampMs: number,
  shown: Shown,
  depth: number,
): string {
  return (
    `{"market":"${code}","timestamp":${timestampMs},"total_ask_size":${total(shown.asks)},` +
    `"total_bid_size":${total(shown.bids)},"orderbook_units":[${units(shown, depth)}]}`
  );
}

/** The word for a side; the last stands for one that does not exist. */
function sideText({ side }: ShownTrade): string {
  return { buy: 'BID', sell: 'ASK', none: 'NONE' }[side ?? 'none'];
}

/**
 * A trade frame; its date and time are Korean (`bithumb.trade-frame.trade-date-trade-time`).
 * @param at time of the message, Unix ms
 * @param close yesterday's last price
 */
export function bithumbTradeFrame(
  code: string,
  trade: ShownTrade,
  at: number,
  close: bigint,
  stream: string,
): string {
  const [price, volume] = trade.level.text;
  const [date, time] = clockTexts(trade.ms, KST_AHEAD_MS);
  const change = trade.level.price - close;
  const word = change > 0n ? 'RISE' : change < 0n ? 'FALL' : 'EVEN';
  return (
    `{"type":"trade","code":"${code}","trade_price":${price},"trade_volume":${volume},` +
    `"ask_bid":"${sideText(trade)}","prev_closing_price":${plainText(close)},"change":"${word}",` +
    `"change_price":${plainText(change < 0n ? -change : change)},"trade_date":"${date}",` +
    `"trade_time":"${time}","trade_timestamp":${trade.ms},"sequential_id":${trade.id},` +
    `"timestamp":${at},"stream_type":"${stream}"}`
  );
}

/**
 * A row of `/v1/trades/ticks`; its date and time are UTC, its small numbers have exponents
 * (`bithumb.trade-rest.row-market-trade-date-utc`).
 */
export function bithumbTradeRow(code: string, trade: ShownTrade, close: bigint): string {
  const { price, volume } = trade.level;
  const [date, time] = clockTexts(trade.ms);
  const change = price - close;
  const sign = change < 0n ? '-' : '';
  return (
    `{"market":"${code}","trade_date_utc":"${date}","trade_time_utc":"${time}",` +
    `"timestamp":${trade.ms},"trade_price":${bigDecimalText(price, false)},` +
    `"trade_volume":${bigDecimalText(volume, false)},` +
    `"prev_closing_price":${bigDecimalText(close, false)},` +
    `"change_price":${sign}${bigDecimalText(change < 0n ? -change : change, false)},` +
    `"ask_bid":"${sideText(trade)}","sequential_id":${trade.id}}`
  );
}

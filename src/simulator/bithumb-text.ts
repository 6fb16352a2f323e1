import { plainText } from './number-text.js';
import type { BookLevel } from './book-level.js';
import type { Shown, View } from './ticket-feed.js';

function total(levels: readonly BookLevel[]): string {
  return plainText(levels.reduce((sum, level) => sum + level.volume, 0n));
}

/** Padding of a side with too few levels (`bithumb.book.padding`). */
const PADDING: readonly [string, string] = ['0', '0'];

/** Units of a frame; prices and sizes are plain, without trailing zeros. */
function units(
  shown: Shown,
  depth: number,
  names: { ask: string; bid: string; asks: string; bids: string },
): string {
  const texts: string[] = [];
  for (let i = 0; i < depth; i++) {
    const ask = shown.asks[i]?.text ?? PADDING;
    const bid = shown.bids[i]?.text ?? PADDING;
    texts.push(
      `{"${names.ask}":${ask[0]},"${names.bid}":${bid[0]},"${names.asks}":${ask[1]},"${names.bids}":${bid[1]}}`,
    );
  }
  return texts.join(',');
}

const LONG = { ask: 'ask_price', bid: 'bid_price', asks: 'ask_size', bids: 'bid_size' };
const SHORT = { ask: 'ap', bid: 'bp', asks: 'as', bids: 'bs' };

/** One WebSocket book frame; keys in wire order, `timestamp` as its JSON text
 * (`bithumb.book.default-keys`). */
export function bithumbFrame(
  code: string,
  timestamp: string,
  view: View,
  shown: Shown,
  format: string,
  stream: string,
): string {
  const { depth, level } = view;
  const asks = total(shown.asks);
  const bids = total(shown.bids);
  return format === 'SIMPLE'
    ? `{"ty":"orderbook","cd":"${code}","tas":${asks},"tbs":${bids},"obu":[${units(shown, depth, SHORT)}],"lv":${level},"tms":${timestamp},"st":"${stream}"}`
    : `{"type":"orderbook","code":"${code}","total_ask_size":${asks},"total_bid_size":${bids},"orderbook_units":[${units(shown, depth, LONG)}],"level":${level},"timestamp":${timestamp},"stream_type":"${stream}"}`;
}

/** One book of a `/v1/orderbook` reply (`bithumb.rest-book.levels-30-or-15`). */
export function bithumbRestBook(
  code: string,
  timestampMs: number,
  shown: Shown,
  depth: number,
): string {
  return `{"market":"${code}","timestamp":${timestampMs},"total_ask_size":${total(shown.asks)},"total_bid_size":${total(shown.bids)},"orderbook_units":[${units(shown, depth, LONG)}]}`;
}

/** One book of a generation 1 reply: all strings (`bithumb.legacy.shape`). */
export function legacyBook(shown: Shown): {
  bids: { price: string; quantity: string }[];
  asks: { price: string; quantity: string }[];
} {
  const rows = (levels: readonly BookLevel[]): { price: string; quantity: string }[] =>
    levels
      .filter((level) => level.volume > 0n)
      .map(({ text }) => ({ price: text[0], quantity: text[1] }));
  return { bids: rows(shown.bids), asks: rows(shown.asks) };
}

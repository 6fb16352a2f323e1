import { plainText } from '../book/number-text.js';
import type { BookLevel } from '../book/book.js';
import type { Shown } from '../ticket/ticket-feed.js';

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

/** One WebSocket book frame; keys in wire order, `timestamp` as its JSON text
 * (`bithumb.book.default-keys`). */
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

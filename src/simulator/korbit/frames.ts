/** Texts of Korbit's frames and REST bodies (`docs/exchanges/korbit.md`). */
import { BookFrame, HOLE, type BookLevel, type StillBook } from '../book/book.js';
import type { RestReply } from '../simulator.js';
import type { ShownTrade } from '../trade/trade.js';

/** Levels a side on the wire. */
export const DEPTH = 30;

/** A book as it was published. */
export interface Shown {
  /** Time of the change, Unix ms. */
  readonly timestamp: number;
  readonly book: StillBook;
}

/** `"asks":[…]` or `"bids":[…]`. */
export function sideText(side: 'asks' | 'bids', levels: readonly BookLevel[]): string {
  const texts = levels
    .slice(0, DEPTH)
    .map(({ text: [price, qty] }) => `{"price":"${price}","qty":"${qty}"}`);
  return `"${side}":[${texts.join(',')}]`;
}

/** A book's frame, for the {@link frameValues}; keys in the order of the wire, not of the reference. */
export function frameOf(code: string, book: StillBook): BookFrame {
  return book.frame(
    () =>
      new BookFrame(
        { asks: book.asks.slice(0, DEPTH), bids: book.bids.slice(0, DEPTH) },
        `{"symbol":"${code}","timestamp":${HOLE},"type":"orderbook",${HOLE}` +
          `"data":{"timestamp":${HOLE},${sideText('asks', book.asks)},${sideText('bids', book.bids)}}}`,
      ),
  );
}

/**
 * Values for the holes of a frame.
 * @param at time of sending, Unix ms
 * @param snapshot marks the first frame; the key is absent rather than false in the others
 * @param timestamp time of the book's change, Unix ms
 */
export function frameValues(at: number, snapshot: boolean, timestamp: number): readonly string[] {
  return [`${at}`, snapshot ? '"snapshot":true,' : '', `${timestamp}`];
}

/** One trade; an invented word stands for an unknown side. */
function tradeText({ id, ms, side, level: { text } }: ShownTrade): string {
  const buyer = side === null ? '"unknown"' : side === 'buy';
  return `{"timestamp":${ms},"price":"${text[0]}","qty":"${text[1]}","isBuyerTaker":${buyer},"tradeId":${id}}`;
}

/** The trades as a JSON array. */
export function tradesText(trades: readonly ShownTrade[]): string {
  return `[${trades.map(tradeText).join(',')}]`;
}

/** A frame of trades (`korbit.trade-frame.data`); `at` is the time of sending, Unix ms. */
export function tradeFrame(
  code: string,
  trades: readonly ShownTrade[],
  at: number,
  snapshot: boolean,
): string {
  const key = snapshot ? '"snapshot":true,' : '';
  return `{"symbol":"${code}","timestamp":${at},"type":"trade",${key}"data":${tradesText(trades)}}`;
}

/** Answer to anything that is not a JSON array. */
export const INVALID_FORMAT = '{"status":"fail","message":"invalid_format"}';

/** A successful REST reply. */
export function restData(data: unknown, headers: Record<string, string> = {}): RestReply {
  return { status: 200, body: JSON.stringify({ success: true, data }), headers };
}

/** Body of a REST refusal; its code is the HTTP status. */
export function restError(code: number, message: string): string {
  return JSON.stringify({ success: false, error: { code, message } });
}

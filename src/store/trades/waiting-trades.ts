import { marketKey } from '../../market/market.js';
import type { Trade } from '../../market/trade.js';
import { TextBytes } from '../../util/text-bytes.js';
import { flagsOf, type TradeRowOf } from './codec.js';

/** A trade on its way to the writer, with its market's {@link marketKey}. */
export type WaitingRow = TradeRowOf<string>;

/** Capacity kept for reuse, bytes: an ordinary batch has some kB. */
const MOST_KEPT = 1024 * 1024;

/**
 * Trades waiting for the writer, as the bytes of a JSON array of {@link WaitingRow}s. Passing
 * objects, each of which is cloned, held up incoming books: 13 µs a trade, a thousand a second.
 */
export class WaitingTrades extends TextBytes {
  /** Adds a trade after all previous ones. */
  add(trade: Trade): void {
    const { market, sequence, exchangeTimestamp, timestamp, messageTimestamp } = trade;
    this.text(this.length === 0 ? '[[' : ',[');
    this.#number(sequence);
    this.text(',');
    this.text(JSON.stringify(marketKey(market)));
    for (const time of [exchangeTimestamp, timestamp]) {
      this.text(',');
      this.#number(time);
    }
    this.text(',');
    if (messageTimestamp === null) this.text('null');
    else this.#number(messageTimestamp);
    this.text(',');
    this.whole(flagsOf(trade));
    this.text(',');
    this.text(JSON.stringify(trade.tradeId));
    // Decimals contain nothing that JSON escapes.
    this.text(',"');
    this.text(trade.price);
    this.text('","');
    this.text(trade.volume);
    this.text('"]');
  }

  /** A copy for the writer; null when there are none. */
  rows(): Uint8Array<ArrayBuffer> | null {
    if (this.end === 0) return null;
    const copy = new Uint8Array(this.end + 1);
    copy.set(this.bytes.subarray(0, this.end));
    copy[this.end] = CLOSING_BRACKET;
    return copy;
  }

  override clear(): void {
    super.clear();
    if (this.bytes.length > MOST_KEPT) this.bytes = Buffer.allocUnsafe(MOST_KEPT);
  }

  #number(value: number): void {
    if (value >= 0 && Number.isSafeInteger(value)) this.whole(value);
    else this.text(String(value));
  }
}

const CLOSING_BRACKET = 0x5d;

/** The trades of {@link WaitingTrades.rows}. */
export function readWaiting(rows: Uint8Array | null): WaitingRow[] {
  if (rows === null) return [];
  const text = Buffer.from(rows.buffer, rows.byteOffset, rows.length).toString('utf8');
  return JSON.parse(text) as WaitingRow[];
}

/** Texts of Korbit's frames and REST bodies (`docs/exchanges/korbit.md`). */
import type { MarketProfile } from './market-profile.js';
import { plainText, UNITS } from './number-text.js';
import { BookFrame, HOLE } from './book-frame.js';
import type { StillBook } from './book.js';
import type { BookLevel } from './book-level.js';
import type { RestReply } from './simulator.js';

/** Levels a side on the wire. */
export const DEPTH = 30;

/** A book as it was published. */
export interface Shown {
  /** Time of the change, Unix ms. */
  readonly timestamp: number;
  readonly book: StillBook;
}

/** One level; grouped ones carry their KRW amount under `amount`. */
interface WireLevel {
  readonly price: bigint;
  readonly qty: bigint;
  readonly amount: bigint;
}

/** Levels merged into steps of `group`, asks upwards and bids downwards; `0n` leaves them raw. */
function wireLevels(
  side: 'asks' | 'bids',
  levels: readonly BookLevel[],
  group: bigint,
): WireLevel[] {
  const merged = new Map<bigint, WireLevel>();
  for (const { price, volume } of levels) {
    const rest = group === 0n ? 0n : price % group;
    const step = rest === 0n ? price : side === 'asks' ? price - rest + group : price - rest;
    const { qty, amount } = merged.get(step) ?? { qty: 0n, amount: 0n };
    merged.set(step, { price: step, qty: qty + volume, amount: amount + (price * volume) / UNITS });
  }
  return [...merged.values()].slice(0, DEPTH);
}

/** `"asks":[…]` or `"bids":[…]`; `amountKey` is for grouped books only. */
export function sideText(
  side: 'asks' | 'bids',
  levels: readonly BookLevel[],
  group: bigint,
  amountKey: 'quoteVolume' | 'amt',
): string {
  const texts =
    group === 0n
      ? levels.slice(0, DEPTH).map(({ text }) => `{"price":"${text[0]}","qty":"${text[1]}"}`)
      : wireLevels(side, levels, group).map(
          ({ price, qty, amount }) =>
            `{"price":"${plainText(price)}","qty":"${plainText(qty)}","${amountKey}":"${plainText(amount)}"}`,
        );
  return `"${side}":[${texts.join(',')}]`;
}

/**
 * A book's frame, for the {@link frameValues}; keys in the order of the wire, not of the reference.
 * @param group grouping step as in {@link sideText}; the frame's own levels are the raw ones
 */
export function frameOf(code: string, book: StillBook, group: bigint): BookFrame {
  return book.frame(`${group}`, () => {
    const asks = sideText('asks', book.asks, group, 'quoteVolume');
    const bids = sideText('bids', book.bids, group, 'quoteVolume');
    return new BookFrame(
      { asks: book.asks.slice(0, DEPTH), bids: book.bids.slice(0, DEPTH) },
      `{"symbol":"${code}","timestamp":${HOLE},"type":"orderbook",${HOLE}` +
        `"data":{"timestamp":${HOLE},${asks},${bids}}}`,
    );
  });
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

/** Answer to anything that is not a JSON array. */
export const INVALID_FORMAT = '{"status":"fail","message":"invalid_format"}';

/**
 * Grouping step of a request's `level`: `0n` when it has none, null when the pair does not offer
 * it. Offered are 1, 10, 100 and 1000 ticks, as in the reference's example.
 */
export function groupOf(profile: MarketProfile, level: unknown): bigint | null {
  if (level === undefined) return 0n;
  const steps = [1n, 10n, 100n, 1000n].map((times) => profile.tick * times);
  return steps.find((step) => plainText(step) === level) ?? null;
}

/** A successful REST reply. */
export function restData(data: unknown, headers: Record<string, string> = {}): RestReply {
  return { status: 200, body: JSON.stringify({ success: true, data }), headers };
}

/** Body of a REST refusal; its code is the HTTP status. */
export function restError(code: number, message: string): string {
  return JSON.stringify({ success: false, error: { code, message } });
}

import { bigDecimalText, fixedText, javaDoubleText, plainText } from '../book/number-text.js';
import type { BookLevel } from '../book/book.js';
import type { Shown } from '../ticket/ticket-feed.js';

/** Levels a side on the wire. */
export const DEPTH = 30;

/** Price and size of a level as one format spells them. */
type Spelling = readonly [price: string, size: string];

/** One spelling of levels, remembered because the same level goes out in many frames. */
class Speller {
  #texts = new WeakMap<BookLevel, Spelling>();
  #spell: (level: BookLevel) => Spelling;

  constructor(spell: (level: BookLevel) => Spelling) {
    this.#spell = spell;
  }

  of(level: BookLevel): Spelling {
    let text = this.#texts.get(level);
    if (text === undefined) {
      text = this.#spell(level);
      this.#texts.set(level, text);
    }
    return text;
  }
}

/**
 * Whether a size shows its trailing zeros. The captures of 2026 have both kinds in one frame (and
 * the recorded length of a REST reply lies between all and none), so about a third of levels do.
 */
function keepsZeros(level: BookLevel): boolean {
  return (level.price / 100n + level.volume) % 3n === 0n;
}

/**
 * DEFAULT: prices `1.16539E8`, `4407000.0`; sizes `0.00077720` (`upbit.spelling.prices-default`).
 */
const defaults = new Speller((level) => [
  javaDoubleText(level.price),
  bigDecimalText(level.volume, keepsZeros(level)),
]);

/** REST: plain prices, plain sizes of which some keep their zeros. */
const rest = new Speller((level) => [
  plainText(level.price),
  keepsZeros(level) ? fixedText(level.volume, 8) : plainText(level.volume),
]);

function total(levels: readonly BookLevel[]): bigint {
  return levels.reduce((sum, level) => sum + level.volume, 0n);
}

/** Half a unit of padding: `"bid_price":0,"bid_size":0` (`upbit.book.zero-padding`). */
const PADDING: Spelling = ['0', '0'];

/** Units of a frame; element i pairs the i-th ask and bid, missing ones are zeros. */
function units(
  shown: Shown,
  speller: Speller,
  unit: (ask: Spelling, bid: Spelling) => string,
): string {
  const texts: string[] = [];
  for (let i = 0; i < DEPTH; i++) {
    const ask = shown.asks[i];
    const bid = shown.bids[i];
    texts.push(
      unit(
        ask === undefined ? PADDING : speller.of(ask),
        bid === undefined ? PADDING : speller.of(bid),
      ),
    );
  }
  return texts.join(',');
}

/** One WebSocket book frame; keys in wire order, `timestamp` as its JSON text
 * (`upbit.format.default-keys`). */
export function upbitFrame(code: string, timestamp: string, shown: Shown, stream: string): string {
  const body = units(
    shown,
    defaults,
    (ask, bid) =>
      `{"ask_price":${ask[0]},"bid_price":${bid[0]},"ask_size":${ask[1]},"bid_size":${bid[1]}}`,
  );
  return (
    `{"type":"orderbook","code":"${code}","timestamp":${timestamp},` +
    `"total_ask_size":${bigDecimalText(total(shown.asks), true)},` +
    `"total_bid_size":${bigDecimalText(total(shown.bids), true)},` +
    `"orderbook_units":[${body}],"stream_type":"${stream}","level":0}`
  );
}

/**
 * One book of a REST reply; in its units the bid comes first
 * (`upbit.rest-book.key-order-rest-unit-bid`).
 */
export function upbitRestBook(code: string, timestamp: number, shown: Shown): string {
  const body = units(
    shown,
    rest,
    (ask, bid) =>
      `{"bid_price":${bid[0]},"bid_size":${bid[1]},"ask_price":${ask[0]},"ask_size":${ask[1]}}`,
  );
  return (
    `{"market":"${code}","timestamp":${timestamp},"total_ask_size":${fixedText(total(shown.asks), 8)},` +
    `"total_bid_size":${fixedText(total(shown.bids), 8)},"orderbook_units":[${body}],"level":0}`
  );
}

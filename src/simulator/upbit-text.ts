import {
  bigDecimalText,
  exponentText,
  fixedText,
  javaDoubleText,
  plainText,
} from './number-text.js';
import { UNITS } from './number-text.js';
import type { BookLevel } from './book-level.js';
import type { Shown, View } from './ticket-feed.js';

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

/**
 * SIMPLE: prices `116606000`, `9.9E-7`; sizes `7.9276E-4`, `2.2403413`
 * (`upbit.spelling.sizes-simple`).
 */
const simple = new Speller((level) => [
  level.price % UNITS === 0n ? plainText(level.price) : smallExponent(level.price),
  smallExponent(level.volume),
]);

/** REST: plain prices, plain sizes of which some keep their zeros. */
const rest = new Speller((level) => [
  plainText(level.price),
  keepsZeros(level) ? fixedText(level.volume, 8) : plainText(level.volume),
]);

/** An exponent below 0.001; above, plain with at least one decimal, however large (2021 capture). */
function smallExponent(units: bigint): string {
  if (units === 0n) return '0.0';
  if (units < UNITS / 1000n) return exponentText(units);
  const plain = plainText(units);
  return plain.includes('.') ? plain : `${plain}.0`;
}

function total(levels: readonly BookLevel[]): bigint {
  return levels.reduce((sum, level) => sum + level.volume, 0n);
}

/** Half a unit of padding: `"bid_price":0,"bid_size":0` (`upbit.book.zero-padding`). */
const PADDING: Spelling = ['0', '0'];

/** Units of a frame; element i pairs the i-th ask and bid, missing ones are zeros. */
function units(
  shown: Shown,
  depth: number,
  speller: Speller,
  unit: (ask: Spelling, bid: Spelling) => string,
): string {
  const texts: string[] = [];
  for (let i = 0; i < depth; i++) {
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
 * (`upbit.format.default-keys`, `upbit.format.simple-keys`). */
export function upbitFrame(
  code: string,
  timestamp: string,
  view: View,
  shown: Shown,
  format: string,
  stream: string,
): string {
  const isSimple = format.startsWith('SIMPLE');
  const text = isSimple
    ? `{"ty":"orderbook","cd":"${code}","tms":${timestamp},"tas":${smallExponent(total(shown.asks))},"tbs":${smallExponent(total(shown.bids))},"obu":[` +
      units(
        shown,
        view.depth,
        simple,
        (ask, bid) => `{"ap":${ask[0]},"bp":${bid[0]},"as":${ask[1]},"bs":${bid[1]}}`,
      ) +
      `],"st":"${stream}","lv":${view.level}}`
    : `{"type":"orderbook","code":"${code}","timestamp":${timestamp},"total_ask_size":${bigDecimalText(total(shown.asks), true)},"total_bid_size":${bigDecimalText(total(shown.bids), true)},"orderbook_units":[` +
      units(
        shown,
        view.depth,
        defaults,
        (ask, bid) =>
          `{"ask_price":${ask[0]},"bid_price":${bid[0]},"ask_size":${ask[1]},"bid_size":${bid[1]}}`,
      ) +
      `],"stream_type":"${stream}","level":${view.level}}`;
  return format.endsWith('_LIST') ? `[${text}]` : text;
}

/**
 * One book of a REST reply; in its units the bid comes first
 * (`upbit.rest-book.key-order-rest-unit-bid`).
 */
export function upbitRestBook(
  code: string,
  timestamp: number,
  level: number,
  shown: Shown,
  depth: number,
): string {
  const body = units(
    shown,
    depth,
    rest,
    (ask, bid) =>
      `{"bid_price":${bid[0]},"bid_size":${bid[1]},"ask_price":${ask[0]},"ask_size":${ask[1]}}`,
  );
  return (
    `{"market":"${code}","timestamp":${timestamp},"total_ask_size":${fixedText(total(shown.asks), 8)},` +
    `"total_bid_size":${fixedText(total(shown.bids), 8)},"orderbook_units":[${body}],"level":${level}}`
  );
}

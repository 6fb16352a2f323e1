import { compareDecimal, decimalFromWire } from '../../market/decimal.js';
import { parseExactJson } from '../../market/exact-json.js';
import type { Level } from '../../market/order-book.js';
import { wireObject } from '../wire.js';
import { readUnitBook, type UnitBook } from './unit-book.js';

/** Most remembered spellings of prices a market; a book of 30 units has 60. */
const MAX_SPELLINGS = 1024;

/**
 * A unit as Upbit and Bithumb spell it, in either format, keys in the order of the wire:
 * `{"ask_price":1.16539E8,"bid_price":1.16538E8,"ask_size":0.02054761,"bid_size":0.08120946}`.
 */
const UNIT =
  /\{"(?:ask_price|ap)":([\d.eE+-]+),"(?:bid_price|bp)":([\d.eE+-]+),"(?:ask_size|as)":([\d.eE+-]+),"(?:bid_size|bs)":([\d.eE+-]+)\}/y;

/** A unit of a frame: its place in the text, and its levels (null where the side is zero). */
interface KnownUnit {
  readonly start: number;
  readonly end: number;
  readonly ask: Level | null;
  readonly bid: Level | null;
}

/** What is remembered of one market. */
class MarketMemory {
  /** The last frame; the units lie in it. */
  text = '';
  units: KnownUnit[] = [];
  /** Decimal text of each price text seen lately: `1.16539E8` is costly to read and comes again. */
  readonly #prices = new Map<string, string>();

  price(wire: string): string {
    let price = this.#prices.get(wire);
    if (price === undefined) {
      price = decimalFromWire(wire);
      if (this.#prices.size >= MAX_SPELLINGS) this.#prices.clear();
      this.#prices.set(wire, price);
    }
    return price;
  }
}

/**
 * Reads book frames of Upbit and Bithumb fast, with the same results as {@link readUnitBook}: from
 * one frame to the next nearly all units are the same text at the same place, so they are compared
 * before they are decoded, and only what differs is read. Whatever does not look exactly like the
 * frames we know (other key order, white space, levels out of order) is left to the general reader.
 */
export class UnitBookReader {
  readonly #markets = new Map<string, MarketMemory>();

  /**
   * @param text one frame, a JSON object
   * @returns the book, or null when the frame must be read by the general reader
   */
  read(text: string): UnitBook | null {
    if (text.charCodeAt(0) !== 123) return null;
    const opened = text.indexOf('units":[');
    const start = opened !== -1 ? opened + 8 : text.indexOf('"obu":[') + 7;
    if (start < 8) return null;
    const code = codeOf(text);
    if (code === null) return null;
    let memory = this.#markets.get(code);
    if (memory === undefined) {
      memory = new MarketMemory();
      this.#markets.set(code, memory);
    }
    const asks: Level[] = [];
    const bids: Level[] = [];
    const units: KnownUnit[] = [];
    let at = start;
    while (text.charCodeAt(at) !== 93) {
      const unit = unitAt(text, at, memory, units.length);
      if (unit === null || !push(asks, unit.ask, 1) || !push(bids, unit.bid, -1)) return null;
      units.push(unit);
      at = unit.end;
      if (text.charCodeAt(at) === 44) at++;
      else if (text.charCodeAt(at) !== 93) return null;
    }
    memory.units = units;
    memory.text = text;
    // The envelope without its units is small; it is read by the general reader, so that no key
    // order is taken for granted and a frame cut short after the units is refused.
    const envelope = wireObject(parseExactJson(text.slice(0, start) + text.slice(at)), 'the book');
    if ((envelope['type'] ?? envelope['ty']) !== 'orderbook') return null;
    const book = readUnitBook(envelope);
    return { ...book, sides: { asks, bids } };
  }
}

/** The market's code out of the text, only to find its memory; the envelope decides what it is. */
function codeOf(text: string): string | null {
  const long = text.indexOf('"code":"');
  const start = long !== -1 ? long + 8 : text.indexOf('"cd":"') + 6;
  if (start < 6) return null;
  return text.slice(start, text.indexOf('"', start));
}

/** The unit at a place: the known one when its text is there again, else read anew. */
function unitAt(text: string, at: number, memory: MarketMemory, index: number): KnownUnit | null {
  const known = memory.units[index];
  if (known !== undefined) {
    const end = at + known.end - known.start;
    // Slices share the text they are cut from, and their comparison runs over words of memory.
    if (text.slice(at, end) === memory.text.slice(known.start, known.end)) {
      return at === known.start ? known : { start: at, end, ask: known.ask, bid: known.bid };
    }
  }
  UNIT.lastIndex = at;
  const match = UNIT.exec(text);
  if (match === null) return null;
  return {
    start: at,
    end: UNIT.lastIndex,
    ask: level(memory, match[1]!, match[3]!, known?.ask),
    bid: level(memory, match[2]!, match[4]!, known?.bid),
  };
}

/** A level, the known object again if it is equal: equal objects make the later comparison cheap. */
function level(
  memory: MarketMemory,
  wirePrice: string,
  wireVolume: string,
  known: Level | null | undefined,
): Level | null {
  const price = memory.price(wirePrice);
  const volume = decimalFromWire(wireVolume);
  if (price === '0' || volume === '0') return null;
  if (known !== undefined && known !== null && known[0] === price && known[1] === volume)
    return known;
  return [price, volume];
}

/** Appends a level unless it is out of order (`direction` 1: ascending prices, -1: descending). */
function push(levels: Level[], next: Level | null, direction: 1 | -1): boolean {
  if (next === null) return true;
  const last = levels[levels.length - 1];
  if (last !== undefined && compareDecimal(next[0], last[0]) * direction <= 0) return false;
  levels.push(next);
  return true;
}

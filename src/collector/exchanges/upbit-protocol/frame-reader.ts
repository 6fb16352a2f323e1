import { compareDecimal, decimalFromWire } from '../../../market/decimal.js';
import { marketName } from '../../../market/market.js';
import type { Level, Sides } from '../../../market/order-book.js';

/** A book of units, read from its bytes. */
export interface ReadFrame {
  /** The pair as `BTC-KRW`. */
  readonly code: string;
  /** Best first, zero levels dropped. The same array as last time for an unchanged side. */
  readonly sides: Sides;
  /** The exchange's time of the book, Unix ms. */
  readonly exchangeTimestamp: number;
}

const ascii = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));

/** The start of every book (DEFAULT format), followed by code and members in the exchange's own order. */
const OPENING = ascii('{"type":"orderbook","code":"');
const UNITS_KEY = ascii('orderbook_units');
const TIMESTAMP_KEY = ascii('timestamp');
/** A unit consists of these four, each followed by a number, and `}`; both exchanges keep this order. */
const UNIT_PARTS = ['{"ask_price":', ',"bid_price":', ',"ask_size":', ',"bid_size":'].map(ascii);
/** Members that occur once per book, before its units; a second time they mean something unknown. */
const REFUSED_KEYS = ['type', 'code', 'market', 'error', 'obu'].map(ascii);

const QUOTE = 34;
const COMMA = 44;
const POINT = 46;
const ZERO = 48;
const NINE = 57;
const COLON = 58;
const OPEN_LIST = 91;
const BACKSLASH = 92;
const CLOSE_LIST = 93;
const CLOSE_OBJECT = 125;

/** Maximum cached price spellings per market; a book of 30 units has 60. */
const MAX_SPELLINGS = 128;
/** Maximum units in a frame that is read here; both exchanges send 30 at most. */
const MAX_UNITS = 64;
/** Longest code, `KRW-` and a symbol. */
const MAX_CODE = 48;

/** Bytes of one frame, with a view for comparing eight at a time. */
class Bytes {
  readonly bytes: Uint8Array;
  readonly view: DataView;

  constructor(capacity: number) {
    this.bytes = new Uint8Array(capacity);
    this.view = new DataView(this.bytes.buffer);
  }
}

/** What is kept per market: its last frame and the levels of its units. */
class MarketMemory {
  frame: Bytes;
  /** Offset of each unit in `frame`, plus one: unit `i` is `[at[i], at[i + 1] - 1)`. */
  at = new Int32Array(MAX_UNITS + 1);
  /** Space for the offsets of the frame being read. */
  nextAt = new Int32Array(MAX_UNITS + 1);
  count = 0;
  /** Level of each unit, null where it is zero. Copied on write: others hold it. */
  asks: readonly (Level | null)[] = [];
  bids: readonly (Level | null)[] = [];
  /** The same without the nulls. */
  sides: Sides = { asks: [], bids: [] };
  /** Decimal text of recent price texts that are not Decimal themselves, such as `1.16539E8`. */
  readonly #prices = new Map<string, string>();

  /** @param pairCode `BTC-KRW` */
  constructor(
    readonly pairCode: string,
    capacity: number,
  ) {
    this.frame = new Bytes(capacity);
  }

  price(wire: string): string {
    let price = this.#prices.get(wire);
    if (price === undefined) {
      price = decimalFromWire(wire);
      if (price === wire) return price;
      if (this.#prices.size >= MAX_SPELLINGS) this.#prices.clear();
      this.#prices.set(wire, price);
    }
    return price;
  }
}

/**
 * Reads book frames of Upbit and Bithumb from their bytes, with the same results as `readUnitBook`:
 * from one frame to the next nearly all units have the same bytes, so they are compared eight bytes
 * at a time before anything is decoded, and only what differs becomes text. Anything that does not
 * look exactly like the known frames (SIMPLE format, other key order, white space, levels out of
 * order) is left to the general reader, as is reporting what is wrong with a broken frame.
 */
export class FrameReader {
  readonly #markets = new Map<string, MarketMemory>();
  readonly #carries: (pairCode: string) => boolean;
  /** The frame being read; swapped with the market's last one if it is good. */
  #scratch = new Bytes(8192);

  /** @param carries whether a pair, `BTC-KRW`, was subscribed; nothing is kept for others */
  constructor(carries: (pairCode: string) => boolean) {
    this.#carries = carries;
  }

  /** Forgets all markets: another connection may carry different ones. */
  clear(): void {
    this.#markets.clear();
  }

  /** The book of one message; null when the general reader must read it. */
  read(frame: Buffer): ReadFrame | null {
    const length = frame.length;
    if (this.#scratch.bytes.length < length + 8) this.#scratch = new Bytes(length + 1024);
    const { bytes } = this.#scratch;
    bytes.set(frame);
    if (!matches(bytes, 0, OPENING)) return null;
    const codeEnd = stringEnd(bytes, OPENING.length, Math.min(length, OPENING.length + MAX_CODE));
    if (codeEnd === -1) return null;
    const memory = this.#memory(frame.toString('latin1', OPENING.length, codeEnd));
    if (memory === null) return null;

    // Members before and after the units: only the time and the units themselves matter.
    let timestamp = -1;
    let units: Units | null = null;
    let at = codeEnd + 1;
    while (bytes[at] === COMMA) {
      const key = at + 2;
      const keyEnd = bytes[at + 1] === QUOTE ? stringEnd(bytes, key, length) : -1;
      if (keyEnd === -1 || bytes[keyEnd + 1] !== COLON) return null;
      const value = keyEnd + 2;
      if (isKey(bytes, key, keyEnd, UNITS_KEY)) {
        if (units !== null || bytes[value] !== OPEN_LIST) return null;
        units = readUnits(frame, this.#scratch, value + 1, memory);
        if (units === null) return null;
        at = units.end;
        continue;
      }
      const quoted = bytes[value] === QUOTE;
      const end = quoted ? stringEnd(bytes, value + 1, length) : numberEnd(bytes, value);
      if (end === -1) return null;
      if (isKey(bytes, key, keyEnd, TIMESTAMP_KEY)) {
        if (timestamp !== -1) return null;
        timestamp = timeOf(bytes, quoted ? value + 1 : value, end);
        if (timestamp === -1) return null;
      } else if (REFUSED_KEYS.some((refused) => isKey(bytes, key, keyEnd, refused))) return null;
      at = quoted ? end + 1 : end;
    }
    if (bytes[at] !== CLOSE_OBJECT || at + 1 !== length) return null;
    if (units === null || timestamp === -1) return null;

    const previous = memory.frame;
    memory.frame = this.#scratch;
    this.#scratch = previous;
    const oldAt = memory.at;
    memory.at = memory.nextAt;
    memory.nextAt = oldAt;
    memory.count = units.count;
    const { asks, bids } = units;
    if (asks !== memory.asks || bids !== memory.bids) {
      memory.sides = {
        asks: asks === memory.asks ? memory.sides.asks : present(asks),
        bids: bids === memory.bids ? memory.sides.bids : present(bids),
      };
      memory.asks = asks;
      memory.bids = bids;
    }
    return { code: memory.pairCode, sides: memory.sides, exchangeTimestamp: timestamp };
  }

  #memory(code: string): MarketMemory | null {
    let memory = this.#markets.get(code);
    if (memory === undefined) {
      const dash = code.indexOf('-');
      const pairCode = marketName(`${code.slice(dash + 1)}-${code.slice(0, dash)}`);
      if (dash <= 0 || !this.#carries(pairCode)) return null;
      memory = new MarketMemory(pairCode, this.#scratch.bytes.length);
      this.#markets.set(code, memory);
    }
    return memory;
  }
}

/** The parsed units of a frame. */
interface Units {
  readonly count: number;
  /** The cached arrays where nothing changed. */
  readonly asks: readonly (Level | null)[];
  readonly bids: readonly (Level | null)[];
  /** Just after the `]`. */
  readonly end: number;
}

/** Reads units from after the `[`, offsets into `memory.nextAt`; null when they are unusual. */
function readUnits(
  frame: Buffer,
  { bytes, view }: Bytes,
  start: number,
  memory: MarketMemory,
): Units | null {
  const { at: oldAt, nextAt: at, count: oldCount } = memory;
  const oldView = memory.frame.view;
  let asks: (Level | null)[] | null = null;
  let bids: (Level | null)[] | null = null;
  let ordered = true;
  let count = 0;
  let place = start;
  if (bytes[place] === CLOSE_LIST) place++;
  else {
    for (;;) {
      if (count === MAX_UNITS) return null;
      at[count] = place;
      const known = count < oldCount;
      const oldPlace = known ? oldAt[count]! : 0;
      const unitLength = known ? oldAt[count + 1]! - 1 - oldPlace : 0;
      let end = place + unitLength;
      if (!known || !sameBytes(view, place, oldView, oldPlace, unitLength)) {
        end = unitEnd(bytes, place);
        if (end === -1) return null;
        const oldAsk = known ? memory.asks[count]! : null;
        const oldBid = known ? memory.bids[count]! : null;
        const ask = level(frame, memory, PART[0]!, PART[1]!, PART[4]!, PART[5]!, oldAsk);
        const bid = level(frame, memory, PART[2]!, PART[3]!, PART[6]!, PART[7]!, oldBid);
        if (ask === undefined || bid === undefined) return null;
        if (!known || ask !== oldAsk) {
          asks ??= memory.asks.slice(0, oldCount);
          asks[count] = ask;
          if (!samePrice(ask, oldAsk)) ordered = false;
        }
        if (!known || bid !== oldBid) {
          bids ??= memory.bids.slice(0, oldCount);
          bids[count] = bid;
          if (!samePrice(bid, oldBid)) ordered = false;
        }
      }
      count++;
      place = end + 1;
      if (bytes[end] === COMMA) continue;
      if (bytes[end] === CLOSE_LIST) break;
      return null;
    }
  }
  at[count] = place;
  if (count < oldCount) {
    asks = (asks ?? memory.asks).slice(0, count);
    bids = (bids ?? memory.bids).slice(0, count);
  }
  if (!ordered && !(isOrdered(asks ?? memory.asks, 1) && isOrdered(bids ?? memory.bids, -1)))
    return null;
  return {
    count,
    asks: asks ?? memory.asks,
    bids: bids ?? memory.bids,
    end: place,
  };
}

/** Start and end of the four numbers of the unit last read by {@link unitEnd}. */
const PART: number[] = [0, 0, 0, 0, 0, 0, 0, 0];

/** Finds the end of the unit at `at`, or -1 if there is none; leaves its numbers in {@link PART}. */
function unitEnd(bytes: Uint8Array, at: number): number {
  let place = at;
  for (let part = 0; part < 4; part++) {
    if (!matches(bytes, place, UNIT_PARTS[part]!)) return -1;
    const start = place + UNIT_PARTS[part]!.length;
    place = numberEnd(bytes, start);
    if (place === -1) return -1;
    PART[2 * part] = start;
    PART[2 * part + 1] = place;
  }
  return bytes[place] === CLOSE_OBJECT ? place + 1 : -1;
}

/**
 * A level: the cached object again if equal, since identical objects make later comparisons cheap;
 * null for a zero level; undefined when a number is outside what we handle.
 */
function level(
  frame: Buffer,
  memory: MarketMemory,
  priceStart: number,
  priceEnd: number,
  sizeStart: number,
  sizeEnd: number,
  known: Level | null,
): Level | null | undefined {
  let price: string;
  let volume: string;
  try {
    price = memory.price(frame.toString('latin1', priceStart, priceEnd));
    volume = decimalFromWire(frame.toString('latin1', sizeStart, sizeEnd));
  } catch {
    return undefined;
  }
  if (price === '0' || volume === '0') return null;
  if (known !== null && known[0] === price && known[1] === volume) return known;
  return [price, volume];
}

function samePrice(a: Level | null, b: Level | null): boolean {
  return a !== null && b !== null && a[0] === b[0];
}

/** Whether prices strictly rise (`direction` 1) or fall (-1). */
function isOrdered(levels: readonly (Level | null)[], direction: 1 | -1): boolean {
  let last: Level | null = null;
  for (const next of levels) {
    if (next === null) continue;
    if (last !== null && compareDecimal(next[0], last[0]) * direction <= 0) return false;
    last = next;
  }
  return true;
}

function present(levels: readonly (Level | null)[]): readonly Level[] {
  return levels.includes(null)
    ? levels.filter((l): l is Level => l !== null)
    : (levels as readonly Level[]);
}

/**
 * Whether `length` bytes are equal, compared as doubles for speed: of ASCII, so never NaN or a
 * zero.
 */
function sameBytes(a: DataView, atA: number, b: DataView, atB: number, length: number): boolean {
  if (atA + length + 8 > a.byteLength) return false;
  const last = length - 8;
  for (let i = 0; i < last; i += 8) {
    if (a.getFloat64(atA + i, true) !== b.getFloat64(atB + i, true)) return false;
  }
  return a.getFloat64(atA + last, true) === b.getFloat64(atB + last, true);
}

function matches(bytes: Uint8Array, at: number, expected: Uint8Array): boolean {
  for (let i = 0; i < expected.length; i++) if (bytes[at + i] !== expected[i]) return false;
  return true;
}

function isKey(bytes: Uint8Array, start: number, end: number, key: Uint8Array): boolean {
  return end - start === key.length && matches(bytes, start, key);
}

/** Offset of the quote that ends a plain string (printable ASCII, no escapes), or -1. */
function stringEnd(bytes: Uint8Array, start: number, limit: number): number {
  for (let at = start; at < limit; at++) {
    const byte = bytes[at]!;
    if (byte === QUOTE) return at;
    if (byte < 32 || byte > 126 || byte === BACKSLASH) return -1;
  }
  return -1;
}

/** End of the JSON number at `at`, or -1 if there is none; negative ones are left to others. */
function numberEnd(bytes: Uint8Array, at: number): number {
  let place = digitsEnd(bytes, at);
  if (place === at || (bytes[at] === ZERO && place > at + 1)) return -1;
  if (bytes[place] === POINT) {
    const end = digitsEnd(bytes, place + 1);
    if (end === place + 1) return -1;
    place = end;
  }
  // E and e differ in one bit.
  if ((bytes[place]! | 32) === 101) {
    const sign = bytes[place + 1] === 43 || bytes[place + 1] === 45 ? 1 : 0;
    const end = digitsEnd(bytes, place + 1 + sign);
    if (end === place + 1 + sign) return -1;
    place = end;
  }
  return place;
}

function digitsEnd(bytes: Uint8Array, at: number): number {
  let place = at;
  while (bytes[place]! >= ZERO && bytes[place]! <= NINE) place++;
  return place;
}

/** 13, 16 or 19 digits (ms, µs, ns) as Unix ms; -1 for all others, which `exchangeTime` reads. */
function timeOf(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length !== 13 && length !== 16 && length !== 19) return -1;
  if (bytes[start] === ZERO || digitsEnd(bytes, start) !== end) return -1;
  let value = 0;
  for (let at = start; at < start + 13; at++) value = value * 10 + bytes[at]! - ZERO;
  return value;
}

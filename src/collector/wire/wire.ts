import { decimalFromWire } from '../../market/decimal.js';
import { compareDecimal } from '../../market/decimal.js';
import { type Level, type Side, sortLevels } from '../../market/order-book.js';
import { cutText } from '../../market/outside-text.js';
import { ownText } from '../../market/own-text.js';
import { BareNumberError, type Json } from './quoted-json.js';
import { unreadable } from '../exchange-error.js';

/** Wire values in the requested shape, or an `ExchangeError` naming what was expected. */

/** An object of a message, keys to values. */
export type WireObject = { [key: string]: Json };

function shown(value: Json | undefined): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/** `value` as an object. */
export function wireObject(value: Json | undefined, what: string): WireObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw unreadable(`${what} is ${shown(value)}; expected an object`);
}

/** `value` as an array. */
export function wireArray(value: Json | undefined, what: string): Json[] {
  if (Array.isArray(value)) return value;
  throw unreadable(`${what} is ${shown(value)}; expected an array`);
}

/** `value` as text; a number is its literal text. */
export function wireText(value: Json | undefined, what: string): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') throw new BareNumberError();
  throw unreadable(`${what} is ${shown(value)}; expected text or a number`);
}

/** Optional text: null when absent or neither text nor a number. */
export function optionalText(value: Json | undefined): string | null {
  if (typeof value === 'number') throw new BareNumberError();
  return typeof value === 'string' ? value : null;
}

/**
 * A side in stored form: best first, zero levels (price or volume 0: padding, dust) dropped, and no
 * string that keeps the frame it came in alive: a level may outlive many books.
 * @param levels price and volume as on the wire, in any order
 * @throws {ExchangeError} when a price occurs twice; which of the two holds cannot be known
 */
export function readSide(side: Side, levels: Iterable<readonly [string, string]>): Level[] {
  const result: Level[] = [];
  for (const [wirePrice, wireVolume] of levels) {
    const price = decimalFromWire(wirePrice);
    const volume = decimalFromWire(wireVolume);
    if (price !== '0' && volume !== '0') result.push([ownText(price), ownText(volume)]);
  }
  sortLevels(side, result);
  for (let i = 1; i < result.length; i++) {
    if (compareDecimal(result[i]![0], result[i - 1]![0]) === 0) {
      throw unreadable(`the price ${result[i]![0]} occurs twice among the ${side}s`);
    }
  }
  return result;
}

/** Levels sent as objects, e.g. `{"price":"695.5","qty":"5000"}`. */
export function readLevelObjects(
  side: Side,
  value: Json | undefined,
  priceKey: string,
  volumeKey: string,
): Level[] {
  return readSide(
    side,
    wireArray(value, `${side}s`).map((item) => {
      const level = wireObject(item, `a level of the ${side}s`);
      return [wireText(level[priceKey], priceKey), wireText(level[volumeKey], volumeKey)] as const;
    }),
  );
}

/** Start of a message, for a log line. */
export function excerpt(data: Buffer | string): string {
  return cutText(typeof data === 'string' ? data : data.subarray(0, 600).toString('utf8'), 200);
}

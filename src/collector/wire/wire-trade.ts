import { decimalFromWire } from '../../market/decimal.js';
import { ownText } from '../../market/own-text.js';
import type { ReadTrade, TradeIdKind, TradeSide } from '../../market/trade.js';
import { ExchangeError, unreadable } from '../exchange-error.js';
import { exchangeTime } from './exchange-time.js';
import type { Json } from './quoted-json.js';
import { wireText } from './wire.js';

/** The values of a trade as in a message. */
export interface WireTrade {
  readonly id: Json | undefined;
  readonly idKind?: TradeIdKind;
  readonly side: TradeSide;
  readonly price: Json | undefined;
  readonly volume: Json | undefined;
  readonly time: Json | undefined;
  /** When the message was sent; absent where the exchange does not say. */
  readonly sent?: Json | undefined;
}

/** Longest id kept; those of the exchanges have at most 19 digits. */
const MAX_ID = 64;

/** A trade whose price or volume is 0: readable, but not a trade. */
export class ZeroTrade extends ExchangeError {
  /** @param what which of them is 0 */
  constructor(readonly what: 'price' | 'volume') {
    super('UNREADABLE', `the ${what} of a trade is 0`);
  }
}

/** Reads a trade from a message. @throws {ExchangeError} when a value is missing or impossible */
export function readTrade({
  id,
  idKind = 'EXCHANGE',
  side,
  price,
  volume,
  time,
  sent,
}: WireTrade): ReadTrade {
  const tradeId = idText(id);
  if (tradeId === '' || tradeId.length > MAX_ID) {
    throw unreadable(`the id has ${tradeId.length} characters; expected 1 to ${MAX_ID}`);
  }
  const exchangeTimestamp = exchangeTime(time);
  if (exchangeTimestamp === undefined) throw unreadable('the time of the trade cannot be read');
  return {
    tradeId: ownText(tradeId),
    idKind,
    side,
    price: amount(price, 'price'),
    volume: amount(volume, 'volume'),
    exchangeTimestamp,
    resolutionMs: isSeconds(time) ? 1000 : 1,
    messageTimestamp: exchangeTime(sent) ?? null,
  };
}

/** An id as text; an integer below 2^53 has lost no digit as a double. */
function idText(id: Json | undefined): string {
  return typeof id === 'number' && Number.isSafeInteger(id) ? String(id) : wireText(id, 'the id');
}

/** Whether a time, which is readable, has whole seconds. */
function isSeconds(time: Json | undefined): boolean {
  return typeof time === 'number' ? time < 1e11 : /^\d{1,11}$/.test(time as string);
}

/** The taker's side from a flag of a message. @throws {ExchangeError} when it is neither true nor false */
export function sideByFlag(bought: Json | undefined, what: string): TradeSide {
  if (bought === true) return 'buy';
  if (bought === false) return 'sell';
  throw unreadable(`${what} is ${JSON.stringify(bought) ?? 'missing'}; expected true or false`);
}

function amount(wire: Json | undefined, what: 'price' | 'volume'): string {
  const decimal = decimalFromWire(wireText(wire, `the ${what}`));
  if (decimal === '0') throw new ZeroTrade(what);
  return ownText(decimal);
}

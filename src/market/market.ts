import type { Exchange } from './exchange.js';

/** A traded pair: `BTC` for `KRW`. Both parts upper case. */
export interface Pair {
  /** Base asset, e.g. `BTC`. */
  readonly symbol: string;
  /** Quote currency, e.g. `KRW`. */
  readonly currency: string;
  /**
   * The exchange's own code of the market, where it does not follow from the names: `KRW-USDC.e`
   * for `USDC.E` and `KRW`. Only for the wire.
   */
  readonly code?: string;
}

/** A whole pair in place of a symbol: a mistake that would silently match nothing. */
const WHOLE_PAIR = /-(?:KRW|BTC|USDT|USDC)$/i;
/** Maximum length of a symbol or currency. */
const MAX_NAME = 40;

/**
 * Whether a text may be a symbol or currency: printable, without blanks, and without the separators
 * of patterns (`,` `:` `*`). Letters of any script, dots and underscores occur; a dash only in a
 * symbol.
 */
export function isMarketName(text: string, part: 'symbol' | 'currency'): boolean {
  if (text === '' || text.length > MAX_NAME || /[\p{C}\p{Z},:*]/u.test(text)) return false;
  return part === 'symbol' ? !WHOLE_PAIR.test(text) : !text.includes('-');
}

/** A symbol or currency in stored form: upper case, Unicode-normalised. */
export function marketName(text: string): string {
  return text.toUpperCase().normalize('NFC');
}

/** A pair on one exchange. */
export interface Market extends Pair {
  readonly exchange: Exchange;
}

/** A market whose texts are built once: they are needed for many books a second. */
export class MarketHandle implements Market {
  readonly exchange: Exchange;
  readonly symbol: string;
  readonly currency: string;
  declare readonly code?: string;
  readonly #text: string;
  readonly #key: string;

  /** @param pair its `code` is kept for the wire */
  constructor(exchange: Exchange, { symbol, currency, code }: Pair) {
    this.exchange = exchange;
    this.symbol = symbol;
    this.currency = currency;
    if (code !== undefined) this.code = code;
    this.#text = `${symbol}-${currency}`;
    this.#key = `${exchange}:${this.#text}`;
  }

  /** See {@link pairText}. */
  get text(): string {
    return this.#text;
  }

  /** See {@link marketKey}. */
  get key(): string {
    return this.#key;
  }
}

/** `BTC-KRW`. */
export function pairText(pair: Pick<Pair, 'symbol' | 'currency'>): string {
  return pair instanceof MarketHandle ? pair.text : `${pair.symbol}-${pair.currency}`;
}

/** `UPBIT:BTC-KRW`; unique per market, used as a map key and for display. */
export function marketKey(market: Market): string {
  return market instanceof MarketHandle
    ? market.key
    : `${market.exchange}:${market.symbol}-${market.currency}`;
}

/** The market of a {@link marketKey}; a dash in its symbol belongs to the symbol. */
export function marketFromKey(key: string): Market {
  const [colon, dash] = [key.indexOf(':'), key.lastIndexOf('-')];
  return {
    exchange: key.slice(0, colon) as Exchange,
    symbol: key.slice(colon + 1, dash),
    currency: key.slice(dash + 1),
  };
}

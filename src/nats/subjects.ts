import { isExchange } from '../market/exchange.js';
import { type Market, MarketHandle, marketKey } from '../market/market.js';

/** The stream that is the log. Its subjects are the kinds of {@link LogKind}. */
export const LOG_STREAM = 'ORDERBOOK_LOG';

/** What a message of the log is about; the first token of its subject. */
export const LOG_KINDS = [
  'book',
  'trade',
  'gap',
  'coverage',
  'span',
  'recording',
  'redate',
  'alive',
  'log',
] as const;

/** See {@link LOG_KINDS}. */
export type LogKind = (typeof LOG_KINDS)[number];

/**
 * A text as one token of a subject: letters, digits, `-` and `_` as they are, all else by its UTF-8
 * bytes in hexadecimal, `%2E`. Blanks, dots, `*` and `>` have a meaning in subjects.
 */
export function subjectToken(text: string): string {
  return encodeURIComponent(text).replace(
    /[.!~*'()]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

/** `book.UPBIT.BTC.KRW`. */
export function marketSubject(kind: LogKind, { exchange, symbol, currency }: Market): string {
  return `${kind}.${exchange}.${subjectToken(symbol)}.${subjectToken(currency)}`;
}

/** The kind and market of subjects, each read once. */
export class SubjectReader {
  readonly #known = new Map<string, Subject | null>();
  readonly #markets = new Map<string, Market>();

  /** What a subject is about; null when it is none of ours. */
  read(subject: string): Subject | null {
    let known = this.#known.get(subject);
    if (known === undefined) {
      known = this.#parse(subject);
      this.#known.set(subject, known);
    }
    return known;
  }

  #parse(subject: string): Subject | null {
    const [kind, exchange, symbol, currency] = subject.split('.');
    if (!LOG_KINDS.includes(kind as LogKind)) return null;
    if (exchange === undefined || symbol === undefined || currency === undefined)
      return { kind: kind as LogKind, market: null };
    if (!isExchange(exchange)) return null;
    try {
      const pair = {
        symbol: decodeURIComponent(symbol),
        currency: decodeURIComponent(currency),
      };
      return { kind: kind as LogKind, market: this.#market(new MarketHandle(exchange, pair)) };
    } catch {
      return null;
    }
  }

  /** One object for one market, whatever the message is about. */
  #market(market: Market): Market {
    const key = marketKey(market);
    const known = this.#markets.get(key);
    if (known !== undefined) return known;
    this.#markets.set(key, market);
    return market;
  }
}

/** What the subject of a message says. */
export interface Subject {
  readonly kind: LogKind;
  /** Null for messages about no single market. */
  readonly market: Market | null;
}

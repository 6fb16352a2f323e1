import { isExchange } from '../market/exchange.js';
import { type Market, MarketHandle, marketKey } from '../market/market.js';

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
 * A text as one token of a subject: letters, digits, `-` and `_` unchanged, everything else as its
 * UTF-8 bytes in hexadecimal, `%2E`. Blanks, dots, `*` and `>` have a meaning in subjects.
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

/** Kinds of messages that are not about a single market, whose subjects are `log.<NODE>`, `alive.<EXCHANGE>`, … */
const GENERAL: readonly LogKind[] = ['log', 'alive', 'redate'];

/** The kind and market of subjects; each market's subject is parsed once. */
export class SubjectReader {
  readonly #known = new Map<string, Subject>();
  readonly #markets = new Map<string, Market>();

  /** What a subject is about; null if this program writes no such subject. */
  read(subject: string): Subject | null {
    const known = this.#known.get(subject);
    if (known !== undefined) return known;
    const [kind, ...names] = subject.split('.') as [LogKind, ...string[]];
    if (GENERAL.includes(kind)) return isGeneral(kind, names) ? { kind, market: null } : null;
    const market = LOG_KINDS.includes(kind) ? this.#marketOf(kind, names) : null;
    if (market === null) return null;
    const read = { kind, market };
    this.#known.set(subject, read);
    return read;
  }

  #marketOf(kind: LogKind, names: readonly string[]): Market | null {
    const [exchange, ...pair] = names;
    if (exchange === undefined || !isExchange(exchange)) return null;
    try {
      const [symbol = '', currency = ''] = pair.map(decodeURIComponent);
      const market = this.#market(new MarketHandle(exchange, { symbol, currency }));
      return marketSubject(kind, market) === [kind, ...names].join('.') ? market : null;
    } catch {
      return null;
    }
  }

  /** One object per market, whatever the kind of message. */
  #market(market: Market): Market {
    const key = marketKey(market);
    const known = this.#markets.get(key);
    if (known !== undefined) return known;
    this.#markets.set(key, market);
    return market;
  }
}

function isGeneral(kind: LogKind, names: readonly string[]): boolean {
  return names.length === 1 && (kind === 'log' || isExchange(names[0]!));
}

/** What the subject of a message says. */
export interface Subject {
  readonly kind: LogKind;
  /** Null for messages that are not about a single market. */
  readonly market: Market | null;
}

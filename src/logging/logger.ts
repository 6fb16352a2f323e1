import type { Exchange } from '../market/exchange.js';
import type { Pair } from '../market/market.js';
import { EVENTS, type EventName, type EventParams } from './events.js';
import { LOG_LEVELS, type LogLevel, type LogRecord } from '../market/log-record.js';

/** The subject of an event: a market, a socket or poller (exchange only), or the program (nothing). */
interface LogSubject {
  readonly exchange?: Exchange;
  readonly pair?: Pair;
}

/** Receives finished log records: the files, the store. */
export type LogSink = (record: LogRecord) => void;

/** Options of {@link Logger}. */
export interface LoggerOptions {
  /** Records below this severity are dropped. */
  readonly level: LogLevel;
  readonly lang: 'ko' | 'en';
  /** Texts that must never appear in a message; each is replaced by `***`. */
  readonly secrets?: readonly string[];
  /** Clock, Unix ms. */
  readonly now?: () => number;
}

/** Maximum characters of a message; what an exchange sends may have any length. */
const MAX_MESSAGE = 2_000;
/** A shorter secret could be part of any word: it is hidden only where it stands alone. */
const SHORT_SECRET = 8;

/** What may precede a word: no letter or digit, unless part of `%20`, `\n` or `\u000a`. */
const BORDER = String.raw`^|[^\p{L}\p{N}]|%[\da-fA-F]{2}|\\[bfnrtv]|\\u[\da-fA-F]{4}`;

/** Matches a text where it is not part of a longer word or number. */
function asWord(text: string): RegExp {
  const literal = text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  return new RegExp(`(?<=${BORDER})${literal}(?![\\p{L}\\p{N}])`, 'gu');
}

/** Turns events of the catalogue into log records and passes them to every sink. */
export class Logger {
  readonly #options: LoggerOptions;
  readonly #secrets: readonly (string | RegExp)[];
  /** Length of the longest secret. */
  readonly #longest: number;
  readonly #sinks: LogSink[] = [];

  constructor(options: LoggerOptions) {
    this.#options = options;
    // A secret can appear verbatim or percent-encoded in an address.
    const secrets = (options.secrets ?? [])
      .flatMap((secret) => [secret, encodeURIComponent(secret)])
      .filter((secret) => secret !== '');
    this.#secrets = secrets.map((secret) =>
      secret.length < SHORT_SECRET ? asWord(secret) : secret,
    );
    this.#longest = Math.max(0, ...secrets.map(({ length }) => length));
  }

  /** Adds a sink for all records from now on. */
  addSink(sink: LogSink): void {
    this.#sinks.push(sink);
  }

  /** Logs event `name` about `subject`; `params` fill its text. */
  log<E extends EventName>(name: E, subject: LogSubject, params: EventParams<E>): void {
    const kind = EVENTS[name];
    if (LOG_LEVELS.indexOf(kind.level) < LOG_LEVELS.indexOf(this.#options.level)) return;
    const text = (kind[this.#options.lang] as (p: EventParams<E>) => string)(params);
    const record: LogRecord = {
      timestamp: (this.#options.now ?? Date.now)(),
      level: kind.level,
      event: name,
      exchange: subject.exchange ?? null,
      pair: subject.pair ?? null,
      message: this.#clean(text),
      params: this.#paramsText(params),
    };
    for (const sink of this.#sinks) sink(record);
  }

  /** A text safe to show: each secret in it is replaced by `***`. */
  withoutSecrets(text: string): string {
    let hidden = text;
    for (const secret of this.#secrets) hidden = hidden.replaceAll(secret, '***');
    return hidden;
  }

  /** The parameters of an event as JSON, each text sanitised like a message. */
  #paramsText(params: unknown): string {
    return JSON.stringify(params ?? {}, (_name, value: unknown) =>
      typeof value === 'string' ? this.#clean(value) : value,
    );
  }

  /**
   * One line of bounded length without control characters (a peer's text could forge lines) and
   * without secrets.
   */
  #clean(text: string): string {
    // Secrets first: the escape of a control character would become part of the word after it.
    const looked = text.slice(0, MAX_MESSAGE + 2 * this.#longest);
    let hidden = this.withoutSecrets(looked);
    // At the cut-off a secret may have been split and missed.
    if (looked.length < text.length) hidden = hidden.slice(0, hidden.length - this.#longest);
    let clean = hidden.replace(/[\p{Cc}\u2028\u2029]/gu, (c) => {
      return `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`;
    });
    if (text.length <= MAX_MESSAGE && clean.length <= 3 * MAX_MESSAGE) return clean;
    clean = clean.slice(0, MAX_MESSAGE);
    return `${clean}… (${text.length})`;
  }
}

/** The tag of a line: `UPBIT-BTC`, `UPBIT-ETH-BTC`, `UPBIT` or `SYSTEM` (docs/data.md). */
function tagOf(record: LogRecord): string {
  if (record.exchange === null) return 'SYSTEM';
  if (record.pair === null) return record.exchange;
  const { symbol, currency } = record.pair;
  return currency === 'KRW'
    ? `${record.exchange}-${symbol}`
    : `${record.exchange}-${symbol}-${currency}`;
}

const two = (n: number): string => String(n).padStart(2, '0');

/** `2024-04-14 20:32:01`, local time. */
export function localTime(ms: number): string {
  const d = new Date(ms);
  return (
    `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ` +
    `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`
  );
}

/** A time from an exchange, for a log line; `?` if it is not a time. */
export function timeShown(time: number | null | undefined): string {
  // Beyond that a Date is invalid.
  return typeof time === 'number' && Math.abs(time) <= 8.64e15 ? localTime(time) : '?';
}

/** A record as its line in the files and on standard output, without the line end. */
export function formatLine(record: LogRecord): string {
  return `[${localTime(record.timestamp)}] [${record.level.toUpperCase()}] [${tagOf(record)}] ${record.message}`;
}

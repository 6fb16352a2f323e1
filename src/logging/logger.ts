import type { Exchange } from '../market/exchange.js';
import type { Pair } from '../market/market.js';
import { EVENTS, type EventName, type EventParams } from './events.js';
import { LOG_LEVELS, type LogLevel, type LogRecord } from '../market/log-record.js';

/** What an event is about: a market, a socket or poller (exchange only), or the program (nothing). */
interface LogSubject {
  readonly exchange?: Exchange;
  readonly pair?: Pair;
}

/** Takes finished log records: the files, the store. */
export type LogSink = (record: LogRecord) => void;

/** How {@link Logger} is set up. */
export interface LoggerOptions {
  /** Records below this severity are dropped. */
  readonly level: LogLevel;
  readonly lang: 'ko' | 'en';
  /** Texts that must never appear in a message; each is replaced by `***`. */
  readonly secrets?: readonly string[];
  /** Clock, Unix ms. */
  readonly now?: () => number;
}

/** Characters of a message that are kept; what an exchange sends may have any length. */
const MAX_MESSAGE = 2_000;
/** A secret with fewer characters may be a part of any word: it is hidden where it stands alone. */
const SHORT_SECRET = 8;

/** What may stand before a word: no letter or digit, unless they are of `%20`, `\n` or `\u000a`. */
const BORDER = String.raw`^|[^\p{L}\p{N}]|%[\da-fA-F]{2}|\\[bfnrtv]|\\u[\da-fA-F]{4}`;

/** Finds a text where it is not a part of a longer word or number. */
function asWord(text: string): RegExp {
  const literal = text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  return new RegExp(`(?<=${BORDER})${literal}(?![\\p{L}\\p{N}])`, 'gu');
}

/** Turns events of the catalogue into log records and hands them to every sink. */
export class Logger {
  readonly #options: LoggerOptions;
  readonly #secrets: readonly (string | RegExp)[];
  /** Characters of the longest secret. */
  readonly #longest: number;
  readonly #sinks: LogSink[] = [];

  constructor(options: LoggerOptions) {
    this.#options = options;
    // A secret can appear as it is or percent-encoded in an address.
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

  /** A text as it may be shown: each secret in it is replaced by `***`. */
  withoutSecrets(text: string): string {
    let hidden = text;
    for (const secret of this.#secrets) hidden = hidden.replaceAll(secret, '***');
    return hidden;
  }

  /** The parameters of an event as JSON, each text of them as clean as a message. */
  #paramsText(params: unknown): string {
    return JSON.stringify(params ?? {}, (_name, value: unknown) =>
      typeof value === 'string' ? this.#clean(value) : value,
    );
  }

  /** One line of bounded length without control characters (a peer's text could forge lines) and without secrets. */
  #clean(text: string): string {
    // Secrets first: what a control character is written as would be a part of the word behind it.
    const looked = text.slice(0, MAX_MESSAGE + 2 * this.#longest);
    let hidden = this.withoutSecrets(looked);
    // At the end of what is looked at, a secret may have been cut in two and not been found.
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

/** A time that an exchange gave, for a log line; `?` for one that is none. */
export function timeShown(time: number | null | undefined): string {
  // Beyond it a Date is invalid.
  return typeof time === 'number' && Math.abs(time) <= 8.64e15 ? localTime(time) : '?';
}

/** A record as its line in the files and on standard output, without the line end. */
export function formatLine(record: LogRecord): string {
  return `[${localTime(record.timestamp)}] [${record.level.toUpperCase()}] [${tagOf(record)}] ${record.message}`;
}

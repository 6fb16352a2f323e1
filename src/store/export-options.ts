import { EXCHANGES, isExchange } from '../market/exchange.js';
import { isMarketName, marketName } from '../market/market.js';
import type { ExportOptions } from './store-types.js';

/** Something that a person asked for cannot be done; the message says what would be right. */
export class BadInputError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'BadInputError';
  }
}

/** Names that {@link parseExportOptions} understands: the command's flags, the query parameters. */
export const EXPORT_INPUTS = [
  'exchange',
  'symbol',
  'currency',
  'from',
  'to',
  'shape',
  'format',
] as const;

const SHAPES = ['rows', 'books', 'gaps'] as const;
const FORMATS = ['json', 'ndjson'] as const;

/**
 * What to export, from texts that a person wrote. Absent: every symbol, every currency, all times,
 * `rows`, `json`. Names of exchanges, symbols and currencies in either case.
 * @throws {BadInputError} naming what is wrong and what would be right.
 */
export function parseExportOptions(input: Record<string, string | undefined>): ExportOptions {
  for (const name of Object.keys(input)) {
    if (!(EXPORT_INPUTS as readonly string[]).includes(name)) {
      throw new BadInputError(`unknown option "${name}"; there are ${EXPORT_INPUTS.join(', ')}`);
    }
  }
  const exchange = input['exchange']?.toUpperCase();
  if (exchange === undefined || !isExchange(exchange)) {
    const was = exchange === undefined ? 'no exchange is named' : `unknown exchange "${exchange}"`;
    throw new BadInputError(`${was}; choose one of ${EXCHANGES.join(', ')}`);
  }
  const from = input['from'] === undefined ? undefined : parseTime('from', input['from']);
  const to = input['to'] === undefined ? undefined : parseTime('to', input['to']);
  if (from !== undefined && to !== undefined && from >= to) {
    throw new BadInputError(
      `"from" (${input['from']}) must be before "to" (${input['to']}); "to" itself is excluded`,
    );
  }
  return {
    exchange,
    symbol: parseCode('symbol', input['symbol'], 'BTC'),
    currency: parseCode('currency', input['currency'], 'KRW'),
    from,
    to,
    shape: parseChoice('shape', input['shape'], SHAPES),
    format: parseChoice('format', input['format'], FORMATS),
  };
}

function parseCode(
  name: 'symbol' | 'currency',
  text: string | undefined,
  example: string,
): string | undefined {
  if (text === undefined) return undefined;
  const code = marketName(text);
  if (isMarketName(code, name)) return code;
  throw new BadInputError(`"${name}" is "${text}"; it must be one name such as ${example}`);
}

function parseChoice<const T extends readonly [string, ...string[]]>(
  name: string,
  text: string | undefined,
  choices: T,
): T[number] {
  if (text === undefined) return choices[0];
  const choice = choices.find((candidate) => candidate === text.toLowerCase());
  if (choice !== undefined) return choice;
  throw new BadInputError(`"${name}" is "${text}"; it must be ${choices.join(' or ')}`);
}

// A space before the offset is a plus sign that a query string turned into a space.
const ISO =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(Z|[+ -]\d\d(?::?\d\d)?)?)?$/i;

/**
 * A time as Unix ms: a number of milliseconds, or ISO 8601. Without an offset it is local time of
 * this machine (as the log files are), a date alone is its first moment.
 * @throws {BadInputError} when it is neither, or no such day or time exists.
 */
export function parseTime(name: string, text: string): number {
  const wrong = new BadInputError(
    `"${name}" is "${text}"; it must be a time such as 2024-04-14T20:32:01+09:00, 2024-04-14 (local time) ` +
      'or 1713094321000 (Unix milliseconds)',
  );
  if (/^\d{1,15}$/.test(text)) {
    // A small number can only be a mistake: seconds, or a year.
    if (text.length < 12 && text !== '0') {
      throw new BadInputError(
        `"${name}" is "${text}"; a number is Unix milliseconds, such as 1713094321000`,
      );
    }
    return Number(text);
  }
  const match = ISO.exec(text);
  if (match === null) throw wrong;
  const part = (i: number): number => Number(match[i] ?? 0);
  const [year, month, day, hour, minute, second] = [1, 2, 3, 4, 5, 6].map(part) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const lastDay = new Date(Date.UTC(year, month, 0)).getUTCDate();
  if (month < 1 || month > 12 || day < 1 || day > lastDay) throw wrong;
  if (hour > 23 || minute > 59 || second > 59) throw wrong;
  const ms = Number((match[7] ?? '').padEnd(3, '0').slice(0, 3));
  const offset = match[8]?.toUpperCase();
  if (offset === undefined) {
    return new Date(year, month - 1, day, hour, minute, second, ms).getTime();
  }
  return Date.UTC(year, month - 1, day, hour, minute, second, ms) - offsetMinutes(offset) * 60_000;
}

/** `+09:00` -> 540. */
function offsetMinutes(text: string): number {
  if (text === 'Z') return 0;
  const digits = text.slice(1).replace(':', '');
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2) || 0);
  return text.startsWith('-') ? -minutes : minutes;
}

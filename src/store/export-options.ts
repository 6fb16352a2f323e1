import { EXCHANGES, isExchange } from '../market/exchange.js';
import { isMarketName, marketName } from '../market/market.js';
import { TIME_EXAMPLES, timeFromText } from '../market/time-text.js';
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
  const from = parseTime('from', input['from']);
  const to = parseTime('to', input['to']);
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

function parseTime(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = timeFromText(text);
  if (time !== null) return time;
  throw new BadInputError(`"${name}" is "${text}"; it must be ${TIME_EXAMPLES}`);
}

import { EXCHANGES, type Exchange, isExchange } from '../../market/exchange.js';
import { isMarketName, marketName } from '../../market/market.js';
import { TIME_EXAMPLES, timeFromText } from '../../market/time-text.js';
import type { ExportOptions } from '../reader-types.js';
import { FORMATS, type ShapeName, SHAPES, shapeOf } from './shapes.js';

/** A user's request that cannot be fulfilled; the message says what would be right. */
export class BadInputError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'BadInputError';
  }
}

/** A market that no exchange lists and nothing is stored for. */
export class UnknownMarketInputError extends BadInputError {}

/** Inputs of {@link parseExportOptions}: the command's flags, the query parameters. */
export const EXPORT_INPUTS = [
  'exchange',
  'symbol',
  'currency',
  'from',
  'to',
  'shape',
  'format',
  'every',
  'depth',
  'of',
] as const;

/** Minimum and maximum of `every`, ms, and of `depth`, levels. */
const EVERY = [1, 86_400_000] as const;
const DEPTH = [1, 10_000] as const;

/**
 * Parses export options from user-supplied texts. Absent: every symbol, every currency, all times,
 * `rows`, `json` (`csv` where the shape has only that). Names are case-insensitive. Several
 * exchanges are separated by commas; `all` stands for every one.
 * @throws {BadInputError} naming what is wrong and what would be right.
 */
export function parseExportOptions(input: Record<string, string | undefined>): ExportOptions {
  for (const name of Object.keys(input)) {
    if (!(EXPORT_INPUTS as readonly string[]).includes(name)) {
      throw new BadInputError(
        `unknown option "${name}"; the options are ${EXPORT_INPUTS.join(', ')}`,
      );
    }
  }
  const from = parseTime('from', input['from']);
  const to = parseTime('to', input['to']);
  if (from !== undefined && to !== undefined && from >= to) {
    throw new BadInputError(
      `"from" (${input['from']}) must be before "to" (${input['to']}); "to" is exclusive`,
    );
  }
  const shape = parseChoice('shape', input['shape'], SHAPE_NAMES) ?? 'rows';
  const { formats } = shapeOf(shape);
  const format = parseChoice('format', input['format'], FORMATS) ?? formats[0]!;
  if (!formats.includes(format)) {
    throw new BadInputError(
      `"shape" ${shape} has the format ${formats.join(' or ')}, not ${format}`,
    );
  }
  const of = parseChoice('of', input['of'], GAPS_OF);
  if (of !== undefined && shape !== 'gaps') {
    throw new BadInputError(`"of" does not apply to the shape ${shape}; it applies to gaps`);
  }
  return {
    exchanges: parseExchanges(input['exchange']),
    symbol: parseCode('symbol', input['symbol'], 'BTC'),
    currency: parseCode('currency', input['currency'], 'KRW'),
    from,
    to,
    shape,
    format,
    ...parseOf(shape, 'every', input['every'], EVERY, 'milliseconds'),
    ...parseOf(shape, 'depth', input['depth'], DEPTH, 'levels a side'),
    ...(of === undefined ? {} : { of }),
  };
}

/** Whose gaps to export. */
const GAPS_OF = ['books', 'trades'] as const;

const SHAPE_NAMES = Object.keys(SHAPES) as ShapeName[];

function parseExchanges(text: string | undefined): readonly Exchange[] {
  const choice = `choose one of ${EXCHANGES.join(', ')}, several of them, or all`;
  if (text === undefined) throw new BadInputError(`no exchange is named; ${choice}`);
  const names = text.split(',').map((name) => name.trim().toUpperCase());
  if (names.length === 1 && names[0] === 'ALL') return EXCHANGES;
  const unknown = names.find((name) => !isExchange(name));
  if (unknown !== undefined) {
    throw new BadInputError(`unknown exchange "${unknown}"; ${choice}`);
  }
  return EXCHANGES.filter((exchange) => names.includes(exchange));
}

/** A number that only some shapes accept. */
function parseOf<const N extends 'every' | 'depth'>(
  shape: ShapeName,
  name: N,
  text: string | undefined,
  [least, most]: readonly [number, number],
  unit: string,
): { readonly [K in N]?: number } {
  if (text === undefined) return {};
  if (!shapeOf(shape)[name]) {
    const taking = SHAPE_NAMES.filter((other) => shapeOf(other)[name]);
    throw new BadInputError(
      `"${name}" does not apply to the shape ${shape}; it applies to ${taking.join(', ')}`,
    );
  }
  const number = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
  if (number >= least && number <= most) return { [name]: number } as { [K in N]?: number };
  throw new BadInputError(
    `"${name}" is "${text}"; it must be a whole number of ${unit} from ${least} to ${most}`,
  );
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

function parseChoice<const T extends string>(
  name: string,
  text: string | undefined,
  choices: readonly T[],
): T | undefined {
  if (text === undefined) return undefined;
  const choice = choices.find((candidate) => candidate.toLowerCase() === text.toLowerCase());
  if (choice !== undefined) return choice;
  throw new BadInputError(`"${name}" is "${text}"; it must be ${choices.join(' or ')}`);
}

function parseTime(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = timeFromText(text);
  if (time !== null) return time;
  throw new BadInputError(`"${name}" is "${text}"; it must be ${TIME_EXAMPLES}`);
}

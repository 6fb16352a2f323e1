import { isExchange } from '../market/exchange.js';
import { GAP_CAUSES } from '../market/gap.js';
import { LOG_LEVELS } from '../market/log-record.js';
import { TRADE_ID_KINDS, TRADE_ORIGINS } from '../market/trade.js';
import { TRADE_COMPLETENESS } from '../market/trade-span.js';

type Check = (value: unknown) => boolean;

const isInteger: Check = Number.isSafeInteger;
/** What fits into a column of 32 bits. */
const isCount: Check = (value) =>
  isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 31;
const isBoolean: Check = (value) => typeof value === 'boolean';
const isText: Check = (value) => typeof value === 'string';
const isDecimal: Check = (value) => isText(value) && /^\d+(\.\d+)?$/.test(value as string);
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
const orAbsent =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const isLevels: Check = (value) =>
  Array.isArray(value) &&
  value.every((level) => Array.isArray(level) && level.length === 2 && level.every(isDecimal));
const oneOf =
  (values: readonly string[]): Check =>
  (value) =>
    values.includes(value as string);

/**
 * What each kind of message must have to be one of this program's: other programs may write to its
 * subjects, and what the store cannot take would stop it for good.
 */
const SHAPES = {
  book: {
    t: isInteger,
    e: orNull(isInteger),
    g: isBoolean,
    p: isInteger,
    w: isInteger,
    a: isLevels,
    b: isLevels,
  },
  trade: {
    tradeId: isText,
    idKind: oneOf(TRADE_ID_KINDS),
    side: oneOf(['buy', 'sell']),
    price: isDecimal,
    volume: isDecimal,
    exchangeTimestamp: isInteger,
    resolutionMs: isInteger,
    messageTimestamp: orNull(isInteger),
    timestamp: isInteger,
    origin: oneOf(TRADE_ORIGINS),
  },
  coverage: {
    term: isInteger,
    minute: isInteger,
    frames: isCount,
    changed: isCount,
    repeats: isCount,
    longestSilenceMs: isInteger,
    audits: orAbsent(isCount),
    auditDifferences: orAbsent(isCount),
    lateBooks: orAbsent(isCount),
  },
  span: {
    term: isInteger,
    start: isInteger,
    end: isInteger,
    completeness: oneOf(TRADE_COMPLETENESS),
    cause: orNull(oneOf(GAP_CAUSES)),
    detail: orNull(isText),
    checked: isBoolean,
    ifUnknown: orAbsent(isBoolean),
    fill: orAbsent(isInteger),
  },
  gap: {
    term: isInteger,
    start: isInteger,
    end: orNull(isInteger),
    cause: oneOf(GAP_CAUSES),
    detail: orNull(isText),
    attempts: isCount,
  },
  recording: { term: isInteger, recording: isBoolean, at: isInteger },
  alive: {
    t: isInteger,
    node: isText,
    begins: orAbsent(isBoolean),
    closed: orAbsent(isBoolean),
  },
  redate: { after: isInteger, byMs: orNull(isInteger) },
  log: {
    timestamp: isInteger,
    level: oneOf(LOG_LEVELS),
    event: isText,
    message: isText,
    exchange: orNull((value) => isText(value) && isExchange(value as string)),
  },
} satisfies Record<string, Readonly<Record<string, Check>>>;

const WORDS: Readonly<Record<keyof typeof SHAPES, string>> = {
  book: 'book',
  trade: 'trade',
  coverage: 'coverage record',
  span: 'span of trades',
  gap: 'gap',
  recording: 'state of recording',
  alive: 'sign of life',
  redate: 'correction of time',
  log: 'log record',
};

/** The message itself, checked to be of its kind. @throws {Error} naming the first field that is wrong */
export function shaped<T>(kind: keyof typeof SHAPES, message: T): T {
  const fields = message as Readonly<Record<string, unknown>> | null;
  if (typeof fields !== 'object' || fields === null) throw new Error(`it is not a ${WORDS[kind]}`);
  for (const [name, isRight] of Object.entries<Check>(SHAPES[kind])) {
    if (!isRight(fields[name])) throw new Error(`it is not a ${WORDS[kind]}: ${name} is wrong`);
  }
  return message;
}

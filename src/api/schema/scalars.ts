import { inspect } from 'node:util';
import {
  GraphQLError,
  GraphQLScalarType,
  Kind,
  type ValueNode,
  valueFromASTUntyped,
} from 'graphql';
import { decimalFromWire } from '../../market/decimal.js';
import { TIME_EXAMPLES, timeFromText } from '../../market/time-text.js';
import { builder } from './builder.js';

function refuse(message: string, node?: ValueNode): GraphQLError {
  return new GraphQLError(message, {
    extensions: { code: 'BAD_USER_INPUT' },
    ...(node === undefined ? {} : { nodes: node }),
  });
}

function shown(value: unknown): string {
  // Not JSON: deeply nested lists would make that fail with a different error.
  const text = typeof value === 'string' ? JSON.stringify(value) : inspect(value, { depth: 1 });
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/** Range of a JavaScript date, ms on either side of 1970. */
const MAX_TIME = 8.64e15;
/** Smaller numbers can only be seconds or a year; as milliseconds they would all fall in 1970. */
const LEAST_TIME = 1e11;

function timeFrom(value: unknown, node?: ValueNode): number {
  const time = typeof value === 'string' ? timeFromText(value) : value;
  if (typeof time === 'number' && Number.isInteger(time) && Math.abs(time) <= MAX_TIME) {
    if (typeof value === 'string' || time === 0 || Math.abs(time) >= LEAST_TIME) return time;
  }
  throw refuse(`expected ${TIME_EXAMPLES}, found ${shown(value)}`, node);
}

const DateTime = new GraphQLScalarType<number, string>({
  name: 'DateTime',
  description:
    "A moment. Returned as ISO 8601 in UTC with milliseconds, `2026-09-01T12:00:00.000Z`; accepted in that form, with any offset (RFC 3339), without one as the recorder's local time, as a date alone for the start of that day, or as Unix milliseconds.",
  specifiedByURL: 'https://datatracker.ietf.org/doc/html/rfc3339#section-5.6',
  serialize: (value) => new Date(value as number).toISOString(),
  parseValue: (value) => timeFrom(value),
  parseLiteral: (node) =>
    timeFrom(node.kind === Kind.INT ? Number(node.value) : valueFromASTUntyped(node), node),
});

function decimalFrom(value: unknown, node?: ValueNode): string {
  try {
    if (typeof value === 'string') return decimalFromWire(value);
  } catch {
    // Falls through to the same error as any other value.
  }
  throw refuse(
    `expected a decimal number as text such as "0.0007772", found ${shown(value)}`,
    node,
  );
}

const Decimal = new GraphQLScalarType<string, string>({
  name: 'Decimal',
  description:
    'An exact decimal number as plain text without exponent, trailing zeros or plus sign: `116539000`, `0.0007772`.',
  serialize: (value) => value as string,
  parseValue: (value) => decimalFrom(value),
  parseLiteral: (node) => decimalFrom('value' in node ? node.value : undefined, node),
});

function integerFrom(value: unknown, node?: ValueNode): number {
  const number = typeof value === 'string' && /^-?\d{1,16}$/.test(value) ? Number(value) : value;
  if (typeof number === 'number' && Number.isSafeInteger(number)) return number;
  throw refuse(`expected a whole number such as "42", found ${shown(value)}`, node);
}

const BigIntScalar = new GraphQLScalarType<number, string>({
  name: 'BigInt',
  description:
    'An integer of up to 64 bits, returned as text so that no client rounds it; accepted as text or number.',
  serialize: (value) => String(value),
  parseValue: (value) => integerFrom(value),
  parseLiteral: (node) => integerFrom('value' in node ? node.value : undefined, node),
});

builder.addScalarType('DateTime', DateTime);
builder.addScalarType('Decimal', Decimal);
builder.addScalarType('BigInt', BigIntScalar);

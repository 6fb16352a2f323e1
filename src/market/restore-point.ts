import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { collectPatternText, parseCollect } from './collect-pattern.js';
import { RestorePointError } from './collector-control.js';
import { isExchange } from './exchange.js';
import type { Wishes } from './managed-lists.js';
import { type Market, marketKey } from './market.js';

/** First part of a restore point: the format version of the rest. */
const FORM = 1;
/** Maximum size a restore point may unpack to, bytes: many times every market of five exchanges. */
const MAX_BYTES = 1_000_000;

/** Wishes as one text without blanks, for later use. */
export function toRestorePoint({ disabled, patterns, markets }: Wishes): string {
  const plain = [
    FORM,
    disabled,
    patterns.map(({ pattern, wanted }) => [collectPatternText(pattern), wanted]),
    markets.map(({ market, wanted }) => [marketKey(market), wanted]),
  ];
  return deflateRawSync(JSON.stringify(plain)).toString('base64url');
}

/** The wishes in a {@link toRestorePoint} text. @throws {RestorePointError} when it is not one */
export function fromRestorePoint(text: string): Wishes {
  try {
    const packed = Buffer.from(text.trim(), 'base64url');
    const plain = inflateRawSync(packed, { maxOutputLength: MAX_BYTES }).toString();
    const [form, disabled, patterns, markets] = JSON.parse(plain) as unknown[];
    if (form !== FORM) throw new RestorePointError();
    return {
      disabled: list(disabled).map((name) => {
        if (typeof name === 'string' && isExchange(name)) return name;
        throw new RestorePointError();
      }),
      patterns: list(patterns).map((entry) => wishOf(entry)),
      markets: list(markets).map((entry) => {
        const { pattern, wanted } = wishOf(entry);
        const { exchange, symbol, currency } = pattern;
        if (exchange === null || symbol === null || currency === null || wanted === null)
          throw new RestorePointError();
        const market: Market = { exchange, symbol, currency };
        return { market, wanted };
      }),
    };
  } catch {
    throw new RestorePointError();
  }
}

function list(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  throw new RestorePointError();
}

/** A pattern as written in `COLLECT`, and what was wanted for it. */
function wishOf(entry: unknown): Wishes['patterns'][number] {
  const [text, wanted] = list(entry);
  if (typeof text !== 'string' || !(wanted === null || typeof wanted === 'boolean'))
    throw new RestorePointError();
  const read = parseCollect(text);
  const pattern = read.ok && read.patterns.length === 1 ? read.patterns[0] : undefined;
  if (pattern === undefined) throw new RestorePointError();
  return { pattern, wanted };
}

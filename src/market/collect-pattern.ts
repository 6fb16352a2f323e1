import { EXCHANGES, type Exchange, isExchange } from './exchange.js';
import { isMarketName, type Market, marketName, type Pair } from './market.js';

/** One entry of `COLLECT`; null stands for `*`, any. */
export interface CollectPattern {
  readonly exchange: Exchange | null;
  readonly symbol: string | null;
  readonly currency: string | null;
}

/** The grammar in words, for error messages. */
export const COLLECT_GRAMMAR =
  '[EXCHANGE:]SYMBOL-CURRENCY, where * stands for a whole part, for example BTC-KRW, UPBIT:ETH-KRW, UPBIT:*-KRW or *-*';

/** Result of parsing a `COLLECT` text: its patterns, or one line for every bad entry. */
type CollectResult =
  | { readonly ok: true; readonly patterns: readonly CollectPattern[] }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Parses a comma list of {@link COLLECT_GRAMMAR}; case-insensitive, empty text gives no pattern. */
export function parseCollect(text: string): CollectResult {
  const patterns: CollectPattern[] = [];
  const problems: string[] = [];
  for (const entry of text.split(',')) {
    const trimmed = entry.trim();
    if (trimmed === '') continue;
    const colon = trimmed.indexOf(':');
    const exchange = colon === -1 ? '*' : trimmed.slice(0, colon).toUpperCase();
    const pair = parsePattern(trimmed.slice(colon + 1));
    if (pair === null || !/^(?:[A-Z]+|\*)$/.test(exchange)) {
      problems.push(`${JSON.stringify(trimmed)} is not a market; write ${COLLECT_GRAMMAR}`);
    } else if (exchange !== '*' && !isExchange(exchange)) {
      problems.push(
        `${JSON.stringify(trimmed)} names an unknown exchange; the exchanges are ${EXCHANGES.join(', ')}`,
      );
    } else {
      patterns.push({ exchange: exchange === '*' ? null : exchange, ...pair });
    }
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, patterns };
}

/** Parses `BTC-KRW`, where each part may be `*`; null when it is neither. */
function parsePattern(text: string): Omit<CollectPattern, 'exchange'> | null {
  const dash = text.lastIndexOf('-');
  if (dash === -1) return null;
  const symbol = marketName(text.slice(0, dash));
  const currency = marketName(text.slice(dash + 1));
  if (symbol !== '*' && !isMarketName(symbol, 'symbol')) return null;
  if (currency !== '*' && !isMarketName(currency, 'currency')) return null;
  return {
    symbol: symbol === '*' ? null : symbol,
    currency: currency === '*' ? null : currency,
  };
}

/** Whether `pattern` matches `market`. */
export function matchesPattern(pattern: CollectPattern, market: Market): boolean {
  return (
    (pattern.exchange === null || pattern.exchange === market.exchange) &&
    (pattern.symbol === null || pattern.symbol === market.symbol) &&
    (pattern.currency === null || pattern.currency === market.currency)
  );
}

/** Whether every market that `narrow` matches is also matched by `wide`. */
export function coversPattern(wide: CollectPattern, narrow: CollectPattern): boolean {
  return (
    (wide.exchange === null || wide.exchange === narrow.exchange) &&
    (wide.symbol === null || wide.symbol === narrow.symbol) &&
    (wide.currency === null || wide.currency === narrow.currency)
  );
}

/** Whether any market could match both patterns. */
export function overlapsPattern(a: CollectPattern, b: CollectPattern): boolean {
  const meet = (x: string | null, y: string | null): boolean => x === null || y === null || x === y;
  return meet(a.exchange, b.exchange) && meet(a.symbol, b.symbol) && meet(a.currency, b.currency);
}

/** Whether `pattern` names a pair, with no `*` for symbol or currency. */
export function isFullName(pattern: CollectPattern): boolean {
  return pattern.symbol !== null && pattern.currency !== null;
}

/**
 * The pairs of `exchange` that `patterns` select: all matches in `listed`, plus those named in full
 * whether listed or not (so that a mistyped market is reported rather than ignored).
 */
export function wantedPairs(
  patterns: readonly CollectPattern[],
  exchange: Exchange,
  listed: readonly Pair[],
): Pair[] {
  const wanted = new Map<string, Pair>();
  for (const pattern of patterns) {
    if (pattern.exchange !== null && pattern.exchange !== exchange) continue;
    if (pattern.symbol !== null && pattern.currency !== null) {
      const { symbol, currency } = pattern;
      wanted.set(`${symbol}-${currency}`, { symbol, currency });
      continue;
    }
    for (const { symbol, currency } of listed) {
      if (matchesPattern(pattern, { exchange, symbol, currency })) {
        wanted.set(`${symbol}-${currency}`, { symbol, currency });
      }
    }
  }
  return [...wanted.values()];
}

/** A pattern as it is written in `COLLECT`. */
export function collectPatternText(pattern: CollectPattern): string {
  const pair = `${pattern.symbol ?? '*'}-${pattern.currency ?? '*'}`;
  return pattern.exchange === null ? pair : `${pattern.exchange}:${pair}`;
}

/** The first of some patterns, as they are written in `COLLECT`. */
export function somePatternsText(patterns: readonly CollectPattern[]): string {
  return patterns.slice(0, 5).map(collectPatternText).join(', ');
}

/** Patterns that match no listed market of any exchange: most likely a mistake worth reporting. */
export function unmatchedPatterns(
  patterns: readonly CollectPattern[],
  listed: (exchange: Exchange) => readonly Pair[],
): CollectPattern[] {
  return patterns.filter((pattern) =>
    EXCHANGES.every((exchange) => wantedPairs([pattern], exchange, listed(exchange)).length === 0),
  );
}

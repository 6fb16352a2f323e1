import { seedFrom } from './random.js';
import type { FeedMarket, Wish } from './ticket-feed.js';

/** Levels a side on the WebSocket at most. */
export const BITHUMB_WS_DEPTH = 15;

/** A client's message, understood. */
export type BithumbRequest<M> =
  | { readonly kind: 'subscribe'; readonly format: string; readonly wishes: Wish<M>[] }
  | { readonly kind: 'error'; readonly text: string };

/** Error frames as captured (`bithumb.error.close-1000`); in all of them the name comes first. */
const ERRORS = {
  format: '{"error":{"name":"WRONG_FORMAT","message":"Format 이 맞지 않습니다."}}',
  ticket: '{"error":{"name":"NO_TICKET","message":"티켓이 존재하지 않거나, 유효하지 않습니다."}}',
  codes: '{"error":{"name":"NO_CODES","message":"codes 필드가 존재하지 않습니다."}}',
  emptyCodes: '{"error":{"name":"INVALID_PARAM","message":"codes 필드가 비어 있습니다."}}',
} as const;

function fail(text: string): { kind: 'error'; text: string } {
  return { kind: 'error', text };
}

/**
 * Reads a message (anything but `PING`). Unknown codes give no wish and no error; `find` gives the
 * listed market of a code. Only camelCase flags count; an unknown format is DEFAULT.
 */
export function parseBithumbRequest<M extends FeedMarket>(
  text: string,
  find: (code: string) => M | undefined,
): BithumbRequest<M> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return fail(ERRORS.format);
  }
  if (!Array.isArray(parsed)) return fail(ERRORS.format);
  const parts = parsed as unknown[];
  if (!parts.every(isRecord)) return fail(ERRORS.format);
  const ticket = parts.find((part) => 'ticket' in part)?.['ticket'];
  if (typeof ticket !== 'string' || ticket === '') return fail(ERRORS.ticket);
  const isFormat = (part: Record<string, unknown>): boolean =>
    'format' in part && !('type' in part);
  const format = parts.find(isFormat)?.['format'] === 'SIMPLE' ? 'SIMPLE' : 'DEFAULT';
  const types = parts.filter((part) => !('ticket' in part) && !isFormat(part));
  // Documented is NO_TYPE, measured WRONG_FORMAT.
  if (types.length === 0) return fail(ERRORS.format);
  const wishes: Wish<M>[] = [];
  for (const part of types) {
    const error = typeError(part);
    if (error !== null) return fail(error);
    if (part['type'] !== 'orderbook') continue;
    const found = orderbookWishes(part, find);
    if (found === null) return fail(ERRORS.format);
    wishes.push(...found);
  }
  return { kind: 'subscribe', format, wishes };
}

/** What is wrong with a type object, if anything. */
function typeError(part: Record<string, unknown>): string | null {
  const type = part['type'];
  if (typeof type !== 'string') return ERRORS.format;
  if (!['orderbook', 'ticker', 'trade'].includes(type)) {
    const message = `${type} 은 지원하지 않는 타입입니다.`;
    return JSON.stringify({ error: { name: 'INVALID_PARAM', message } });
  }
  const codes = part['codes'];
  if (codes === undefined || codes === null) return ERRORS.codes;
  if (!Array.isArray(codes)) return ERRORS.format;
  return codes.length === 0 ? ERRORS.emptyCodes : null;
}

/** DesiredMarkets of an orderbook object; null when its `level` is not one of a market asked for. */
function orderbookWishes<M extends FeedMarket>(
  part: Record<string, unknown>,
  find: (code: string) => M | undefined,
): Wish<M>[] | null {
  const onlySnapshot = part['isOnlySnapshot'] === true;
  const onlyRealtime = part['isOnlyRealtime'] === true && !onlySnapshot;
  const level = part['level'] ?? 1;
  if (typeof level !== 'number') return null;
  const wishes = new Map<string, Wish<M>>();
  for (const code of part['codes'] as unknown[]) {
    const match = typeof code === 'string' ? /^([^.]+)(?:\.([1-9]\d*))?$/.exec(code) : null;
    const market = match === null ? undefined : find(match[1]!);
    if (market === undefined) continue;
    const group = bithumbGroup(market, level);
    if (group === undefined) return null;
    const depth = Math.min(BITHUMB_WS_DEPTH, Number(match?.[2] ?? BITHUMB_WS_DEPTH));
    wishes.set(`${market.code}.${depth}`, {
      market,
      view: { depth, level, group },
      snapshot: !onlyRealtime,
      realtime: !onlySnapshot,
    });
  }
  return [...wishes.values()];
}

/**
 * Width of the price groups of a `level`, units of 1e-8: `1` is the native tick, and 10, 100, 1000
 * ... times the tick are taken as supported (1000 gave 1,000,000 KRW on KRW-BTC, 7 was refused).
 */
function bithumbGroup(market: FeedMarket, level: number): bigint | undefined {
  if (level === 1) return 0n;
  if (!/^10+$/.test(`${level}`)) return undefined;
  const width = market.profile.tick * BigInt(level);
  return width <= market.profile.price ? width : undefined;
}

/** Whether a market has dust by nature: KRW-BTC and about one in nine others (54 of 493). */
export function hasDust(pair: string): boolean {
  return pair === 'BTC-KRW' || seedFrom('dust', pair) % 9 === 0;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

import { UNITS } from './number-text.js';
import type { FeedMarket, Wish } from './ticket-feed.js';

/** Formats a request may name. */
const FORMATS = new Set(['DEFAULT', 'SIMPLE', 'JSON_LIST', 'SIMPLE_LIST']);
const CANDLE = /^candle\.(1s|1m|3m|5m|10m|15m|30m|60m|240m)$/;
/** Depths a `.N` suffix may ask for; any other gives the full depth. */
const DEPTHS = new Set([1, 5, 15, 30]);

/** A client's message, understood. */
export type UpbitRequest<M> =
  | {
      readonly kind: 'subscribe';
      readonly format: string;
      readonly wishes: Wish<M>[];
      /** Type objects as LIST_SUBSCRIPTIONS shows them. */
      readonly listed: Record<string, unknown>[];
    }
  | {
      readonly kind: 'list';
      readonly format: string | undefined;
      /** The answer for these type objects in this format. */
      readonly answer: (listed: readonly Record<string, unknown>[], format: string) => string;
    }
  | { readonly kind: 'error'; readonly text: string };

/** Error frames with the key orders that were captured (`upbit.error.close-1000`). */
const ERRORS = {
  format: '{"error":{"message":"Format 이 맞지 않습니다.","name":"WRONG_FORMAT"}}',
  ticket: '{"error":{"name":"NO_TICKET","message":"티켓이 존재하지 않거나, 유효하지 않습니다."}}',
  type: '{"error":{"name":"NO_TYPE","message":"type 필드가 존재하지 않습니다."}}',
  codes: '{"error":{"name":"NO_CODES","message":"codes 필드가 존재하지 않습니다."}}',
  emptyCodes: '{"error":{"name":"INVALID_PARAM","message":"codes 필드가 비어 있습니다."}}',
  auth: '{"error":{"name":"INVALID_AUTH","message":"인증 정보가 올바르지 않습니다."}}',
} as const;

function fail(text: string): { kind: 'error'; text: string } {
  return { kind: 'error', text };
}

/**
 * Reads a message (anything but `PING`). Unknown codes and unsupported levels give no wish and no
 * error; `find` gives the listed market of a code.
 */
export function parseUpbitRequest<M extends FeedMarket>(
  text: string,
  find: (code: string) => M | undefined,
): UpbitRequest<M> {
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
  const named = parts.find((part) => 'format' in part && !('type' in part))?.['format'];
  const format = typeof named === 'string' && FORMATS.has(named) ? named : undefined;
  if (parts.some((part) => part['method'] === 'LIST_SUBSCRIPTIONS')) {
    return {
      kind: 'list',
      format,
      answer: (listed, inForce) => listAnswer(listed, inForce, ticket),
    };
  }
  const types = parts.filter(
    (part) => !('ticket' in part) && !('format' in part && !('type' in part)),
  );
  if (types.length === 0) return fail(ERRORS.type);
  const wishes: Wish<M>[] = [];
  for (const part of types) {
    const error = typeError(part);
    if (error !== null) return fail(error);
    if (part['type'] === 'orderbook') wishes.push(...orderbookWishes(part, find));
  }
  return { kind: 'subscribe', format: format ?? 'DEFAULT', wishes, listed: types.map(listedType) };
}

/** What is wrong with a type object, if anything. */
function typeError(part: Record<string, unknown>): string | null {
  const type = part['type'];
  if (typeof type !== 'string') return ERRORS.type;
  if (type === 'myOrder' || type === 'myAsset') return ERRORS.auth;
  if (!['orderbook', 'ticker', 'trade'].includes(type) && !CANDLE.test(type)) {
    const message = `${type} 은 지원하지 않는 타입입니다.`;
    return JSON.stringify({ error: { message, name: 'INVALID_PARAM' } });
  }
  const codes = part['codes'];
  if (codes === undefined || codes === null) return ERRORS.codes;
  if (!Array.isArray(codes)) return ERRORS.format;
  return codes.length === 0 ? ERRORS.emptyCodes : null;
}

function orderbookWishes<M extends FeedMarket>(
  part: Record<string, unknown>,
  find: (code: string) => M | undefined,
): Wish<M>[] {
  const flag = (name: string, older: string): boolean =>
    part[name] === true || part[older] === true;
  const onlySnapshot = flag('is_only_snapshot', 'isOnlySnapshot');
  const onlyRealtime = flag('is_only_realtime', 'isOnlyRealtime') && !onlySnapshot;
  const level = part['level'] === undefined ? 0 : Number(part['level']);
  const wishes = new Map<string, Wish<M>>();
  for (const code of part['codes'] as unknown[]) {
    const match = typeof code === 'string' ? /^([^.]+)(?:\.(\d+))?$/.exec(code) : null;
    const market = match === null ? undefined : find(match[1]!);
    if (market === undefined) continue;
    const group = upbitLevels(market).get(level);
    if (group === undefined) continue;
    const asked = Number(match?.[2] ?? 30);
    const depth = DEPTHS.has(asked) ? asked : 30;
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
 * Grouping levels of a market and their width in units of 1e-8: for KRW markets `0` and ten, a
 * hundred ... times the tick up to the price (as the real list of KRW-BTC), for others `0` only.
 */
export function upbitLevels(market: FeedMarket): Map<number, bigint> {
  const levels = new Map<number, bigint>([[0, 0n]]);
  if (market.currency !== 'KRW') return levels;
  const { tick, price } = market.profile;
  for (let width = tick * 10n; width <= price; width *= 10n) {
    // Only widths of whole won, so that the number is exact.
    if (width % UNITS === 0n) levels.set(Number(width / UNITS), width);
  }
  return levels;
}

function listedType(part: Record<string, unknown>): Record<string, unknown> {
  const { type, codes } = part;
  return type === 'orderbook' ? { type, codes, level: part['level'] ?? 0 } : { type, codes };
}

function listAnswer(
  listed: readonly Record<string, unknown>[],
  format: string,
  ticket: string,
): string {
  if (!format.startsWith('SIMPLE')) {
    return JSON.stringify({ method: 'LIST_SUBSCRIPTIONS', result: listed, ticket });
  }
  const short = listed.map(({ type, codes, level }) => ({
    ty: type,
    cds: codes,
    ...(level === undefined ? {} : { lv: level }),
  }));
  return JSON.stringify({ mthd: 'LIST_SUBSCRIPTIONS', rslt: short, tckt: ticket });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

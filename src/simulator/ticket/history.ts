/** Trades and minute candles by REST, alike on Upbit and Bithumb except for names and time zones. */
import { plainText, pointText } from '../book/number-text.js';
import type { Tape } from '../trade/tape.js';
import type { Candle, Trade } from '../trade/trade.js';

const DAY_MS = 86_400_000;

/** What differs between the two in a request for trades. */
export interface TicksDialect {
  /** Name of the parameter for the days back. */
  readonly days: string;
  /** How far the clock of `to` and the days is ahead of UTC, ms. */
  readonly ahead: number;
  /** Id by REST. */
  readonly restId: (trade: Trade) => string;
}

/** Korean time ahead of UTC, ms. */
export const KST_AHEAD_MS = 9 * 3_600_000;

/** Date and time of day, `["2026-11-26", "07:46:20"]`, of a clock so far ahead of UTC. */
export function clockTexts(ms: number, ahead = 0): readonly [date: string, time: string] {
  const text = new Date(ms + ahead).toISOString();
  return [text.slice(0, 10), text.slice(11, 19)];
}

/**
 * Trades of `/v1/trades/ticks` for these parameters, newest first; null: a parameter is wrong. `to`
 * is treated as exclusive, and days without `to` as the whole of that day: neither is documented.
 */
export function ticksPage(
  tape: Tape,
  query: URLSearchParams,
  { days: daysName, ahead, restId }: TicksDialect,
): Trade[] | null {
  const count = Number(query.get('count') ?? 1);
  const days = query.get(daysName);
  const clock = /^(\d\d):?(\d\d):?(\d\d)$/.exec(query.get('to') ?? '00:00:00');
  const cursor = query.get('cursor');
  if (!Number.isInteger(count) || count < 1 || count > 500) return null;
  if (clock === null || (days !== null && !/^[1-7]$/.test(days))) return null;
  if (cursor !== null && !/^\d+$/.test(cursor)) return null;
  let end = Infinity;
  if (days !== null || query.has('to')) {
    const now = Date.now() + ahead;
    const day = now - (now % DAY_MS) - Number(days ?? 0) * DAY_MS - ahead;
    const [, hours, minutes, seconds] = clock.map(Number) as [number, number, number, number];
    const time = ((hours * 60 + minutes) * 60 + seconds) * 1000;
    end = query.has('to') ? day + time : day + DAY_MS;
  }
  const before = cursor === null ? null : BigInt(cursor);
  return tape.page(
    count,
    (trade) => trade.ms < end && (before === null || BigInt(restId(trade)) < before),
  );
}

/**
 * Reply of `/v1/candles/minutes/1`, newest first; `to` (ISO 8601, UTC unless it says otherwise) is
 * excluded. Minutes without a trade have no candle.
 */
export function minuteCandles(code: string, tape: Tape, query: URLSearchParams): string {
  const count = Math.min(200, Math.max(1, Number(query.get('count') ?? 1) || 1));
  const to = query.get('to') ?? '';
  const zoned = /(Z|[+-]\d\d:?\d\d)$/.test(to) ? to : `${to.replace(' ', 'T')}Z`;
  const end = to === '' ? Infinity : Date.parse(zoned);
  const rows = tape.candles(0, end).slice(-count).reverse();
  return `[${rows.map((candle) => candleRow(code, candle)).join(',')}]`;
}

function candleRow(code: string, candle: Candle): string {
  const at = (ahead: number): string => clockTexts(candle.minute, ahead).join('T');
  return (
    `{"market":"${code}","candle_date_time_utc":"${at(0)}","candle_date_time_kst":"${at(KST_AHEAD_MS)}",` +
    `"opening_price":${pointText(candle.open)},"high_price":${pointText(candle.high)},` +
    `"low_price":${pointText(candle.low)},"trade_price":${pointText(candle.close)},` +
    `"timestamp":${candle.last},"candle_acc_trade_price":${plainText(candle.amount)},` +
    `"candle_acc_trade_volume":${plainText(candle.volume)},"unit":1}`
  );
}

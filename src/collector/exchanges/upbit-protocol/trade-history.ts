import { decimalFromWire } from '../../../market/decimal.js';
import type { Pair } from '../../../market/market.js';
import type { ReadTrade, TradeIdKind } from '../../../market/trade.js';
import { ExchangeError, faultOf, unreadable } from '../../exchange-error.js';
import { cursorOf, provenTime } from '../../history/page-order.js';
import { fetchJson, fetchRows } from '../../history/read-page.js';
import type { HistoryPage, HistoryPlace, TradeHistory } from '../../history/trade-history.js';
import type { RestClient } from '../../rest/rest-client.js';
import type { Json } from '../../wire/quoted-json.js';
import { optionalText, wireArray, wireObject, wireText } from '../../wire/wire.js';
import { errorOf, quoteFirstCode, readUnitRow } from './messages.js';

const DAY_MS = 86_400_000;
const SECOND_MS = 1000;
const MINUTE_MS = 60_000;
/** Maximum rows of a page (`upbit.trade-rest.get-https-api-upbit-com`). */
const ROWS = 500;
const FEW_ROWS = 50;
/** Number of past days available. */
const DAYS = 7;
/** Maximum minutes per candle call. */
const CANDLES = 200;

/** Differences between Upbit and Bithumb in the trade history. */
export interface UnitHistoryDialect {
  /** Name of the parameter for past days. */
  readonly days: string;
  /** How far the clock of `to` and of the days is ahead of UTC, ms. */
  readonly aheadMs: number;
  /** Whether the ids of the history are those of the stream, one per trade. */
  readonly idKind: Extract<TradeIdKind, 'EXCHANGE' | 'REST'>;
  /** Interval between two calls, ms. */
  readonly everyMs: number;
}

/**
 * The trades of `/v1/trades/ticks`. Pages go back by `to` (whole seconds; past days), each starting
 * with the last second of the previous one; by id within a second that overflows a page. On days
 * with fewer trades than a page, the page ends with the day.
 */
export function unitHistory(dialect: UnitHistoryDialect): TradeHistory {
  return {
    rows: ROWS,
    fewRows: FEW_ROWS,
    older: true,
    everyMs: dialect.everyMs,
    page: (rest, pair, place, now, rows = ROWS) => unitPage(dialect, rest, pair, place, now, rows),
    minutes: unitMinutes,
    maxMinutes: CANDLES,
  };
}

async function unitPage(
  { days, aheadMs, idKind }: UnitHistoryDialect,
  rest: RestClient,
  pair: Pair,
  place: HistoryPlace | null,
  now: number,
  rows: number,
): Promise<HistoryPage> {
  const dayOf = (time: number): number => Math.floor((time + aheadMs) / DAY_MS);
  const startOf = (day: number): number => day * DAY_MS - aheadMs;
  // The last ms not fetched yet.
  let day = dayOf(place === null ? now : place.before - 1);
  const back = dayOf(now) - day;
  const query = new URLSearchParams({ market: quoteFirstCode(pair), count: String(rows) });
  if (back > 0) query.set(days, String(back));
  if (place !== null && place.id !== null) query.set('cursor', place.id);
  else if (place !== null && place.before !== startOf(day + 1))
    query.set('to', new Date(place.before + aheadMs).toISOString().slice(11, 19));
  const read = await fetchRows(
    rest,
    `/v1/trades/ticks?${query.toString()}`,
    rowsOf,
    (row) => readUnitRow(row, idKind),
    textIsUtc,
  );
  const { trades } = read;
  const today = dayOf(read.answeredAt ?? now);
  if (place === null) day = today;
  else if (today !== dayOf(now))
    throw unreadable('the exchange was asked by another day than its own');
  const dayStart = startOf(day);
  if (trades.length + read.unreadable < rows || trades.length === 0) {
    // Whether a page ends with its day or continues before it is undocumented: the day is safe.
    const id = cursorOf(trades) ?? place?.id ?? trades[0]?.tradeId ?? null;
    const next = { before: dayStart, id, overlaps: false };
    return { ...read, from: dayStart, next: back < DAYS ? next : null };
  }
  const proven = provenTime(trades);
  const second = Math.ceil((proven + 1) / SECOND_MS) * SECOND_MS;
  if (second < (place?.before ?? Infinity))
    return { ...read, from: second, next: { before: second, id: null, overlaps: true } };
  // A page within one second.
  const from = proven + 1;
  const id = cursorOf(trades);
  if (id !== null) return { ...read, from, next: { before: from, id, overlaps: true } };
  // All have one id, as trades of a ms may share one in the history: no page shows the others that have it.
  return { ...read, from, next: { before: proven, id: trades[0]!.tradeId, overlaps: false } };
}

/** The rows of a response; Bithumb's errors come with HTTP 200 (`bithumb.error.rest-errors-in-200`). */
function rowsOf(body: Json): Json[] {
  const error = errorOf(body);
  if (error !== null)
    throw new ExchangeError(faultOf(200, error), `the exchange answered ${error}`);
  return wireArray(body, 'the trades');
}

/** Whether `trade_date_utc` and `trade_time_utc` are the trade's time, in UTC. */
function textIsUtc(value: Json, { exchangeTimestamp }: ReadTrade): boolean {
  const row = wireObject(value, 'the trade');
  const date = optionalText(row['trade_date_utc']);
  const time = optionalText(row['trade_time_utc']);
  if (date === null || time === null) return true;
  const shown = Date.parse(`${date}T${time}Z`);
  return Number.isNaN(shown) || Math.abs(shown - exchangeTimestamp) < 2 * SECOND_MS;
}

/** The volumes of `/v1/candles/minutes/1` (`upbit.trade-complete.sum-trade-volume-utc-day`). */
async function unitMinutes(
  rest: RestClient,
  pair: Pair,
  to: number,
  count: number,
): Promise<ReadonlyMap<number, string>> {
  const market = quoteFirstCode(pair);
  const end = `${new Date(to).toISOString().slice(0, 19)}Z`;
  const query = new URLSearchParams({ market, to: end, count: String(Math.min(count, CANDLES)) });
  const { body } = await fetchJson(rest, `/v1/candles/minutes/1?${query.toString()}`);
  return new Map(
    rowsOf(body).map((value) => {
      const row = wireObject(value, 'a candle');
      const text = wireText(row['candle_date_time_utc'], 'candle_date_time_utc');
      const minute = Date.parse(`${text}Z`);
      if (!(minute % MINUTE_MS === 0))
        throw new ExchangeError('UNREADABLE', `candle_date_time_utc is ${JSON.stringify(text)}`);
      const volume = wireText(row['candle_acc_trade_volume'], 'candle_acc_trade_volume');
      return [minute, decimalFromWire(volume)] as const;
    }),
  );
}

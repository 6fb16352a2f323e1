import { decimalFromWire } from '../../../market/decimal.js';
import { type Pair, pairText } from '../../../market/market.js';
import type { ReadTrade } from '../../../market/trade.js';
import { unreadable } from '../../exchange-error.js';
import { cursorOf, provenTime } from '../../history/page-order.js';
import { fetchJson, fetchRows } from '../../history/read-page.js';
import type { TradeHistory } from '../../history/trade-history.js';
import type { Json } from '../../wire/quoted-json.js';
import { optionalText, wireArray, wireObject, wireText } from '../../wire/wire.js';
import { readGopaxRow } from './messages.js';

/** The most rows of a page (`gopax.trade-rest.bare-array-newest-first-limit`). */
const ROWS = 100;
const SECOND_MS = 1000;
const MINUTE_MS = 60_000;
/** Candles of a call at most. */
const MOST_MINUTES = 1024;

function pathOf(pair: Pair, call: string): string {
  return `/trading-pairs/${encodeURIComponent(pair.code ?? pairText(pair))}/${call}`;
}

/** Whether `time`, read as UTC, equals `date`, the seconds (`gopax.trade-rest.time-utc-000-always-real`). */
function textIsUtc(row: Json, { exchangeTimestamp }: ReadTrade): boolean {
  const shown = Date.parse(optionalText(wireObject(row, 'the trade')['time']) ?? '');
  return Number.isNaN(shown) || Math.abs(shown - exchangeTimestamp) < 2 * SECOND_MS;
}

/**
 * A pair's trades. Pages go back by `before` (whole seconds, documented beside `pastmax`), each
 * beginning with the last second of the one before; by id only within a second that overflows a
 * page.
 */
export const gopaxTradeHistory: TradeHistory = {
  rows: ROWS,
  older: true,
  // 20 calls per second and address, of which books need one.
  everyMs: 250,
  page: async (rest, pair, place) => {
    const bound =
      place === null
        ? ''
        : place.id === null
          ? `&before=${place.before / SECOND_MS}`
          : `&pastmax=${place.id}`;
    const path = pathOf(pair, `trades?limit=${ROWS}${bound}`);
    const rows = (body: Json): Json[] => wireArray(body, 'the trades');
    const read = await fetchRows(rest, path, rows, readGopaxRow, textIsUtc);
    if (read.trades.length + read.unreadable < ROWS)
      return { ...read, from: -Infinity, next: null };
    const from = provenTime(read.trades) + SECOND_MS;
    if (from < (place?.before ?? Infinity))
      return { ...read, from, next: { before: from, id: null, overlaps: true } };
    // The second has more trades than a page.
    return { ...read, from, next: { before: from, id: cursorOf(read.trades), overlaps: true } };
  },
  /** Rows are `[start, low, high, open, close, volume]` (`gopax.trade-trap.candles-trading-pairs-pair-candles`). */
  minutes: async (rest, pair, to) => {
    // As far back as it goes: a candle before them shows that minutes without one had no trade.
    const from = to - MOST_MINUTES * MINUTE_MS;
    const path = pathOf(pair, `candles?start=${from}&end=${to}&interval=1`);
    const { body } = await fetchJson(rest, path);
    return new Map(
      wireArray(body, 'the candles').map((value) => {
        const row = wireArray(value, 'a candle');
        const minute = Number(wireText(row[0], 'the start of a candle'));
        if (minute % MINUTE_MS !== 0) throw unreadable(`a candle begins at ${minute}`);
        return [minute, decimalFromWire(wireText(row[5], 'the volume of a candle'))] as const;
      }),
    );
  },
  maxMinutes: MOST_MINUTES,
};

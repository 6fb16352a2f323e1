import {
  bigDecimalText,
  fixedText,
  javaDoubleText,
  plainText,
  pointText,
  pythonText,
} from '../book/number-text.js';
import type { BookLevel } from '../book/book.js';
import { clockTexts } from '../ticket/history.js';
import type { Shown } from '../ticket/ticket-feed.js';
import type { ShownTrade } from '../trade/trade.js';

/** Levels a side on the wire. */
export const DEPTH = 30;

/** Price and size of a level as one format spells them. */
type Spelling = readonly [price: string, size: string];

/** One spelling of levels, cached because the same level goes out in many frames. */
class Speller {
  #texts = new WeakMap<BookLevel, Spelling>();
  #spell: (level: BookLevel) => Spelling;

  constructor(spell: (level: BookLevel) => Spelling) {
    this.#spell = spell;
  }

  of(level: BookLevel): Spelling {
    let text = this.#texts.get(level);
    if (text === undefined) {
      text = this.#spell(level);
      this.#texts.set(level, text);
    }
    return text;
  }
}

/** Whether a size shows its trailing zeros: about a third do, as in the captures of 2026. */
function keepsZeros(level: BookLevel): boolean {
  return (level.price / 100n + level.volume) % 3n === 0n;
}

/** DEFAULT: `1.16539E8`, `4407000.0`; sizes `0.00077720` (`upbit.spelling.prices-default`). */
const defaults = new Speller((level) => [
  javaDoubleText(level.price),
  bigDecimalText(level.volume, keepsZeros(level)),
]);

/** REST: plain prices, plain sizes of which some keep their zeros. */
const rest = new Speller((level) => [
  plainText(level.price),
  keepsZeros(level) ? fixedText(level.volume, 8) : plainText(level.volume),
]);

function total(levels: readonly BookLevel[]): bigint {
  return levels.reduce((sum, level) => sum + level.volume, 0n);
}

/** Half a unit of padding: `"bid_price":0,"bid_size":0` (`upbit.book.zero-padding`). */
const PADDING: Spelling = ['0', '0'];

/** Units of a frame; element i pairs the i-th ask and bid, missing ones are zeros. */
function units(
  shown: Shown,
  speller: Speller,
  unit: (ask: Spelling, bid: Spelling) => string,
): string {
  const texts: string[] = [];
  for (let i = 0; i < DEPTH; i++) {
    const ask = shown.asks[i];
    const bid = shown.bids[i];
    texts.push(
      unit(
        ask === undefined ? PADDING : speller.of(ask),
        bid === undefined ? PADDING : speller.of(bid),
      ),
    );
  }
  return texts.join(',');
}

/** A WebSocket book frame in wire order (`upbit.format.default-keys`); `timestamp` is JSON. */
export function upbitFrame(code: string, timestamp: string, shown: Shown, stream: string): string {
  const body = units(
    shown,
    defaults,
    (ask, bid) =>
      `{"ask_price":${ask[0]},"bid_price":${bid[0]},"ask_size":${ask[1]},"bid_size":${bid[1]}}`,
  );
  return (
    `{"type":"orderbook","code":"${code}","timestamp":${timestamp},` +
    `"total_ask_size":${bigDecimalText(total(shown.asks), true)},` +
    `"total_bid_size":${bigDecimalText(total(shown.bids), true)},` +
    `"orderbook_units":[${body}],"stream_type":"${stream}","level":0}`
  );
}

/** A book of a REST reply; bid first in its units (`upbit.rest-book.key-order-rest-unit-bid`). */
export function upbitRestBook(code: string, timestamp: number, shown: Shown): string {
  const body = units(
    shown,
    rest,
    (ask, bid) =>
      `{"bid_price":${bid[0]},"bid_size":${bid[1]},"ask_price":${ask[0]},"ask_size":${ask[1]}}`,
  );
  return (
    `{"market":"${code}","timestamp":${timestamp},"total_ask_size":${fixedText(total(shown.asks), 8)},` +
    `"total_bid_size":${fixedText(total(shown.bids), 8)},"orderbook_units":[${body}],"level":0}`
  );
}

/** Spellings in trades, all of them captured (`upbit.trade-frame.spelling`). */
const TRADE_SPELLINGS = [
  [(units: bigint) => fixedText(units, 8), (units: bigint) => fixedText(units, 8)],
  [pointText, pythonText],
  [plainText, plainText],
] as const;

/** The keys that WebSocket and REST spell alike; an invented word stands for an unknown side. */
function tradeParts(
  trade: ShownTrade,
  close: bigint,
): Record<'price' | 'volume' | 'side', string> & {
  readonly change: bigint;
  readonly spell: (units: bigint) => string;
} {
  const [price, volume] = TRADE_SPELLINGS[trade.ms % TRADE_SPELLINGS.length]!;
  const side = { buy: 'BID', sell: 'ASK', none: 'NONE' }[trade.side ?? 'none'];
  const { level } = trade;
  return {
    price: price(level.price),
    volume: volume(level.volume),
    side,
    change: level.price - close,
    spell: price,
  };
}

/**
 * One WebSocket trade frame, in the wire order of 2026
 * (`upbit.trade-frame.default-wire-order-2026-verbatim`).
 * @param at time of the message, Unix ms
 * @param close yesterday's last price
 * @param touch the book before the trade; null: without its keys, as before 2024-11
 */
export function upbitTradeFrame(
  code: string,
  trade: ShownTrade,
  at: number,
  close: bigint,
  touch: Shown | null,
  stream: string,
): string {
  const { price, volume, side, change, spell } = tradeParts(trade, close);
  const [date, time] = clockTexts(trade.ms);
  const word = change > 0n ? 'RISE' : change < 0n ? 'FALL' : 'EVEN';
  const best = (name: string, level: BookLevel | undefined): string =>
    `"best_${name}_price":${level?.text[0] ?? 0},"best_${name}_size":${level?.text[1] ?? 0},`;
  return (
    `{"type":"trade","code":"${code}","timestamp":${at},"trade_date":"${date}",` +
    `"trade_time":"${time}","trade_timestamp":${trade.ms},"trade_price":${price},` +
    `"trade_volume":${volume},"ask_bid":"${side}","prev_closing_price":${spell(close)},` +
    `"change":"${word}","change_price":${spell(change < 0n ? -change : change)},` +
    `"sequential_id":${trade.id},` +
    (touch === null ? '' : `${best('ask', touch.asks[0])}${best('bid', touch.bids[0])}`) +
    `"stream_type":"${stream}"}`
  );
}

/** A row of `/v1/trades/ticks` (`upbit.trade-rest.row-market-trade-date-utc`). */
export function upbitTradeRow(code: string, trade: ShownTrade, close: bigint): string {
  const { volume, side, change } = tradeParts(trade, close);
  const [date, time] = clockTexts(trade.ms);
  const signed = `${change < 0n ? '-' : ''}${pointText(change < 0n ? -change : change)}`;
  return (
    `{"market":"${code}","trade_date_utc":"${date}","trade_time_utc":"${time}",` +
    `"timestamp":${trade.ms},"trade_price":${pointText(trade.level.price)},` +
    `"trade_volume":${volume},"prev_closing_price":${pointText(close)},` +
    `"change_price":${signed},"ask_bid":"${side}","sequential_id":${trade.id}}`
  );
}

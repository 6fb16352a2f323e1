import { parseExactJson } from '../../market/exact-json.js';
import type { Market } from '../../market/market.js';
import { compareTrades, type Trade, TRADE_ID_KINDS, TRADE_ORIGINS } from '../../market/trade.js';

/**
 * How trades lie in the database. A row of `trade_recent` has `flags`: bit 0 = the taker sold, bits 1
 * and 2 = the place in `TRADE_ORIGINS`, bits 3 and 4 = that in `TRADE_ID_KINDS`, bit 5 = the time is of
 * seconds. A row of `trade_block` has many trades of a market, as JSON, in order of time and id:
 *
 *     [time, sequence, received, price, volume, message, id, flags]
 *
 * `time` and `sequence` are differences to the trade before (at first to `from_time` and `low`),
 * `received` and `message` differences to the time; the volume has a minus sign where the taker sold,
 * `flags` are those above without bit 0. `id` is what has to be added to `base_id` + (time - `from_time`)
 * × `slope`, for most ids are made of the time; an id that is no whole number is a text
 * behind `t:`. What is 0 or
 * null at the end is left out.
 */

/** A trade as a row of `trade_recent`, its market named by number or otherwise. */
export type TradeRowOf<M> = readonly [
  sequence: number,
  market: M,
  time: number,
  received: number,
  messageTime: number | null,
  flags: number,
  tradeId: string,
  price: string,
  volume: string,
];

/** A trade as a row of `trade_recent`. */
export type TradeRow = TradeRowOf<number>;

/** The columns of a {@link TradeRow}. */
export const TRADE_COLUMNS =
  'sequence, market_id, time, received, message_time, flags, trade_id, price, volume';

/** A row of `trade_block`; 64-bit integers as text. */
export interface TradeBlock {
  readonly low: number;
  readonly high: number;
  readonly fromTime: number;
  readonly toTime: number;
  readonly baseId: string;
  readonly slope: number;
  readonly data: string;
}

/**
 * Maximum characters of a block: with other columns at their largest it just fits on a database
 * page (SQLite keeps 4,061 bytes of a row on a page of 4,096; 45 are for the other columns).
 */
const BLOCK_CHARACTERS = 4_016;
/** How much ids grow per ms: not with time, Coinone's, Upbit's, and those of Bithumb's stream. */
const SLOPES = [0, 1_000, 10_000, 2 ** 25];
const MAX_ID = 2n ** 63n - 1n;
/** Prefix of an id kept as text. */
const TEXT_ID = 't:';

const SELL = 1;
const SECONDS = 32;

/** The `flags` of a trade. */
export function flagsOf({ side, origin, idKind, resolutionMs }: Trade): number {
  return (
    (side === 'sell' ? SELL : 0) |
    (TRADE_ORIGINS.indexOf(origin) << 1) |
    (TRADE_ID_KINDS.indexOf(idKind) << 3) |
    (resolutionMs === 1 ? 0 : SECONDS)
  );
}

function fromFlags(flags: number): Pick<Trade, 'side' | 'origin' | 'idKind' | 'resolutionMs'> {
  return {
    side: (flags & SELL) === 0 ? 'buy' : 'sell',
    origin: TRADE_ORIGINS[(flags >> 1) & 3] ?? 'LIVE',
    idKind: TRADE_ID_KINDS[(flags >> 3) & 3] ?? 'EXCHANGE',
    resolutionMs: (flags & SECONDS) === 0 ? 1 : 1000,
  };
}

/** A trade as a row, its market by number. */
export function toTradeRow(trade: Trade, marketId: number): TradeRow {
  const { sequence, exchangeTimestamp, timestamp, messageTimestamp, tradeId, price, volume } =
    trade;
  const times = [exchangeTimestamp, timestamp, messageTimestamp] as const;
  return [sequence, marketId, ...times, flagsOf(trade), tradeId, price, volume];
}

/** A row as a trade. */
export function fromTradeRow(row: TradeRow, market: Market): Trade {
  const [sequence, , time, timestamp, messageTimestamp, flags, tradeId, price, volume] = row;
  return {
    market,
    sequence,
    timestamp,
    exchangeTimestamp: time,
    messageTimestamp,
    ...fromFlags(flags),
    tradeId,
    price,
    volume,
  };
}

/** An id as a number that converts back to the same text, or null. */
function idNumber(id: string): bigint | null {
  if (!/^\d{1,19}$/.test(id)) return null;
  const number = BigInt(id);
  return number <= MAX_ID && String(number) === id ? number : null;
}

function elementOf(
  trade: Trade,
  before: { readonly time: number; readonly sequence: number },
  base: { readonly id: bigint; readonly time: number; readonly slope: number },
): string {
  const { exchangeTimestamp: time, timestamp, messageTimestamp, sequence, tradeId } = trade;
  const number = idNumber(tradeId);
  const rest =
    number === null ? null : number - base.id - BigInt(time - base.time) * BigInt(base.slope);
  const id = rest === null ? JSON.stringify(`${TEXT_ID}${tradeId}`) : String(rest);
  const message = messageTimestamp === null ? 'null' : String(messageTimestamp - time);
  const tail = [message, id, String(flagsOf(trade) & ~SELL)];
  if (tail[2] === '0') {
    tail.pop();
    if (tail[1] === '0') {
      tail.pop();
      if (tail[0] === 'null') tail.pop();
    }
  }
  const volume = trade.side === 'sell' ? `-${trade.volume}` : trade.volume;
  const times = [time - before.time, sequence - before.sequence, timestamp - time];
  return `[${[...times, trade.price, volume, ...tail].join(',')}]`;
}

/**
 * A block of as many of the trades as fit, in order of time and id.
 * @param trades of one market, in any order; at least one
 * @returns the block and the trades that it holds
 */
export function packTrades(trades: readonly Trade[]): { block: TradeBlock; packed: Trade[] } {
  const sorted = [...trades].sort(compareTrades);
  const first = sorted[0]!;
  const baseId = idNumber(first.tradeId) ?? 0n;
  const low = sorted.reduce((least, { sequence }) => Math.min(least, sequence), Infinity);
  let best: { readonly text: string; readonly count: number; readonly slope: number } | null = null;
  for (const slope of SLOPES) {
    const base = { id: baseId, time: first.exchangeTimestamp, slope };
    let before = { time: first.exchangeTimestamp, sequence: low };
    let text = '[';
    let count = 0;
    for (const trade of sorted) {
      const element = elementOf(trade, before, base);
      if (count > 0 && text.length + element.length + 2 > BLOCK_CHARACTERS) break;
      text += count === 0 ? element : `,${element}`;
      count++;
      before = { time: trade.exchangeTimestamp, sequence: trade.sequence };
    }
    text += ']';
    if (
      best === null ||
      count > best.count ||
      (count === best.count && text.length < best.text.length)
    )
      best = { text, count, slope };
  }
  const packed = sorted.slice(0, best!.count);
  const sequences = packed.map(({ sequence }) => sequence);
  const lowest = Math.min(...sequences);
  // The first difference is to the lowest sequence among those in it.
  const data = lowest === low ? best!.text : rebased(best!.text, first.sequence - lowest);
  return {
    block: {
      low: lowest,
      high: Math.max(...sequences),
      fromTime: first.exchangeTimestamp,
      toTime: packed.at(-1)!.exchangeTimestamp,
      baseId: String(baseId),
      slope: best!.slope,
      data,
    },
    packed,
  };
}

/** A block's text with a different sequence difference in its first element. */
function rebased(data: string, difference: number): string {
  return data.replace(/^\[\[0,-?\d+/, `[[0,${difference}`);
}

/** The trades of a block, in order of time and id. */
export function unpackTrades(block: TradeBlock, market: Market): Trade[] {
  const { fromTime, baseId, slope, low } = block;
  const base = BigInt(baseId);
  let time = fromTime;
  let sequence = low;
  return (parseExactJson(block.data) as (string | null)[][]).map((element) => {
    const [dTime, dSequence, received, price, volume, message, id, flags] = element;
    time += Number(dTime);
    sequence += Number(dSequence);
    const sold = volume!.startsWith('-');
    return {
      market,
      sequence,
      timestamp: time + Number(received),
      exchangeTimestamp: time,
      messageTimestamp: message === undefined || message === null ? null : time + Number(message),
      ...fromFlags(Number(flags ?? 0) | (sold ? SELL : 0)),
      tradeId: idText(id ?? '0', base + BigInt(time - fromTime) * BigInt(slope)),
      price: price!,
      volume: sold ? volume!.slice(1) : volume!,
    };
  });
}

function idText(id: string, base: bigint): string {
  return id.startsWith(TEXT_ID) ? id.slice(TEXT_ID.length) : String(base + BigInt(id));
}

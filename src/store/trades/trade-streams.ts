import { addDecimal } from '../../market/decimal.js';
import { compareAllTrades, type Trade } from '../../market/trade.js';
import type { Page, TradePlace } from '../reader-types.js';
import { placeAfter } from './trade-reader.js';

/** Trades in pieces, in the order of {@link compareAllTrades}. */
export type TradePieces = AsyncIterable<readonly Trade[]>;

/** One trade after another. */
async function* each(pieces: TradePieces): AsyncGenerator<Trade> {
  for await (const piece of pieces) yield* piece;
}

/** Volume of the trades per minute that has any, by its start, Unix ms; Decimal text. */
export async function minuteVolumes(pieces: TradePieces): Promise<Map<number, string>> {
  const sums = new Map<number, string>();
  for await (const { exchangeTimestamp: time, volume } of each(pieces)) {
    const minute = time - (time % MINUTE_MS);
    sums.set(minute, addDecimal(sums.get(minute) ?? '0', volume));
  }
  return sums;
}

const MINUTE_MS = 60_000;

/** Trades per joined piece. */
const PIECE = 4_096;

/** The trades of two streams in order; one that is in both occurs once. */
export async function* joinTrades(a: TradePieces, b: TradePieces): AsyncGenerator<Trade[]> {
  const streams = [each(a), each(b)] as const;
  try {
    const heads = [await streams[0].next(), await streams[1].next()];
    let piece: Trade[] = [];
    for (;;) {
      const [x, y] = heads.map((head) => (head.done === true ? undefined : head.value));
      const next = x ?? y;
      if (next === undefined) break;
      const order = x === undefined ? 1 : y === undefined ? -1 : compareAllTrades(x, y);
      piece.push(order > 0 ? y! : next);
      if (order <= 0) heads[0] = await streams[0].next();
      if (order >= 0) heads[1] = await streams[1].next();
      if (piece.length === PIECE) {
        yield piece;
        piece = [];
      }
    }
    if (piece.length > 0) yield piece;
  } finally {
    await Promise.all(streams.map((stream) => stream.return(undefined)));
  }
}

/** The first trades of a market after a position, from pieces that start at the time of that position. */
export async function pageOf(
  pieces: TradePieces,
  after: TradePlace | undefined,
  limit: number,
): Promise<Page<Trade>> {
  const read: Trade[] = [];
  for await (const piece of pieces) {
    read.push(...piece);
    const place = after === undefined ? 0 : placeAfter(read, after);
    // If the position is not found, everything at a later time follows: it must have been read.
    if (read.length - place > limit && place < read.length) break;
  }
  const items = read.slice(after === undefined ? 0 : placeAfter(read, after));
  return { items: items.slice(0, limit), more: items.length > limit };
}

import { fitsDecimalColumn } from '../market/decimal-column.js';
import type { Trade } from '../market/trade.js';
import { DAY_MS, startOf } from '../parquet/layout.js';
import type { Manifest } from '../parquet/manifest.js';
import type { DayReader, DayRow } from '../store/day-reader.js';

/** Which trades of a database are archived. */
export interface KnownTrades {
  /** Every trade with a sequence below this is archived. */
  readonly before: number;
  /** By the start of a day: all trades received on it with sequences up to this are archived. */
  readonly upTo: ReadonlyMap<number, number>;
}

/** Which trades some days contain of their database. */
export function knownTrades(days: Iterable<Manifest>): KnownTrades {
  let before = 0;
  const upTo = new Map<number, number>();
  for (const { date, trades } of days) {
    before = Math.max(before, trades?.before ?? 0);
    upTo.set(startOf(date), trades?.upTo ?? 0);
  }
  return { before, upTo };
}

const dayOf = (time: number): number => time - (time % DAY_MS);

/** Finds the trades of a day that are not archived yet. */
export class TradeWalk {
  /** Lowest sequence of trades archived neither before nor with this day. */
  unarchivedFrom = Infinity;
  readonly #day: number;
  readonly #known: KnownTrades;

  /** @param day its start, Unix ms */
  constructor(day: number, known: KnownTrades) {
    this.#day = day;
    this.#known = known;
  }

  /** Whether a trade, from {@link KnownTrades.before} on, is to be archived with the day. */
  takes({ sequence, timestamp }: Trade): boolean {
    const day = dayOf(timestamp);
    if (sequence <= (this.#known.upTo.get(day) ?? 0)) return false;
    if (day === this.#day) return true;
    this.unarchivedFrom = Math.min(this.unarchivedFrom, sequence);
    return false;
  }
}

/** Whether all trades received on a day are archived. */
export async function tradesSettled(
  reader: DayReader,
  date: string,
  known: KnownTrades,
): Promise<boolean> {
  const day = startOf(date);
  const from = Math.max(known.before, (known.upTo.get(day) ?? 0) + 1);
  const walk = new TradeWalk(day, known);
  const trades = await reader.trades({ from, receivedBefore: day + DAY_MS });
  for await (const piece of trades.pieces()) {
    if (piece.some(({ trade }) => walk.takes(trade))) return false;
  }
  return true;
}

/** A trade as a row of its table, after its market's number. */
export function tradeRow(marketId: number, trade: Trade): DayRow {
  const { sequence, timestamp, exchangeTimestamp, messageTimestamp, resolutionMs } = trade;
  const numbers = [sequence, timestamp, exchangeTimestamp, messageTimestamp, resolutionMs];
  const { tradeId, idKind, side, price, volume, origin } = trade;
  return [marketId, ...numbers, tradeId, idKind, side, price, volume, origin];
}

/** The price or volume of a trade that the decimal column cannot hold; null for none. */
export function unfitTrade({ price, volume }: Trade): string | null {
  return [price, volume].find((text) => !fitsDecimalColumn(text)) ?? null;
}

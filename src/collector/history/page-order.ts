import { compareTradeIds, type ReadTrade } from '../../market/trade.js';
import { MOST_LAG_MS } from '../../market/trade-span.js';
import { unreadable } from '../exchange-error.js';

/** What the `Date` of an answer leaves out, ms. */
const DATE_MS = 1_000;

/** Rows of a page by what the order of their times says of each. */
export interface OrderedRows {
  /** In the order of the page. */
  readonly trades: readonly ReadTrade[];
  /** Those out of it by more than a message may lag, or of the future: when they happened is not known. */
  readonly strays: readonly ReadTrade[];
}

/**
 * Parts the rows of a page, which every exchange lists newest first.
 * @param now Unix ms; null where the exchange's clock is not known
 * @throws {ExchangeError} when more rows are out of order than in it
 */
export function inOrder(rows: readonly ReadTrade[], now: number | null): OrderedRows {
  const latest = now === null ? Infinity : now + DATE_MS + MOST_LAG_MS;
  const past = rows.filter(({ exchangeTimestamp: time }) => time <= latest);
  const falling = longestFall(past.map(({ exchangeTimestamp }) => exchangeTimestamp));
  const bounds = falling.map((place) => past[place]!.exchangeTimestamp);
  let passed = 0;
  const ordered = new Set(
    past.filter(({ exchangeTimestamp: time }, place) => {
      if (place === falling[passed]) {
        passed++;
        return true;
      }
      const [newer = Infinity, older = -Infinity] = [bounds[passed - 1], bounds[passed]];
      return time <= newer + MOST_LAG_MS && time >= older - MOST_LAG_MS;
    }),
  );
  if (ordered.size * 2 < rows.length)
    throw unreadable(`${rows.length - ordered.size} of ${rows.length} trades are out of order`);
  return {
    trades: rows.filter((trade) => ordered.has(trade)),
    strays: rows.filter((trade) => !ordered.has(trade)),
  };
}

/** The places of as many numbers as possible that never rise from one to the next. */
function longestFall(numbers: readonly number[]): number[] {
  /** Where the best fall of each length ends: with the greatest number. */
  const ends: number[] = [];
  const before: (number | undefined)[] = [];
  for (const [place, number] of numbers.entries()) {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (numbers[ends[middle]!]! >= number) low = middle + 1;
      else high = middle;
    }
    before.push(ends[low - 1]);
    ends[low] = place;
  }
  const places: number[] = [];
  for (let place = ends.at(-1); place !== undefined; place = before[place]) places.push(place);
  return places.reverse();
}

/** Times of the oldest and the second oldest of some trades, Unix ms; Infinity without them. */
export function oldestTimes(trades: readonly ReadTrade[]): [oldest: number, second: number] {
  let [oldest, second] = [Infinity, Infinity];
  for (const { exchangeTimestamp: time } of trades) {
    if (time < oldest) [oldest, second] = [time, oldest];
    else second = Math.min(second, time);
  }
  return [oldest, second];
}

/**
 * The time after which a full page has all trades, Unix ms: that of its second oldest one, as the last row
 * may be wild, and later by as much as its rows are out of order.
 * @param trades newest first
 */
export function provenTime(trades: readonly ReadTrade[]): number {
  let [least, disorder] = [Infinity, 0];
  for (const { exchangeTimestamp: time } of trades) {
    disorder = Math.max(disorder, time - least);
    least = Math.min(least, time);
  }
  const [oldest, second] = oldestTimes(trades);
  return (trades.length > 1 ? second : oldest) + disorder;
}

/**
 * The id from which an older page goes on: the second least, as the least may be wild, and so that the page
 * shows once more what has the least.
 * @returns null where there are not two
 */
export function cursorOf(trades: readonly ReadTrade[]): string | null {
  const ids = [...new Set(trades.map(({ tradeId }) => tradeId))].sort(compareTradeIds);
  return ids[1] ?? null;
}

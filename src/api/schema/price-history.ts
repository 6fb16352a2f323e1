import type { Gap } from '../../market/gap.js';
import type { Market } from '../../market/market.js';
import { midDecimal } from '../../market/decimal.js';
import type { BestPrices, StoreReader } from '../../store/reader-types.js';
import { badInput } from '../errors.js';
import { marketOf } from '../inputs.js';
import { marketArgs } from './arguments.js';
import { builder } from './builder.js';
import { exposed } from './fields.js';

/** Points of one question at most: each is a book looked up and rebuilt out of the store. */
const MAX_POINTS = 300;
/** Points that the store is asked for at once; other readers get their turn in between. */
const CALL_POINTS = 15;

/** The best prices of a market at one moment. */
interface PricePoint {
  readonly at: number;
  readonly best: BestPrices | null;
}

const PricePointType = builder.objectRef<PricePoint>('PricePoint').implement({
  description: 'The best prices of a market as they stood at one moment.',
  fields: (t) => ({
    ...exposed(t, 'DateTime', { at: 'The moment.' }),
    timestamp: t.field({
      type: 'DateTime',
      nullable: true,
      description:
        'When the book that stood then was received; null in a gap, before the first book, and while recording was stopped.',
      resolve: ({ best }) => best?.timestamp ?? null,
    }),
    bestAsk: t.field({
      type: 'Decimal',
      nullable: true,
      description: 'Price of the lowest ask; null when there is none or no book.',
      resolve: ({ best }) => best?.ask ?? null,
    }),
    bestBid: t.field({
      type: 'Decimal',
      nullable: true,
      description: 'Price of the highest bid; null when there is none or no book.',
      resolve: ({ best }) => best?.bid ?? null,
    }),
    midPrice: t.field({
      type: 'Decimal',
      nullable: true,
      description: 'The middle of both, exact; null when one is missing.',
      resolve: ({ best }) =>
        best === null || best.ask === null || best.bid === null
          ? null
          : midDecimal(best.ask, best.bid),
    }),
  }),
});

/** A time of which no book is known, Unix ms; `end` null while it lasts. */
type Unknown = Pick<Gap, 'start' | 'end'>;

function within(times: readonly Unknown[], at: number): boolean {
  return times.some(({ start, end }) => start < at && (end === null || at < end));
}

/** Moments evenly spread over a window, both ends included. */
function moments(from: number, to: number, points: number): number[] {
  return Array.from({ length: points }, (_unused, i) =>
    Math.round(from + ((to - from) * i) / (points - 1)),
  );
}

/** All gaps of a market that touch a window, however many they are. */
async function gapsOf(reader: StoreReader, market: Market, from: number, to: number) {
  const gaps: Gap[] = [];
  let after: number | undefined;
  for (;;) {
    const { items, more } = await reader.gaps({ ...market, from, to, after, limit: 1000 });
    gaps.push(...items.map(({ value }) => value));
    if (!more) return gaps;
    after = items.at(-1)!.id;
  }
}

/** When it was stopped on request; what reaches the window's beginning began before, and what reaches the end of what is known lasts. */
async function stopsOf(reader: StoreReader, market: Market, from: number, to: number) {
  const { stopped, to: known } = await reader.coverage({ market, from, to });
  return stopped.map(({ start, end }): Unknown => ({
    start: start > from ? start : -Infinity,
    end: end < known ? end : null,
  }));
}

builder.queryField('priceHistory', (t) =>
  t.field({
    type: [PricePointType],
    description:
      'The best prices of a market at moments evenly spread over a window, out of the store. A moment inside a gap, or while recording was stopped, has none.',
    args: {
      ...marketArgs,
      from: t.arg({ type: 'DateTime', required: true, description: 'The first moment.' }),
      to: t.arg({ type: 'DateTime', required: true, description: 'The last moment.' }),
      points: t.arg.int({
        required: true,
        defaultValue: 100,
        description: `How many moments, from 2 to ${MAX_POINTS}.`,
      }),
    },
    resolve: async (_root, args, { reader, markets, rows }) => {
      const market = marketOf(args);
      const { from, to, points } = args;
      if (points < 2 || points > MAX_POINTS) {
        throw badInput('points', `must be from 2 to ${MAX_POINTS}; was ${points}`);
      }
      if (to <= from) throw badInput('to', 'must be after from');
      await markets.check([market]);
      rows.take(points);
      const unknown: Unknown[] = [
        ...(await gapsOf(reader, market, from, to)),
        ...(await stopsOf(reader, market, from, to)),
      ];
      const all = moments(from, to, points);
      const outside = all.filter((at) => !within(unknown, at));
      const found = new Map<number, BestPrices | null>();
      for (let i = 0; i < outside.length; i += CALL_POINTS) {
        const asked = outside.slice(i, i + CALL_POINTS);
        const bests = await reader.bestPrices(market, asked);
        asked.forEach((at, k) => found.set(at, bests[k]!));
      }
      return all.map((at): PricePoint => ({ at, best: found.get(at) ?? null }));
    },
  }),
);

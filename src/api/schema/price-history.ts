import { midDecimal } from '../../market/decimal.js';
import type { BestPrices } from '../../store/reader-types.js';
import { Validity } from '../../store/validity.js';
import { badInput } from '../errors.js';
import { marketOf } from '../inputs.js';
import { marketArgs } from './arguments.js';
import { builder } from './builder.js';
import { exposed } from './fields.js';

/** Maximum number of points per query: each is a book looked up and rebuilt from the store. */
const MAX_POINTS = 300;
/** Points requested from the store at a time; other readers get their turn in between. */
const CALL_POINTS = 15;

/** The best prices of a market at one moment. */
interface PricePoint {
  readonly at: number;
  readonly best: BestPrices | null;
}

const PricePointType = builder.objectRef<PricePoint>('PricePoint').implement({
  description: 'The best prices of a market at one moment.',
  fields: (t) => ({
    ...exposed(t, 'DateTime', { at: 'The moment.' }),
    timestamp: t.field({
      type: 'DateTime',
      nullable: true,
      description:
        'When the book in effect then was received; null in a gap, before the first book, and while recording was stopped.',
      resolve: ({ best }) => best?.timestamp ?? null,
    }),
    bestAsk: t.field({
      type: 'Decimal',
      nullable: true,
      description: 'Lowest ask; null when there is none or no book.',
      resolve: ({ best }) => best?.ask ?? null,
    }),
    bestBid: t.field({
      type: 'Decimal',
      nullable: true,
      description: 'Highest bid; null when there is none or no book.',
      resolve: ({ best }) => best?.bid ?? null,
    }),
    midPrice: t.field({
      type: 'Decimal',
      nullable: true,
      description: 'Midpoint of the two, exact; null when one is missing.',
      resolve: ({ best }) =>
        best === null || best.ask === null || best.bid === null
          ? null
          : midDecimal(best.ask, best.bid),
    }),
  }),
});

/** Moments spread evenly over a window, both ends included. */
function moments(from: number, to: number, points: number): number[] {
  return Array.from({ length: points }, (_unused, i) =>
    Math.round(from + ((to - from) * i) / (points - 1)),
  );
}

builder.queryField('priceHistory', (t) =>
  t.field({
    type: [PricePointType],
    description:
      'The best prices of a market at moments spread evenly over a window, from the store. A moment inside a gap, or while recording was stopped, has none.',
    args: {
      ...marketArgs,
      from: t.arg({ type: 'DateTime', required: true, description: 'The first moment.' }),
      to: t.arg({ type: 'DateTime', required: true, description: 'The last moment.' }),
      points: t.arg.int({
        required: true,
        defaultValue: 100,
        description: `Number of moments, from 2 to ${MAX_POINTS}.`,
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
      // The last moment is one of them.
      const validity = new Validity(await reader.breaks({ market, from, to: to + 1 }));
      const all = moments(from, to, points);
      const found: PricePoint[] = [];
      for (let i = 0; i < all.length; i += CALL_POINTS) {
        const asked = all.slice(i, i + CALL_POINTS);
        const bests = await reader.bestPrices(market, asked);
        for (const [k, at] of asked.entries()) {
          const best = bests[k] ?? null;
          const holds = best !== null && validity.holds(at, best.timestamp);
          found.push({ at, best: holds ? best : null });
        }
      }
      return found;
    },
  }),
);

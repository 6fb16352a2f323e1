import type { Market } from '../../market/market.js';
import type { TimeWindow } from '../../market/time-window.js';
import type { TradeCompleteness, TradePiece } from '../../market/trade-span.js';
import type { StoreReader } from '../../store/reader-types.js';
import { fromCursor, toConnection, toCursor } from '../paging.js';
import { pageArgs } from './arguments.js';
import { builder } from './builder.js';
import { exposed } from './fields.js';
import { GapCauseEnum } from './gap.js';
import { inWordsOf, ownWordsArgs } from './language.js';

/** How well the completeness of trades in a span is established. */
export const TradeCompletenessEnum = builder.enumType('TradeCompleteness', {
  description: 'How well the completeness of the trades in a time span is established.',
  values: {
    UNPROVEN: {
      description:
        'Everything the stream delivered is recorded, but nothing proves that it was complete.',
    },
    VERIFIED_BY_REST: {
      description: "Every trade in the exchange's REST history is recorded.",
    },
    VERIFIED_BY_VOLUME: {
      description:
        "The volume of each minute in the exchange's candles equals the sum of the recorded trades, digit for digit.",
    },
    GAP: {
      description:
        "Trades may be missing: the stream was down, or trades could not be kept. They may still be backfilled until the exchange's history has been checked.",
    },
  } as const,
});

const TradeSpanType = builder.objectRef<TradePiece>('TradeSpan').implement({
  description: 'A time span of a market and the completeness of its trades.',
  fields: (t) => ({
    ...exposed(t, 'DateTime', { start: 'Its start.', end: 'Its end, exclusive.' }),
    completeness: t.expose('completeness', {
      type: TradeCompletenessEnum,
      description: 'Completeness of its trades.',
    }),
    cause: t.expose('cause', {
      type: GapCauseEnum,
      nullable: true,
      description: 'Why trades may be missing; null unless it is a gap.',
    }),
    detail: t.string({
      nullable: true,
      description: 'Details of the cause; null when there are none.',
      args: ownWordsArgs,
      resolve: ({ detail }, { lang }) => inWordsOf(lang, detail),
    }),
    ...exposed(t, 'Boolean', {
      checked:
        "Whether it was checked against the exchange's history, which makes it final. The times of an unchecked span are by this server's clock.",
    }),
  }),
});

const TradeSpanConnection = builder.connectionObject(
  { type: TradeSpanType, name: 'TradeSpanConnection', description: 'A page of spans, by start.' },
  { name: 'TradeSpanEdge', description: 'A span and its cursor.' },
);

/** Completeness of a market's trades in a window. */
interface TradeCoverage extends Required<TimeWindow> {
  readonly market: Market;
  readonly sums: Partial<Record<TradeCompleteness, number>>;
}

/** Completeness of a market's trades in a window; null where none were recorded. */
export async function tradeCoverage(
  reader: StoreReader,
  market: Market,
  window: Required<TimeWindow>,
): Promise<TradeCoverage | null> {
  const sums = await reader.tradeCoverage({ market, ...window });
  return Object.keys(sums).length === 0 ? null : { market, ...window, sums };
}

/** See {@link tradeCoverage}. */
export const TradeCoverageType = builder.objectRef<TradeCoverage>('TradeCoverage').implement({
  description: "Completeness of a market's trades in a window.",
  fields: (t) => ({
    unprovenMs: t.field({
      type: 'BigInt',
      description: 'Time in the window for which they are UNPROVEN, in milliseconds.',
      resolve: ({ sums }) => sums.UNPROVEN ?? 0,
    }),
    verifiedByRestMs: t.field({
      type: 'BigInt',
      description: 'Time for which they are VERIFIED_BY_REST.',
      resolve: ({ sums }) => sums.VERIFIED_BY_REST ?? 0,
    }),
    verifiedByVolumeMs: t.field({
      type: 'BigInt',
      description: 'Time for which they are VERIFIED_BY_VOLUME.',
      resolve: ({ sums }) => sums.VERIFIED_BY_VOLUME ?? 0,
    }),
    gapMs: t.field({
      type: 'BigInt',
      description: 'Time in which they have a GAP.',
      resolve: ({ sums }) => sums.GAP ?? 0,
    }),
    spans: t.field({
      type: TradeSpanConnection,
      description:
        'The spans that overlap the window, by start. Those with GAP are the trade gaps; the query `gaps` has those of the books.',
      args: {
        ...pageArgs,
        completeness: t.arg({
          type: TradeCompletenessEnum,
          description: 'Only spans with this completeness.',
        }),
      },
      resolve: async ({ market, from, to }, args, { reader, rows }) => {
        const page = await reader.tradeSpans({
          market,
          from,
          to,
          completeness: args.completeness ?? undefined,
          after: fromCursor('tradeSpan', 1, args.after)?.[0],
          limit: rows.take(args.first),
        });
        return toConnection(
          page,
          args.after,
          ({ start }) => toCursor('tradeSpan', start),
          (piece) => piece,
        );
      },
    }),
  }),
});

/** Spans read at a time. */
const SPANS = 1000;

/** All spans of a market that overlap a window, by start. */
export async function allSpans(
  reader: StoreReader,
  market: Market,
  window: TimeWindow,
): Promise<TradePiece[]> {
  const spans: TradePiece[] = [];
  for (let more = true; more;) {
    const after = spans.at(-1)?.start;
    const page = await reader.tradeSpans({ market, ...window, after, limit: SPANS });
    spans.push(...page.items);
    more = page.more;
  }
  return spans;
}

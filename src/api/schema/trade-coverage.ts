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

/** How well the trades of a span are known. */
export const TradeCompletenessEnum = builder.enumType('TradeCompleteness', {
  description: 'What is known of the completeness of the trades of a span of time.',
  values: {
    UNPROVEN: {
      description: 'What the stream brought is recorded, and nothing shows that it was all.',
    },
    VERIFIED_BY_REST: {
      description: "Every trade that the exchange's REST history has of it is recorded.",
    },
    VERIFIED_BY_VOLUME: {
      description:
        "The volume of each minute by the exchange's candles equals the sum of what is recorded, digit for digit.",
    },
    GAP: {
      description:
        "Trades may be missing: the stream was down, or trades could not be kept. Until the exchange's history was asked they may still be filled in.",
    },
  } as const,
});

const TradeSpanType = builder.objectRef<TradePiece>('TradeSpan').implement({
  description: "A span of a market's time and what is known of its trades.",
  fields: (t) => ({
    ...exposed(t, 'DateTime', { start: 'Its beginning.', end: 'Its end, excluded.' }),
    completeness: t.expose('completeness', {
      type: TradeCompletenessEnum,
      description: 'How well its trades are known.',
    }),
    cause: t.expose('cause', {
      type: GapCauseEnum,
      nullable: true,
      description: 'Why trades may be missing; null where it is no gap.',
    }),
    detail: t.string({
      nullable: true,
      description: 'More of that in words; null when there is nothing to add.',
      args: ownWordsArgs,
      resolve: ({ detail }, { lang }) => inWordsOf(lang, detail),
    }),
    ...exposed(t, 'Boolean', {
      checked:
        "Whether the exchange's history was asked about it: what is said of it is final. Times of a span that was not are of this server's clock.",
    }),
  }),
});

const TradeSpanConnection = builder.connectionObject(
  { type: TradeSpanType, name: 'TradeSpanConnection', description: 'A page of spans, by start.' },
  { name: 'TradeSpanEdge', description: 'A span and its cursor.' },
);

/** How well the trades of a market are known in a window. */
interface TradeCoverage extends Required<TimeWindow> {
  readonly market: Market;
  readonly sums: Partial<Record<TradeCompleteness, number>>;
}

/** How well the trades of a market are known in a window; null where none were recorded. */
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
  description: 'How well the trades of a market are known in a window.',
  fields: (t) => ({
    unprovenMs: t.field({
      type: 'BigInt',
      description: 'Part of the window of which they are UNPROVEN, in milliseconds.',
      resolve: ({ sums }) => sums.UNPROVEN ?? 0,
    }),
    verifiedByRestMs: t.field({
      type: 'BigInt',
      description: 'Part of which they are VERIFIED_BY_REST.',
      resolve: ({ sums }) => sums.VERIFIED_BY_REST ?? 0,
    }),
    verifiedByVolumeMs: t.field({
      type: 'BigInt',
      description: 'Part of which they are VERIFIED_BY_VOLUME.',
      resolve: ({ sums }) => sums.VERIFIED_BY_VOLUME ?? 0,
    }),
    gapMs: t.field({
      type: 'BigInt',
      description: 'Part that is a GAP of the trades.',
      resolve: ({ sums }) => sums.GAP ?? 0,
    }),
    spans: t.field({
      type: TradeSpanConnection,
      description:
        "The spans that touch the window, by start. The gaps of the trades are those of GAP; the query `gaps` has the books'.",
      args: {
        ...pageArgs,
        completeness: t.arg({
          type: TradeCompletenessEnum,
          description: 'Only spans whose trades are known so well.',
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

/** Spans that are read at a time. */
const SPANS = 1000;

/** All spans of a market that touch a window, by start. */
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

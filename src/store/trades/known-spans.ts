import { type Market, marketKey } from '../../market/market.js';
import type { TimeWindow } from '../../market/time-window.js';
import {
  overlaid,
  partsIn,
  type TradeCompleteness,
  type TradePiece,
} from '../../market/trade-span.js';
import type { Session } from '../engine/engine.js';
import { sql } from '../engine/sql.js';
import type { ArchivedSpans } from '../archived-spans.js';
import type { Page, SpanQuery } from '../reader-types.js';
import {
  SPAN_COLUMNS,
  spanPage,
  type SpanRow,
  spansIn,
  spanSumsOf,
  toPiece,
} from './span-reader.js';

const DAY_MS = 86_400_000;
/** Maximum spans of one market examined. */
const MAX_SPANS = 1_000_000;

/** Markets that may have trades. */
export interface TradeMarkets {
  /** Those of the database, by number. */
  readonly hot: ReadonlyMap<number, Market>;
  /** Those of the archive; some may be in the database too. */
  readonly older: readonly Market[];
}

/** A market and its number in the database; null if unknown there. */
interface NumberedMarket {
  readonly market: Market;
  readonly id: number | null;
}

/** Time at each completeness, ms; zeros are left out. */
export type SpanSums = Partial<Record<TradeCompleteness, number>>;

/** Completeness of trades: the archive's data, overridden by the database's. */
export class KnownSpans {
  readonly #session: Session;
  readonly #archive: ArchivedSpans | null;

  constructor(session: Session, archive: ArchivedSpans | null) {
    this.#session = session;
    this.#archive = archive;
  }

  /** The spans of a market that overlap a window, by start. From the archive they start with a day. */
  async page({ market, id }: NumberedMarket, query: SpanQuery): Promise<Page<TradePiece>> {
    const { from = 0, to, completeness, checked, after = -1, limit } = query;
    const older = await this.#older(market, { from: Math.max(from, after), to });
    if (older === null) {
      return id === null ? { items: [], more: false } : spanPage(this.#session, id, query);
    }
    const all = await this.#over(older, id, { from, to });
    const items = all.filter(
      (piece) =>
        piece.start > after &&
        piece.end > from &&
        (completeness === undefined || piece.completeness === completeness) &&
        (checked === undefined || piece.checked === checked),
    );
    return { items: items.slice(0, limit), more: items.length > limit };
  }

  /** All spans of a market that overlap a window, by start. */
  async of(market: NumberedMarket, window: TimeWindow): Promise<TradePiece[]> {
    return (await this.page(market, { ...window, limit: MAX_SPANS })).items;
  }

  /** Time at each completeness of a market's trades within a window. */
  async sums({ market, id }: NumberedMarket, window: TimeWindow): Promise<SpanSums> {
    const older = await this.#older(market, window);
    if (older === null) {
      return id === null ? {} : ((await spanSumsOf(this.#session, window, id)).get(id) ?? {});
    }
    const { from = 0, to = Infinity } = window;
    const sums: SpanSums = {};
    for (const piece of partsIn(await this.#over(older, id, window), { start: from, end: to }))
      addTo(sums, piece);
    return sums;
  }

  /** Completeness for many markets, day by day; spans are cut to the day and the window. */
  async *days(
    markets: TradeMarkets,
    { from = -Infinity, to = Infinity }: TimeWindow,
  ): AsyncGenerator<Map<string, TradePiece[]>> {
    const archived = (await this.#archive?.reach()) ?? null;
    const [row] = await this.#session.rows(sql`SELECT min(start), max("end") FROM trade_span`);
    const [first, last] = row as [number | null, number | null];
    const start = Math.max(from, Math.min(first ?? Infinity, archived?.start ?? Infinity));
    const end = Math.min(to, Math.max(last ?? -Infinity, archived?.end ?? -Infinity));
    for (let day = start - (start % DAY_MS); day < end; day += DAY_MS) {
      const window = { start: Math.max(day, from), end: Math.min(day + DAY_MS, to) };
      const known = await this.day(markets, day);
      for (const [key, pieces] of known) known.set(key, partsIn(pieces, window));
      yield known;
    }
  }

  /** Completeness for many markets on a day, by {@link marketKey}. @param day its start, Unix ms */
  async day({ hot, older }: TradeMarkets, day: number): Promise<Map<string, TradePiece[]>> {
    const window = { from: day, to: day + DAY_MS };
    const all = (await this.#archive?.pieces(older, window)) ?? new Map<string, TradePiece[]>();
    const { rows, dialect } = this.#session;
    const found = (await rows(sql`
      SELECT ${SPAN_COLUMNS} FROM ${spansIn(window.from, window.to)}
         AND w.id IN ${dialect.numbers([...hot.keys()])} ORDER BY market_id, start`)) as unknown as SpanRow[];
    for (let i = 0; i < found.length;) {
      const id = found[i]![0];
      const own: TradePiece[] = [];
      for (; i < found.length && found[i]![0] === id; i++) own.push(toPiece(found[i]!));
      const key = marketKey(hot.get(id)!);
      all.set(key, overlaid(all.get(key) ?? [], own));
    }
    return all;
  }

  /** The archive's spans of a market in a window; null when there are none. */
  async #older(market: Market, window: TimeWindow): Promise<TradePiece[] | null> {
    return (await this.#archive?.pieces([market], window))?.get(marketKey(market)) ?? null;
  }

  /** Spans of the archive overlaid with those of the database. */
  async #over(
    older: readonly TradePiece[],
    id: number | null,
    window: TimeWindow,
  ): Promise<TradePiece[]> {
    if (id === null) return [...older];
    const hot = await spanPage(this.#session, id, { ...window, limit: MAX_SPANS });
    return overlaid(older, hot.items);
  }
}

/** Adds the length of a span. */
export function addTo(sums: SpanSums, { start, end, completeness }: TradePiece): void {
  if (start < end) sums[completeness] = (sums[completeness] ?? 0) + end - start;
}

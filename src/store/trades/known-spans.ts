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
/** Spans of one market that are looked at, at most. */
const MAX_SPANS = 1_000_000;

/** Markets of which trades may be known. */
export interface TradeMarkets {
  /** Those of the database, by number. */
  readonly hot: ReadonlyMap<number, Market>;
  /** Those of the archive; among them some of the former. */
  readonly older: readonly Market[];
}

/** A market and its number in the database; null where that does not know it. */
interface NumberedMarket {
  readonly market: Market;
  readonly id: number | null;
}

/** How long trades are known how well, ms; what is 0 is left out. */
export type SpanSums = Partial<Record<TradeCompleteness, number>>;

/** What is known of trades' completeness: the archive's word and, over it, the database's. */
export class KnownSpans {
  readonly #session: Session;
  readonly #archive: ArchivedSpans | null;

  constructor(session: Session, archive: ArchivedSpans | null) {
    this.#session = session;
    this.#archive = archive;
  }

  /** The pieces of a market that touch a window, by start. Where they are out of the archive they begin with a day. */
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

  /** All pieces of a market that touch a window, by start. */
  async of(market: NumberedMarket, window: TimeWindow): Promise<TradePiece[]> {
    return (await this.page(market, { ...window, limit: MAX_SPANS })).items;
  }

  /** How long a market's trades are known how well within a window. */
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

  /** What is known of many markets, day by day; pieces are cut to the day and the window. */
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

  /** What is known of many markets on a day, by {@link marketKey}. @param day its beginning, Unix ms */
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

  /** What the archive knows of a market in a window; null when it is nothing. */
  async #older(market: Market, window: TimeWindow): Promise<TradePiece[] | null> {
    return (await this.#archive?.pieces([market], window))?.get(marketKey(market)) ?? null;
  }

  /** Pieces of the archive under those of the database. */
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

/** Adds how long a piece is. */
export function addTo(sums: SpanSums, { start, end, completeness }: TradePiece): void {
  if (start < end) sums[completeness] = (sums[completeness] ?? 0) + end - start;
}

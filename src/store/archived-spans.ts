import type { GapCause } from '../market/gap.js';
import { type Market, marketKey } from '../market/market.js';
import type { TimeWindow } from '../market/time-window.js';
import { overlaid, type TradeCompleteness, type TradePiece } from '../market/trade-span.js';
import { DAY_MS, startOf } from '../parquet/layout.js';
import { storedColumns, TABLES } from '../parquet/tables.js';
import { type DatedFile, filesOfExchange } from './archive-days.js';
import { type ArchivedFiles, marketSql } from './archived-files.js';

/** Up to this many markets of an exchange are selected by name; beyond that all are read. */
const FEW = 8;

/** Completeness of the trades of archived days. */
export class ArchivedSpans {
  readonly #files: ArchivedFiles;

  constructor(files: ArchivedFiles) {
    this.#files = files;
  }

  /** Start and end of its days, Unix ms; null when there are none. */
  async reach(): Promise<{ start: number; end: number } | null> {
    const days = await this.#files.days();
    if (days.length === 0) return null;
    return { start: startOf(days[0]!.date), end: startOf(days.at(-1)!.date) + DAY_MS };
  }

  /**
   * Completeness spans of some markets on the days that overlap a window, cut to these days, by
   * start. Trades of a missing day or file are a gap.
   * @returns by {@link marketKey}; markets about which nothing is known are left out
   */
  async pieces(
    markets: readonly Market[],
    { from = -Infinity, to = Infinity }: TimeWindow,
  ): Promise<Map<string, TradePiece[]>> {
    const found = new Map<string, TradePiece[]>();
    const wanted = new Map(markets.map((market) => [marketKey(market), market]));
    const days = (await this.#files.days()).filter(
      ({ date }) => startOf(date) + DAY_MS > from && startOf(date) < to,
    );
    for (const exchange of new Set(markets.map((market) => market.exchange))) {
      const files = filesOfExchange(days, 'trade_spans', exchange);
      const own = markets.filter((market) => market.exchange === exchange);
      const known = new Map<string, Map<number, TradePiece[]>>();
      for (const part of partsOf(files)) {
        for (const [key, pieces] of await this.#read(own, part)) {
          if (!wanted.has(key)) continue;
          // A later part contains the whole day of each of its markets and replaces earlier ones.
          const days = known.get(key) ?? new Map<number, TradePiece[]>();
          for (const [day, ofDay] of byDay(pieces)) days.set(day, ofDay);
          known.set(key, days);
        }
      }
      for (const [key, days] of known) {
        const pieces = [...days].sort(([a], [b]) => a - b).flatMap(([, ofDay]) => ofDay);
        found.set(key, overlaid([], pieces));
      }
    }
    for (const { date, markets: lacking, detail } of await this.#files.holes(from, to, TRADES)) {
      const start = startOf(date);
      const hole = {
        completeness: 'GAP',
        cause: 'ARCHIVE_MISSING',
        detail,
        checked: true,
      } as const;
      for (const market of lacking) {
        const key = marketKey(market);
        if (!wanted.has(key)) continue;
        found.set(key, overlaid(found.get(key) ?? [], [{ start, end: start + DAY_MS, ...hole }]));
      }
    }
    return found;
  }

  /** The spans of an exchange's markets from files no two of which are of one day. */
  async #read(
    markets: readonly Market[],
    files: readonly DatedFile[],
  ): Promise<Map<string, TradePiece[]>> {
    const { exchange } = markets[0]!;
    const few = markets.length <= FEW;
    const condition = few ? markets.map((market) => `(${marketSql(market)})`).join(' OR ') : 'true';
    const rows = await this.#files.rows(
      files,
      (source) =>
        `SELECT symbol, currency, ${storedColumns(TABLES.trade_spans)} FROM (
           SELECT * FROM ${source} WHERE ${condition}) ORDER BY 1, 2, 3`,
    );
    const found = new Map<string, TradePiece[]>();
    for (const [symbol, currency, start, end, completeness, cause, detail, checked] of rows) {
      const key = marketKey({ exchange, symbol: String(symbol), currency: String(currency) });
      const piece: TradePiece = {
        start: Number(start),
        end: Number(end),
        completeness: completeness as TradeCompleteness,
        cause: cause as GapCause | null,
        detail: detail as string | null,
        checked: Number(checked) === 1,
      };
      const known = found.get(key);
      if (known === undefined) found.set(key, [piece]);
      else known.push(piece);
    }
    return found;
  }
}

const TRADES = ['trades'] as const;

/** Spans by the start of their day, split at day boundaries. */
function byDay(pieces: readonly TradePiece[]): Map<number, TradePiece[]> {
  const days = new Map<number, TradePiece[]>();
  for (const piece of pieces) {
    const day = piece.start - (piece.start % DAY_MS);
    const known = days.get(day);
    if (known === undefined) days.set(day, [piece]);
    else known.push(piece);
  }
  return days;
}

/** Files grouped by their position among those of their day. */
function partsOf(files: readonly DatedFile[]): DatedFile[][] {
  const counts = new Map<string, number>();
  const parts: DatedFile[][] = [];
  for (const file of files) {
    const part = counts.get(file.date) ?? 0;
    counts.set(file.date, part + 1);
    (parts[part] ??= []).push(file);
  }
  return parts;
}

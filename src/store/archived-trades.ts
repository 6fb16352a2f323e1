import { type Market, pairText } from '../market/market.js';
import type { TimeWindow } from '../market/time-window.js';
import {
  compareAllTrades,
  type Trade,
  type TradeIdKind,
  type TradeOrigin,
  type TradeSide,
} from '../market/trade.js';
import { storedColumns, TABLES } from '../parquet/tables.js';
import { type DatedFile, digestOf, filesOf, filesOfExchange } from './archive-days.js';
import { type ArchivedFiles, marketSql, windowSql } from './archived-files.js';

/** Time spanned by a sweep's first statement, ms, and target number of trades per statement. */
const FIRST_SPAN_MS = 60_000;
const PIECE_ROWS = 40_000;
/** Up to this many markets of an exchange are selected by name; beyond that all are read. */
const FEW = 8;

/** The trades of archived days, which the database may have deleted. */
export class ArchivedTrades {
  readonly #files: ArchivedFiles;

  constructor(files: ArchivedFiles) {
    this.#files = files;
  }

  /** All markets with trades in the archive. */
  markets(): Promise<Market[]> {
    return this.#files.markets('trades');
  }

  /**
   * The trades of some markets in the order of {@link compareAllTrades}, in pieces; the window is
   * in exchange time.
   * @returns null when the archive has none of them
   */
  async sweep(
    markets: readonly Market[],
    { from = -Infinity, to = Infinity }: TimeWindow,
  ): Promise<AsyncGenerator<Trade[]> | null> {
    const days = await this.#files.days();
    const files = new Map<string, { file: DatedFile; first: number; last: number }>();
    for (const market of markets) {
      for (const file of filesOf(days, 'trades', market)) {
        const { first, last } = digestOf(file, market);
        if (first >= to || last < from) continue;
        const known = files.get(file.path) ?? { file, first, last };
        const [least, most] = [Math.min(first, known.first), Math.max(last, known.last)];
        files.set(file.path, { file, first: least, last: most });
      }
    }
    return files.size === 0 ? null : this.#sweep(markets, [...files.values()], { from, to });
  }

  /** Upper bound of the sequences of its trades. */
  async lastSequence(): Promise<number> {
    const days = await this.#files.days();
    return Math.max(0, ...days.map(({ manifest }) => manifest?.trades?.upTo ?? 0));
  }

  /** Whether it has a trade of a market from before an exchange time, Unix ms. */
  async hasBefore(market: Market, time: number): Promise<boolean> {
    const files = filesOf(await this.#files.days(), 'trades', market);
    return files.some((file) => digestOf(file, market).first < time);
  }

  /** The trades of some markets with sequences from `low` to `high`, in no particular order. */
  async between(markets: readonly Market[], low: number, high: number): Promise<Trade[]> {
    const days = await this.#files.days();
    const trades: Trade[] = [];
    for (const exchange of new Set(markets.map((market) => market.exchange))) {
      const own = markets.filter((market) => market.exchange === exchange);
      const files = filesOfExchange(days, 'trades', exchange);
      const condition = `sequence BETWEEN ${low} AND ${high}`;
      for (const one of await this.#read(own, files, condition)) trades.push(one);
    }
    return trades;
  }

  /** The latest trade of a market, or null. */
  async newest(market: Market): Promise<Trade | null> {
    const files = filesOf(await this.#files.days(), 'trades', market);
    if (files.length === 0) return null;
    const from = Math.max(...files.map((file) => digestOf(file, market).last));
    let newest: Trade | null = null;
    for await (const piece of (await this.sweep([market], { from })) ?? []) {
      newest = piece.at(-1) ?? newest;
    }
    return newest;
  }

  async *#sweep(
    markets: readonly Market[],
    files: readonly { file: DatedFile; first: number; last: number }[],
    { from, to }: Required<TimeWindow>,
  ): AsyncGenerator<Trade[]> {
    const start = Math.max(from!, Math.min(...files.map(({ first }) => first)));
    const end = Math.min(to!, Math.max(...files.map(({ last }) => last)) + 1);
    let span = FIRST_SPAN_MS;
    for (let low = start; low < end;) {
      const high = Math.min(end, low + span);
      const touched = files.filter(({ first, last }) => first < high && last >= low);
      const trades: Trade[] = [];
      for (const exchange of new Set(touched.map(({ file }) => file.exchange))) {
        const own = markets.filter((market) => market.exchange === exchange);
        const ofExchange = touched.flatMap(({ file }) =>
          file.exchange === exchange ? [file] : [],
        );
        const condition = windowSql({ from: low, to: high }, 'exchange_timestamp');
        for (const one of await this.#read(own, ofExchange, condition)) trades.push(one);
      }
      if (trades.length > 0) yield trades.sort(compareAllTrades);
      low = high;
      // A long time span of quiet markets per statement, a short one of busy markets.
      if (trades.length === 0) span *= 16;
      else if (trades.length < PIECE_ROWS / 4) span *= 4;
      else if (trades.length > PIECE_ROWS) span = Math.max(1, Math.floor(span / 2));
    }
  }

  /** The trades of an exchange's markets that a condition selects, in no particular order. */
  async #read(
    markets: readonly Market[],
    files: readonly DatedFile[],
    condition: string,
  ): Promise<Trade[]> {
    const pairs = new Map(markets.map((market) => [pairText(market), market]));
    const wanted = markets.length <= FEW ? `(${markets.map(marketSql).join(' OR ')})` : 'true';
    const rows = await this.#files.rows(
      files,
      (source) =>
        `SELECT symbol, currency, ${storedColumns(TABLES.trades)} FROM (
           SELECT * FROM ${source}
            WHERE ${wanted} AND ${condition})`,
    );
    return rows.flatMap(([symbol, currency, ...own]) => {
      const market = pairs.get(`${String(symbol)}-${String(currency)}`);
      return market === undefined ? [] : [tradeOf(market, own)];
    });
  }
}

/** A row of an archived file as a trade. */
function tradeOf(market: Market, row: readonly unknown[]): Trade {
  const [sequence, timestamp, time, message, resolution, id, kind, side, price, volume, origin] =
    row;
  return {
    market,
    sequence: Number(sequence),
    timestamp: Number(timestamp),
    exchangeTimestamp: Number(time),
    messageTimestamp: message === null ? null : Number(message),
    resolutionMs: Number(resolution),
    tradeId: id as string,
    idKind: kind as TradeIdKind,
    side: side as TradeSide,
    price: price as string,
    volume: volume as string,
    origin: origin as TradeOrigin,
  };
}

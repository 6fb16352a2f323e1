import type { DayReport } from '../market/day-report.js';
import { type Exchange, EXCHANGES } from '../market/exchange.js';
import { marketKey, pairText } from '../market/market.js';
import { addToSum, type DigestSum, sumsOf } from '../parquet/digest.js';
import { DAY_MS, startOf } from '../parquet/layout.js';
import type { Manifest, MarketDigest } from '../parquet/manifest.js';
import type { DayReader, DayRow, NumberedMarket } from '../store/day-reader.js';

/** Column with the start of a span, by which its table is sorted. */
const START = 1;

/** What the newest files of a day contain for each of an exchange's markets, by pair. */
function archivedSpans(existing: Manifest | null, exchange: Exchange): Map<string, MarketDigest> {
  const digests = new Map<string, MarketDigest>();
  for (const file of existing?.files ?? []) {
    if (file.table !== 'trade_spans' || file.exchange !== exchange) continue;
    for (const [pair, digest] of Object.entries(file.markets)) digests.set(pair, digest);
  }
  return digests;
}

/**
 * Completeness spans of a day's trades that are not archived yet or have changed: a check may find
 * out more after the day is archived. Each market is included with its whole day, or not at all.
 * @param existing what is archived of the day
 */
export async function spansToArchive(
  reader: DayReader,
  markets: ReadonlyMap<number, NumberedMarket>,
  date: string,
  existing: Manifest | null,
): Promise<Map<Exchange, DayRow[]>> {
  const from = startOf(date);
  const byPair = new Map<Exchange, Map<string, DayRow[]>>();
  for (const row of await reader.records('trade_spans', from, from + DAY_MS)) {
    const market = markets.get(Number(row[0]));
    // Added after the markets were read; the next run archives it.
    if (market === undefined) continue;
    let pairs = byPair.get(market.exchange);
    if (pairs === undefined) byPair.set(market.exchange, (pairs = new Map<string, DayRow[]>()));
    const known = pairs.get(pairText(market));
    if (known === undefined) pairs.set(pairText(market), [row]);
    else known.push(row);
  }
  const changed = new Map<Exchange, DayRow[]>();
  for (const exchange of EXCHANGES) {
    const archived = archivedSpans(existing, exchange);
    const rows = [...(byPair.get(exchange) ?? [])].flatMap(([pair, own]) => {
      const before = archived.get(pair);
      if (before === undefined) return own;
      const sums = new Map<string, DigestSum>();
      for (const row of own) addToSum(sums, pair, Number(row[START]), row);
      const now = sumsOf(sums)[pair]!;
      // If the start of the day was deleted, the archive knows more.
      return now.digest === before.digest || now.first > before.first ? [] : own;
    });
    if (rows.length > 0) changed.set(exchange, rows);
  }
  return changed;
}

/** A day's report with a newer one's data about trades: the rest may have been deleted since. */
export function withTradesOf(report: DayReport, newer: DayReport): DayReport {
  const trades = new Map(newer.markets.map((own) => [marketKey(own.market), own.trades]));
  const markets = report.markets.map((own) => {
    const known = trades.get(marketKey(own.market));
    return known === undefined ? own : { ...own, trades: known };
  });
  return { ...report, markets };
}

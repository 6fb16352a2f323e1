import type { CollectorMemory } from '../../market/collector-memory.js';
import { compareTradeIds, type ReadTrade, tradeContents } from '../../market/trade.js';
import type { TradeMatch } from '../../market/trade-match.js';
import type { Span } from '../../market/trade-span.js';
import type { TradeRecorder } from '../market/trade-recorder.js';
import type { RestClient } from '../rest/rest-client.js';
import type { Doubt, MarketTrades } from './market-trades.js';
import { oldestTimes } from './page-order.js';
import type { HistoryPage, HistoryPlace, TradeHistory } from './trade-history.js';

/** What a walk works with. */
export interface WalkParts {
  readonly history: TradeHistory;
  readonly rest: RestClient;
  readonly memory: Pick<CollectorMemory, 'matchTrades' | 'unknownTrades' | 'hasTradeBefore'>;
  readonly tape: Pick<TradeRecorder, 'fill' | 'recordedOf'>;
  /** Receive clock, Unix ms. */
  readonly clock: () => number;
  /** Whether few unchecked trades are expected: then a small page is asked for first. */
  readonly few: boolean;
  /** Trades newer than this are not checked yet, since the stream and the history may lag, ms. */
  readonly settleMs: number;
  /** Whether the exchange may leave trades out of its stream. */
  readonly lossy: boolean;
  /** Waits for a free slot for a call; false when there should be no more calls. */
  readonly slot: () => Promise<boolean>;
  readonly tally: WalkTally;
  /** Something about the history is not as it should be. */
  readonly onOdd: (market: MarketTrades, what: string) => void;
  /** A span that the history cannot cover. */
  readonly onUnreached: (market: MarketTrades, span: Span, why: string) => void;
}

/** Counts of all walks of an exchange. */
export interface WalkTally {
  historyPages: number;
  historyAgreed: number;
  historyDiffered: number;
  historyLacked: number;
  historyFaults: number;
  otherIds: number;
  otherZones: number;
}

/** The most pages of one walk: 15 million trades on Upbit. */
const MAX_PAGES = 30_000;
/** After this many inconsistent checks in a row, what is open stays as it is. */
const MAX_FAULTS = 3;

const NOTHING: TradeMatch = { agreed: 0, otherIds: 0, missing: [], differing: [], absent: [] };

/**
 * Walks back through an exchange's history of a market, newest page first, until everything unchecked has
 * been checked. Each page is compared with what is stored, what is missing is recorded, and the span is
 * marked at once, so that nothing has to be kept. It terminates, because each page must continue from the one
 * before, further back.
 * @returns trades of the newest page that are newer than what was checked before, and how many were filled in
 * @throws {ExchangeError} when a page cannot be fetched; what was checked until then is
 */
export async function walk(
  parts: WalkParts,
  market: MarketTrades,
): Promise<{ fresh: number; filled: number }> {
  const { history, rest, memory, clock, tally } = parts;
  const since = market.openStart;
  let { few } = parts;
  let fresh = 0;
  let filled = 0;
  let place: HistoryPlace | null = null;
  let top = Infinity;
  /** How far our clock is ahead of the exchange's, ms. */
  let ahead = 0;
  let last: ReadTrade | null = null;
  /** Trades that the next page will not repeat, although it covers their time. */
  let carried: readonly ReadTrade[] = [];
  const fault = (what: string): void => {
    tally.historyFaults++;
    parts.onOdd(market, what);
    if (++market.faults < MAX_FAULTS) return;
    const span = { start: market.openStart, end: top };
    parts.onUnreached(market, span, what);
    market.unreached(span, what, parts.lossy);
  };
  const tooFar = (span: Span, oldest: number): void => {
    parts.onUnreached(market, span, "the exchange's history does not reach back so far");
    const words = `the exchange's history reaches back to ${shown(oldest)} only`;
    market.unreached(span, words, parts.lossy);
  };
  for (let pages = 1; await parts.slot(); pages++) {
    if (!market.running) break;
    const asked = clock();
    if (place === null) market.report(asked);
    const rows: number = (few && place === null ? history.fewRows : undefined) ?? history.rows;
    const read: HistoryPage = await history.page(rest, market.pair, place, asked - ahead, rows);
    if (rows < history.rows && read.next === null && read.from > market.openStart) {
      // There were more, and no other page has them.
      few = false;
      tally.historyPages++;
      continue;
    }
    const again = (trade: ReadTrade): boolean => read.trades.some((other) => same(other, trade));
    const page: HistoryPage = {
      ...read,
      trades: [...carried.filter((trade) => !again(trade)), ...read.trades],
    };
    tally.historyPages++;
    tally.otherZones += page.otherZone;
    if (!market.running) break;
    if (place === null) {
      top = Math.min(asked, page.answeredAt ?? asked) - parts.settleMs;
      ahead = asked - (page.answeredAt ?? asked);
      fresh = page.trades.filter(({ exchangeTimestamp: time }) => time >= since).length;
    }
    const known: ReadTrade | null = last;
    if (place?.overlaps === true && known !== null && !page.trades.some((t) => same(t, known))) {
      fault(`a page lacks the trade ${known.tradeId} that it had to go on from`);
      break;
    }
    let { from } = page;
    const oldest = await beginning(parts, market, page);
    if (from === -Infinity && (await memory.hasTradeBefore(market.market, Math.min(oldest, top)))) {
      // What is stored is older than everything it has: it does not reach back to the beginning.
      if (page.trades.length === 0) {
        fault('the history is empty, though trades are stored');
        break;
      }
      from = oldest + page.trades[0]!.resolutionMs;
    }
    const reached = Math.min(oldest, top);
    const begins = market.historyBegins === oldest && market.openStart < reached;
    if (
      from > -Infinity &&
      from < reached &&
      (begins || (await lacks(parts, market, page, from, reached)))
    ) {
      // It should also have what is stored from before its oldest trade; and it says no more about parts of that
      // time where nothing is stored than about the rest.
      if (page.trades.length === 0) {
        fault('the history is empty, though trades are stored');
        break;
      }
      market.historyBegins = oldest;
      tooFar({ start: Math.max(from, market.openStart), end: reached }, oldest);
    }
    const judged = await judge(parts, market, page, { start: from, end: top });
    if (judged === null) {
      fault('the history has far fewer trades than are stored');
      break;
    }
    filled += judged;
    top = Math.min(top, from);
    if (market.openIn({ start: -Infinity, end: top }).length === 0) {
      market.faults = 0;
      break;
    }
    const { next } = page;
    if (next === null || pages === MAX_PAGES) {
      tooFar({ start: market.openStart, end: top }, oldest);
      break;
    }
    if (place !== null && !goesOn(place, next)) {
      fault('a page does not go further back than the one before');
      break;
    }
    if (next.before < top) {
      // No page shows all trades of this moment: asking again would not help.
      const span = { start: next.before, end: top };
      const words = 'more trades in one moment than a page of the history holds';
      parts.onUnreached(market, span, words);
      market.unreached(span, words, parts.lossy);
      top = next.before;
    }
    last = page.trades.find((t) => showsAgain(next, t)) ?? null;
    carried = page.trades.filter((t) => t.exchangeTimestamp < top && !showsAgain(next, t));
    place = next;
  }
  return { fresh, filled };
}

/**
 * Time of the oldest trade of a page, Unix ms; Infinity without any. One that is not stored does not count
 * beside others: its time may be wild, and would hide that the page lacks what is stored.
 */
async function beginning(
  { memory }: WalkParts,
  market: MarketTrades,
  { trades }: HistoryPage,
): Promise<number> {
  const [oldest, second] = oldestTimes(trades);
  if (oldest === second || second === Infinity || market.openStart >= second) return oldest;
  const alone = trades.filter(({ exchangeTimestamp: time }) => time === oldest);
  const unknown = await memory.unknownTrades(market.market, alone);
  return unknown.length === 0 ? oldest : second;
}

/** Whether the page at a place shows a trade of the page before once more. */
function showsAgain(
  { before, id, overlaps }: HistoryPlace,
  { exchangeTimestamp, tradeId }: ReadTrade,
): boolean {
  if (!overlaps) return false;
  return id === null ? exchangeTimestamp < before : compareTradeIds(tradeId, id) < 0;
}

/** Whether a place lies further back than another. */
function goesOn(from: HistoryPlace, to: HistoryPlace): boolean {
  if (to.before !== from.before) return to.before < from.before;
  return to.id !== null && (from.id === null || compareTradeIds(to.id, from.id) < 0);
}

/** Whether trades are stored for a time for which a page lacks them. */
async function lacks(
  { memory }: WalkParts,
  market: MarketTrades,
  { trades }: HistoryPage,
  from: number,
  end: number,
): Promise<boolean> {
  if (market.openStart >= end) return false;
  // What was checked before counts as well: it was there.
  const inside = trades.filter(({ exchangeTimestamp: at }) => at >= from && at < end);
  const match = await memory.matchTrades(market.market, inside, { start: from, end });
  return match === null || match.absent.length > 0;
}

/**
 * Compares a page with what is stored and records what is missing.
 * @param span where the page has all trades; of older ones those are recorded that the next page does not show
 * @returns how many were recorded; null when the page cannot be about this market and time
 */
async function judge(
  { memory, tape, clock, tally, onOdd }: WalkParts,
  market: MarketTrades,
  page: HistoryPage,
  span: Span,
): Promise<number | null> {
  const start = Math.max(span.start, market.openStart);
  const whole = { start, end: span.end };
  const open = market.openIn({ start: -Infinity, end: span.end });
  const isOpen = ({ exchangeTimestamp: time }: ReadTrade): boolean =>
    open.some((piece) => time >= piece.start && time < piece.end);
  const inside = page.trades.filter(
    ({ exchangeTimestamp: time }) => time >= start && time < span.end,
  );
  const comparedAt = tape.recordedOf(market.market);
  const match = start < span.end ? await memory.matchTrades(market.market, inside, whole) : NOTHING;
  if (match === null) return null;
  const { next } = page;
  const older = page.trades.filter(
    (t) => t.exchangeTimestamp < start && isOpen(t) && !(next !== null && showsAgain(next, t)),
  );
  const missing = [
    ...match.missing.filter(isOpen),
    ...(older.length === 0 ? [] : await memory.unknownTrades(market.market, older, true)),
  ];
  const differing = match.differing.filter(({ stored }) => isOpen(stored));
  const absent = match.absent.filter(isOpen);
  tally.historyAgreed += match.agreed;
  tally.otherIds += match.otherIds;
  tally.historyDiffered += differing.length;
  tally.historyLacked += absent.length;
  const [different] = differing;
  if (different !== undefined)
    onOdd(
      market,
      `the history has the trade ${different.history.tradeId} as ${tradeContents(different.history)}, the stream as ${tradeContents(different.stored)}`,
    );
  if (absent[0] !== undefined) onOdd(market, `the history lacks the trade ${absent[0].tradeId}`);
  if (page.reason !== null) onOdd(market, `a trade of the history cannot be read: ${page.reason}`);
  const lost = market.losses;
  const filled = tape.fill(market.market, missing, clock(), comparedAt);
  // What was lost again meanwhile stays open.
  if (market.losses !== lost || start >= span.end) return filled;
  if (page.unreadable > 0) {
    const detail = `${page.unreadable} trades of the history could not be read`;
    market.unreached(whole, detail, false);
    return filled;
  }
  const at = ({ exchangeTimestamp: time, resolutionMs }: ReadTrade, detail: string): Doubt => {
    const first = time - (time % resolutionMs);
    return { start: first, end: first + resolutionMs, detail };
  };
  market.verified(whole, 'VERIFIED_BY_REST', [
    ...differing.map(({ stored }) =>
      at(stored, `the history has the trade ${stored.tradeId} differently`),
    ),
    ...absent.map((stored) => at(stored, `the history lacks the trade ${stored.tradeId}`)),
  ]);
  return filled;
}

function same(a: ReadTrade, b: ReadTrade): boolean {
  return a.tradeId === b.tradeId && tradeContents(a) === tradeContents(b);
}

function shown(time: number): string {
  return Number.isFinite(time) ? new Date(time).toISOString() : 'no trade';
}

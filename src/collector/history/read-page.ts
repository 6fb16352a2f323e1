import { setImmediate as nextTurn } from 'node:timers/promises';
import { parseExactJson } from '../../market/exact-json.js';
import type { ReadTrade } from '../../market/trade.js';
import { ExchangeError, faultOf } from '../exchange-error.js';
import type { RestAnswer, RestClient } from '../rest/rest-client.js';
import type { Json } from '../wire/quoted-json.js';
import { excerpt } from '../wire/wire.js';
import { inOrder } from './page-order.js';
import type { HistoryPage } from './trade-history.js';

/** Rows read in one go: a page has hundreds. */
const ROWS_AT_ONCE = 50;

/** The parsed rows of a page. */
export type ReadRows = Pick<
  HistoryPage,
  'trades' | 'unreadable' | 'reason' | 'otherZone' | 'answeredAt'
>;

/**
 * Fetches rows of trades; those that are unreadable or out of order are counted, the others kept.
 * @param rowsOf the rows of a body; throws if it is an error
 * @param zoneOf whether a row's text of the time is in the known time zone
 * @throws {ExchangeError} when there is no answer, or it is not a page
 */
export async function fetchRows(
  rest: RestClient,
  path: string,
  rowsOf: (body: Json) => readonly Json[],
  read: (row: Json) => ReadTrade,
  zoneOf: (row: Json, trade: ReadTrade) => boolean = () => true,
): Promise<ReadRows> {
  const { body, answer } = await fetchJson(rest, path);
  const listed: ReadTrade[] = [];
  let unreadable = 0;
  let otherZone = 0;
  let reason: string | null = null;
  for (const [i, row] of rowsOf(body).entries()) {
    // Books that came meanwhile go first.
    if (i % ROWS_AT_ONCE === ROWS_AT_ONCE - 1) await nextTurn();
    try {
      const trade = read(row);
      listed.push(trade);
      if (!zoneOf(row, trade)) otherZone++;
    } catch (error) {
      unreadable++;
      reason ??= `${(error as Error).message}; the row was ${excerpt(JSON.stringify(row))}`;
    }
  }
  const date = Date.parse(answer.headers.get('date') ?? '');
  // It has no ms, so it may be up to a second later.
  const answeredAt = Number.isNaN(date) ? null : date;
  // Either clock may be behind: of the future is what is so by both.
  const now = answeredAt === null ? null : Math.max(answeredAt, Date.now());
  const { trades, strays } = inOrder(listed, now);
  const [stray] = strays;
  if (stray !== undefined) {
    unreadable += strays.length;
    reason ??= `the time of ${stray.tradeId} is out of order: ${stray.exchangeTimestamp}`;
  }
  return { trades, unreadable, reason, otherZone, answeredAt };
}

/** Fetches a JSON answer. @throws {ExchangeError} */
export async function fetchJson(
  rest: RestClient,
  path: string,
): Promise<{ body: Json; answer: RestAnswer }> {
  const answer = await rest.get(path);
  const { status, text, headers } = answer;
  if (status !== 200) {
    const seconds = Number(headers.get('retry-after') ?? '0');
    const retryAfterMs = seconds > 0 ? seconds * 1000 : 0;
    throw new ExchangeError(faultOf(status, text), `HTTP ${status} ${excerpt(text)}`.trim(), {
      retryAfterMs,
    });
  }
  try {
    return { body: parseExactJson(text) as Json, answer };
  } catch (error) {
    const why = `${excerpt((error as Error).message)}; the answer was ${excerpt(text)}`;
    throw new ExchangeError('UNREADABLE', why, { cause: error });
  }
}

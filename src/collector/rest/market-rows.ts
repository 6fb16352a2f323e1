import type { Json } from '../wire/quoted-json.js';
import { isMarketName, marketName } from '../../market/market.js';
import type { ListedMarket } from '../../market/managed-lists.js';
import { cutText } from '../../market/outside-text.js';
import { ExchangeError, unreadable } from '../exchange-error.js';
import type { RestClient } from './rest-client.js';
import { fetchBody } from './rest-books.js';
import { excerpt, wireObject, type WireObject } from '../wire/wire.js';

/** Maximum characters of an asset's Korean or English name; far more than any has. */
const MOST_OF_NAME = 100;

/** How the rows of an exchange's market list are found and read. */
export interface ListForm {
  readonly path: string;
  /** The rows of a response; throws when it is an error. */
  rows(body: Json): Json[];
  /** Reads one row; null for a market that is not traded. Throws when it is not a market. */
  read(row: WireObject): ListedMarket | null;
}

/**
 * Fetches and reads a market list. A row that is not a market is skipped and reported, escaped and
 * truncated: one odd row must not hide hundreds of good ones.
 * @throws {ExchangeError} on any status but 200, an unreadable body, or a list without one usable
 * row (an exchange that lists nothing is in maintenance, and must not make all its markets look
 * delisted)
 */
export async function listFrom(
  rest: RestClient,
  form: ListForm,
  onOdd: (row: string) => void,
): Promise<ListedMarket[]> {
  const rows = await fetchBody(rest, form.path, (body) => form.rows(body));
  const markets: ListedMarket[] = [];
  let why = '';
  for (const row of rows) {
    try {
      const market = form.read(wireObject(row, 'a row of the market list'));
      if (market !== null) markets.push(checked(market));
    } catch (error) {
      if (!(error instanceof ExchangeError)) throw error;
      why ||= `; ${excerpt(error.message)}`;
      onOdd(excerpt(JSON.stringify(row)));
    }
  }
  if (markets.length === 0) throw unreadable(`the market list is empty${why}`);
  return markets;
}

/** A row with normalised names. @throws {ExchangeError} when one could not be requested or shown */
function checked(market: ListedMarket): ListedMarket {
  const symbol = marketName(market.symbol);
  const currency = marketName(market.currency);
  if (isMarketName(symbol, 'symbol') && isMarketName(currency, 'currency'))
    return {
      ...market,
      symbol,
      currency,
      koreanName: name(market.koreanName),
      englishName: name(market.englishName),
    };
  throw unreadable(`${JSON.stringify(`${symbol}-${currency}`)} is no name of a market`);
}

function name(text: string | null): string | null {
  return text === null ? null : cutText(text, MOST_OF_NAME);
}

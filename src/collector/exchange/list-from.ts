import type { ExactJson } from '../../market/exact-json.js';
import type { ListedMarket } from '../../store/store-types.js';
import { type RestClient, RestError } from '../rest.js';
import { fetchBody } from '../rest-books.js';

/** What an asset is called on the five exchanges. */
const NAME = /^[A-Z0-9]{1,20}$/;

/**
 * Fetches and reads a market list.
 * @param read turns the answer's body into markets; throws when it is an error answer
 * @throws {RestError} on any status but 200, an unreadable body, or an empty list (an exchange that
 * lists nothing is in maintenance, and must not make all its markets look delisted)
 */
export async function listFrom(
  rest: RestClient,
  path: string,
  read: (body: ExactJson) => ListedMarket[],
): Promise<ListedMarket[]> {
  let markets = await fetchBody(rest, path, read);
  // A name of other characters could not be asked for, and could forge lines of the log.
  markets = markets.filter((m) => NAME.test(m.symbol) && NAME.test(m.currency));
  if (markets.length === 0) throw new RestError('the market list is empty');
  return markets;
}

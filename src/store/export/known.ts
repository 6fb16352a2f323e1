import { closeMatches } from '../../market/close-matches.js';
import { pairText } from '../../market/market.js';
import type { MarketRecord } from '../../market/managed-lists.js';
import type { ExportOptions, StoreReader } from '../reader-types.js';
import { UnknownMarketInputError } from './options.js';

/**
 * Whether anything listed or stored matches the selection.
 * @returns false when an exchange's markets are unknown, so that any may exist there
 * @throws {UnknownMarketInputError} with close matches, when they are known and none matches
 */
export async function checkKnownMarkets(
  reader: Pick<StoreReader, 'markets'>,
  options: Pick<ExportOptions, 'exchanges' | 'symbol' | 'currency'>,
): Promise<boolean> {
  const { exchanges, symbol, currency } = options;
  const known: MarketRecord[] = [];
  let unlisted = false;
  for (const exchange of exchanges) {
    const list = await reader.markets(exchange);
    unlisted ||= list.length === 0;
    known.push(...list);
  }
  const matches = known.some(
    (market) =>
      (symbol === undefined || market.symbol === symbol) &&
      (currency === undefined || market.currency === currency),
  );
  if (matches) return true;
  if (unlisted) return false;
  const wanted = { symbol: symbol ?? '*', currency: currency ?? '*' };
  const close =
    symbol === undefined
      ? []
      : [...new Set(closeMatches({ symbol, currency: currency ?? 'KRW' }, known))];
  const currencies = [...new Set(known.map((market) => market.currency))].sort().slice(0, 8);
  const hint =
    close.length > 0
      ? `; did you mean ${close.join(', ')}?`
      : symbol === undefined
        ? `; the currencies are ${currencies.join(', ')}`
        : '';
  throw new UnknownMarketInputError(
    `${pairText(wanted)} is not listed by ${exchanges.join(', ')}, and nothing is stored for it${hint}`,
  );
}

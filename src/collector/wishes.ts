import { overlapsPattern } from '../market/collect-pattern.js';
import type { ManagedLists } from '../market/collector-memory.js';
import { EXCHANGES } from '../market/exchange.js';
import type { Wishes } from '../market/managed-lists.js';

/** All standing wishes of mutations, as stored in the database. */
export async function readWishes(lists: ManagedLists): Promise<Wishes> {
  const [exchanges, patterns, markets] = await Promise.all([
    lists.exchanges(),
    lists.wantedPatterns(),
    Promise.all(EXCHANGES.map((exchange) => lists.markets(exchange))),
  ]);
  const disabled = exchanges.filter(({ enabled }) => !enabled).map(({ exchange }) => exchange);
  // A reset with nothing older beneath it has no effect.
  const effective = patterns.filter(
    ({ pattern, wanted }, i) =>
      wanted !== null || patterns.slice(0, i).some((p) => overlapsPattern(p.pattern, pattern)),
  );
  return {
    disabled,
    patterns: effective,
    markets: markets.flat().flatMap(({ exchange, symbol, currency, wanted }) => {
      return wanted === null ? [] : [{ market: { exchange, symbol, currency }, wanted }];
    }),
  };
}

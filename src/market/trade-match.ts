import { type ReadTrade, tradeContents } from './trade.js';

/** How a page of an exchange's history compares with what is stored for the same time. */
export interface TradeMatch {
  /** Trades that both have, with equal contents. */
  readonly agreed: number;
  /** Of those, how many have different ids, although both ids are of the kind that stream and history share. */
  readonly otherIds: number;
  /** Trades that only the history has. */
  readonly missing: readonly ReadTrade[];
  /** Trades that both have, with different contents. */
  readonly differing: readonly { readonly history: ReadTrade; readonly stored: ReadTrade }[];
  /** Trades that only the store has. */
  readonly absent: readonly ReadTrade[];
}

/**
 * Compares all trades in a span of an exchange's history with all those stored for it: first by id
 * and contents; then by id with different contents, where both feeds share the ids; then by contents,
 * as often as both have them (Bithumb's two feeds share no id, so its trades are a multiset); then,
 * where the history's ids are meaningless, by time and price. So no trade on either side matches two
 * on the other.
 */
export function matchTrades(
  history: readonly ReadTrade[],
  stored: readonly ReadTrade[],
): TradeMatch {
  // One feed may give the time in seconds and the other in milliseconds.
  const resolution = [...history, ...stored].reduce((most, t) => Math.max(most, t.resolutionMs), 1);
  const coarse = (trade: ReadTrade): ReadTrade =>
    resolution === trade.resolutionMs
      ? trade
      : {
          ...trade,
          exchangeTimestamp: Math.floor(trade.exchangeTimestamp / resolution) * resolution,
        };
  const contents = (trade: ReadTrade): string => tradeContents(coarse(trade));
  let left = [...history];
  const rest = new Set(stored);
  let agreed = 0;
  /** Pairs the remaining trades by a key. */
  const pair = (
    key: (trade: ReadTrade) => string,
    found: (history: ReadTrade, stored: ReadTrade) => void,
  ): void => {
    const byKey = new Map<string, ReadTrade[]>();
    for (const trade of rest) {
      const known = byKey.get(key(trade));
      if (known === undefined) byKey.set(key(trade), [trade]);
      else known.push(trade);
    }
    left = left.filter((trade) => {
      const partner = byKey.get(key(trade))?.shift();
      if (partner === undefined) return true;
      rest.delete(partner);
      found(trade, partner);
      return false;
    });
  };
  const differing: { history: ReadTrade; stored: ReadTrade }[] = [];
  let otherIds = 0;
  pair(
    (trade) => `${trade.tradeId} ${contents(trade)}`,
    () => agreed++,
  );
  const differs = (a: ReadTrade, b: ReadTrade): void =>
    void differing.push({ history: a, stored: b });
  const byId = left.every(({ idKind }) => idKind === 'EXCHANGE');
  if (byId) pair((trade) => trade.tradeId, differs);
  pair(contents, (a, b) => {
    agreed++;
    if (a.idKind === 'EXCHANGE' && b.idKind === 'EXCHANGE') otherIds++;
  });
  if (!byId) pair((trade) => `${coarse(trade).exchangeTimestamp} ${trade.price}`, differs);
  return { agreed, otherIds, missing: left, differing, absent: [...rest] };
}

import type { CollectorState, Exchange } from '../gql/graphql.js';
import { exchangeOrder } from './exchanges.js';
import { type MarketRow, markets } from './markets.js';

/** Summary of an exchange's markets. */
export interface Summary {
  /** Those that should be recorded. */
  readonly wanted: MarketRow[];
  /** When the newest book of any was received, Unix ms; null before the first. */
  newest: number | null;
  readonly states: Map<CollectorState, number>;
  /** Whether a mutation decides about any of them. */
  byHand: boolean;
}

/** Current summary of each exchange's markets. */
export function summaries(): ReadonlyMap<Exchange, Summary> {
  const of = new Map<Exchange, Summary>();
  for (const exchange of exchangeOrder.value) {
    of.set(exchange, { wanted: [], newest: null, states: new Map(), byHand: false });
  }
  for (const row of markets.values()) {
    const summary = of.get(row.exchange);
    // An exchange missing from the page's table appears after the next load.
    if (row.state === null || summary === undefined) continue;
    summary.states.set(row.state, (summary.states.get(row.state) ?? 0) + 1);
    if (row.wish !== null) summary.byHand = true;
    if (row.state === 'STOPPED') continue;
    summary.wanted.push(row);
    if (row.lastBookAt !== null) summary.newest = Math.max(summary.newest ?? 0, row.lastBookAt);
  }
  return of;
}

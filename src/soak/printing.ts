import type { Exchange } from '../market/exchange.js';
import { type Account, type GapMark, problems } from './accounts.js';
import { type TradeAccount, tradeProblems } from './trade-accounts.js';

/** Prints the outcome for the books of an exchange. */
export function printBooks(name: string, account: Account): void {
  const gaps = Object.entries(account.inGap).map(([cause, n]) => `${cause} ${n}`);
  const lost = Object.values(account.inGap).reduce((a, b) => a + b, 0);
  console.log(
    `${name}: ${account.sent} books went out = ${account.stored} stored + ${account.equal} equal + ` +
      `${lost} in gaps${lost > 0 ? ` (${gaps.join(', ')})` : ''} + ` +
      `${account.replaced > 0 ? `${account.replaced} on the other of two connections + ` : ''}` +
      `${early(account)}${account.unaccounted.length} unaccounted; ` +
      `${account.again} stored once more after a gap, ${account.invented.length} never sent, ` +
      `${account.contradicted.length} stored inside a gap`,
  );
}

function early({ early }: { readonly early: number }): string {
  return early > 0 ? `${early} before all markets were recorded + ` : '';
}

/** Prints the gaps by cause. */
export function printGaps(gaps: readonly GapMark[]): void {
  const open = gaps.filter((gap) => gap.end === null).length;
  for (const cause of new Set(gaps.map((gap) => gap.cause))) {
    const lengths = gaps
      .flatMap((gap) => (gap.cause === cause && gap.end !== null ? [gap.end - gap.start] : []))
      .sort((a, b) => a - b);
    const at = (share: number): string =>
      ((lengths[Math.floor((lengths.length - 1) * share)] ?? 0) / 1000).toFixed(1);
    console.log(`  ${cause}: ${lengths.length} gaps, half up to ${at(0.5)} s, longest ${at(1)} s`);
  }
  if (open > 0) console.log(`  ${open} gaps are still open`);
}

/** Prints what is wrong with the books of a market, if anything. */
export function printProblems(exchange: Exchange, pair: string, account: Account): void {
  if (problems(account) === 0) return;
  const shown = { ...account };
  for (const key of ['unaccounted', 'invented', 'contradicted'] as const) {
    Object.assign(shown, { [key]: account[key].slice(0, 3) });
  }
  console.error(`${exchange}:${pair} ${JSON.stringify(shown)}`);
}

/** Prints the outcome for the trades of an exchange. */
export function printTrades(name: string, account: TradeAccount): void {
  const gaps = Object.entries(account.inGap).map(([cause, n]) => `${cause} ${n}`);
  const lost = Object.values(account.inGap).reduce((a, b) => a + b, 0);
  console.log(
    `${name}: ${account.sent} trades went out = ${account.stored} stored + ${lost} in gaps` +
      `${lost > 0 ? ` (${gaps.join(', ')})` : ''} + ${early(account)}${account.unaccounted.length} unaccounted; ` +
      `${account.older} stored that were sent to no client, ${account.unheard} such not checked yet, ${account.backfilled} backfilled, ` +
      `${account.invented.length} never happened, ${account.twice.length} stored twice`,
  );
}

/** Prints what is wrong with the trades of a market, if anything. */
export function printTradeProblems(exchange: Exchange, pair: string, account: TradeAccount): void {
  if (tradeProblems(account) === 0) return;
  const { unaccounted, invented, twice } = account;
  const shown = Object.entries({ unaccounted, invented, twice });
  const some = shown.map(([key, list]) => [key, list.slice(0, 3)]);
  console.error(`${exchange}:${pair} ${JSON.stringify(Object.fromEntries(some))}`);
}

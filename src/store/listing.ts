import type { Exchange } from '../market/exchange.js';
import type { ListedMarket } from '../market/managed-lists.js';
import { type Pair, pairText } from '../market/market.js';
import type { Session } from './engine/engine.js';
import { sql } from './engine/sql.js';

const LISTED = {
  symbol: 'text',
  currency: 'text',
  korean_name: 'text',
  english_name: 'text',
  code: 'text',
} as const;

/** Replaces an exchange's listed markets with `listed`; returns which were added and which removed. */
export async function replaceListing(
  { client, dialect }: Session,
  exchange: Exchange,
  listed: readonly ListedMarket[],
): Promise<{ added: Pair[]; removed: Pair[] }> {
  const known = await client.market.findMany({ where: { exchangeName: exchange, listed: true } });
  const before = new Set(known.map(pairText));
  const now = new Set(listed.map(pairText));
  const added = listed.filter((market) => !before.has(pairText(market)));
  const removed = known.filter((market) => !now.has(pairText(market)));
  // If a pair is listed twice the last one counts: no statement may touch a row twice.
  const byPair = new Map(listed.map((market) => [pairText(market), market]));
  const rows = [...byPair.values()].map((m) => {
    return [m.symbol, m.currency, m.koreanName, m.englishName, m.code];
  });
  await client.$transaction([
    client.$executeRaw`UPDATE market SET listed = false WHERE exchange = ${exchange}`,
    client.$executeRaw(sql`
      INSERT INTO market (exchange, symbol, currency, korean_name, english_name, code, listed)
      SELECT ${exchange}, symbol, currency, korean_name, english_name, code, true
        FROM ${dialect.table(rows, LISTED)} listed WHERE true
          ON CONFLICT (exchange, symbol, currency) DO UPDATE
         SET korean_name = excluded.korean_name, english_name = excluded.english_name,
             code = excluded.code, listed = true`),
    client.exchange.update({ where: { name: exchange }, data: { listedAt: Date.now() } }),
  ]);
  const pair = ({ symbol, currency }: Omit<Pair, 'code'>): Pair => ({ symbol, currency });
  return { added: added.map(pair), removed: removed.map(pair) };
}

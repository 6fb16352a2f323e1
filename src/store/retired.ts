import type { Client } from './connection.js';

/** Beginning of the keys in `state` under which it is noted; the market's number follows. */
const KEY = 'retired:';

/**
 * Notes that books of a market up to a sequence are being deleted, so that a reader who asks for
 * books after an earlier sequence can be told what is missing. To be called before they go.
 */
export async function noteRetired(client: Client, marketId: number, upTo: number): Promise<void> {
  await client.$executeRaw`
    INSERT INTO state (key, value) VALUES (${KEY + marketId}, ${upTo})
        ON CONFLICT (key) DO UPDATE SET value = max(value, excluded.value)`;
}

/** The greatest deleted sequence of each market, by the market's number. */
export async function retiredUpTo(client: Client): Promise<Map<number, number>> {
  const rows = await client.state.findMany({ where: { key: { startsWith: KEY } } });
  return new Map(rows.map(({ key, value }) => [Number(key.slice(KEY.length)), Number(value)]));
}

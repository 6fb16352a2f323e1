import type { Client } from './engine/engine.js';

/**
 * Prefix of the keys in `state` under which retention records, per market number, up to which
 * sequence it has deleted books: so that a reader asking for books after an earlier sequence learns
 * what is missing.
 */
export const RETIRED_KEY = 'retired:';

/** The highest deleted sequence of each market, by the market's number. */
export async function retiredUpTo(client: Client): Promise<Map<number, number>> {
  const rows = await client.state.findMany({ where: { key: { startsWith: RETIRED_KEY } } });
  return new Map(
    rows.map(({ key, value }) => [Number(key.slice(RETIRED_KEY.length)), Number(value)]),
  );
}

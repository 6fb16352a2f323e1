import type { Client } from './engine/engine.js';

/**
 * Beginning of the keys in `state` under which retention notes up to which sequence it has deleted
 * books of a market, the market's number behind it: so that a reader who asks for books after an
 * earlier sequence learns what is missing.
 */
export const RETIRED_KEY = 'retired:';

/** The greatest deleted sequence of each market, by the market's number. */
export async function retiredUpTo(client: Client): Promise<Map<number, number>> {
  const rows = await client.state.findMany({ where: { key: { startsWith: RETIRED_KEY } } });
  return new Map(
    rows.map(({ key, value }) => [Number(key.slice(RETIRED_KEY.length)), Number(value)]),
  );
}

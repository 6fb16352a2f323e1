import type { Client, Session, Statement } from './engine/engine.js';

const MARK = { key: 'text', value: 'integer' } as const;

/** Sets values in `state`. */
export function setMarks(
  { client, dialect }: Session,
  marks: [key: string, value: number][],
): Statement {
  return client.$executeRaw`
    INSERT INTO state (key, value)
    SELECT key, value FROM ${dialect.table(marks, MARK)} marks WHERE true
        ON CONFLICT (key) DO UPDATE SET value = excluded.value`;
}

/** Values in `state` for those of some keys that exist. */
export async function stateOf(
  client: Client,
  keys: readonly string[],
): Promise<Map<string, number>> {
  const rows = await client.state.findMany({ where: { key: { in: [...keys] } } });
  return new Map(rows.map(({ key, value }) => [key, Number(value)]));
}

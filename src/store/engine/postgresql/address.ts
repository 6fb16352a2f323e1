import type { ClientConfig } from 'pg';

/** Location of a PostgreSQL database, parsed from its `postgresql://` address. */
export interface PostgresAddress {
  /** For the driver. */
  readonly config: ClientConfig;
  /** The schema with the tables; `?schema=` as in Prisma's addresses, otherwise `public`. */
  readonly schema: string;
  /** The address without user, password and parameters, for messages. */
  readonly name: string;
}

/** Whether a location is a PostgreSQL address rather than a file path. */
export function isPostgresql(location: string): boolean {
  return /^postgres(ql)?:\/\//.test(location);
}

/** Parses an address already validated by the settings. */
export function parseAddress(location: string): PostgresAddress {
  const url = new URL(location);
  const schema = url.searchParams.get('schema') ?? 'public';
  // Prisma's own parameters, unknown to the driver.
  for (const name of ['schema', 'connection_limit', 'pool_timeout', 'pgbouncer']) {
    url.searchParams.delete(name);
  }
  const host = url.host === '' ? (url.searchParams.get('host') ?? 'localhost') : url.host;
  const database = url.pathname.replace(/^\//, '');
  const name = `postgresql://${host}/${database}${schema === 'public' ? '' : `?schema=${schema}`}`;
  return { config: { connectionString: url.href }, schema, name };
}

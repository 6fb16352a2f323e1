import type { ClientConfig } from 'pg';

/** Where a database of PostgreSQL is, out of its `postgresql://` address. */
export interface PostgresAddress {
  /** Of the driver. */
  readonly config: ClientConfig;
  /** The schema that has the tables; `?schema=` as in Prisma's addresses, else `public`. */
  readonly schema: string;
  /** The address without user, password and parameters, for messages. */
  readonly name: string;
}

/** Whether a location is one of PostgreSQL, not the path of a file. */
export function isPostgresql(location: string): boolean {
  return /^postgres(ql)?:\/\//.test(location);
}

/** Reads an address that the settings have checked. */
export function parseAddress(location: string): PostgresAddress {
  const url = new URL(location);
  const schema = url.searchParams.get('schema') ?? 'public';
  // Prisma's own parameters, which the driver does not know.
  for (const name of ['schema', 'connection_limit', 'pool_timeout', 'pgbouncer']) {
    url.searchParams.delete(name);
  }
  const host = url.host === '' ? (url.searchParams.get('host') ?? 'localhost') : url.host;
  const database = url.pathname.replace(/^\//, '');
  const name = `postgresql://${host}/${database}${schema === 'public' ? '' : `?schema=${schema}`}`;
  return { config: { connectionString: url.href }, schema, name };
}

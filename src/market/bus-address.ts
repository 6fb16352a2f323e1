/** The stream on the bus that holds the log of several nodes. */
export const LOG_STREAM = 'ORDERBOOK_LOG';

/** Address of the bus. */
export interface BusAddress {
  /** `host:port` of each server. */
  readonly servers: readonly string[];
  readonly user: string | null;
  readonly password: string | null;
  /** The address for display: without user and password. */
  readonly shown: string;
}

const DEFAULT_PORT = 4222;

/** Parses `nats://[user:password@]host[:port][,host[:port]…]`; null when it is not such an address. */
export function parseBusAddress(text: string): BusAddress | null {
  const match = /^nats:\/\/(?:([^@/]*)@)?([^@/?#]+)\/?$/.exec(text);
  if (match === null) return null;
  const servers: string[] = [];
  for (const part of match[2]!.split(',')) {
    const host = part.trim().replace(/^nats:\/\//, '');
    if (host === '' || !URL.canParse(`http://${host}`)) return null;
    const { hostname, port, pathname } = new URL(`http://${host}`);
    if (hostname === '' || pathname !== '/') return null;
    servers.push(`${hostname}:${port === '' ? (/:80$/.test(host) ? 80 : DEFAULT_PORT) : port}`);
  }
  const [user = null, ...rest] = match[1] === undefined ? [] : match[1].split(':');
  try {
    return {
      servers,
      user: user === null ? null : decodeURIComponent(user),
      password: rest.length === 0 ? null : decodeURIComponent(rest.join(':')),
      shown: `nats://${servers.join(',')}`,
    };
  } catch {
    return null;
  }
}

import { isIP } from 'node:net';
import { isLoopback } from '../../util/loopback.js';

/** Name or address in a `Host` value, without port and brackets, in lower case. */
function hostName(header: string): string {
  const host = header.trim().toLowerCase();
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(host);
  return bracketed?.[1] ?? host.replace(/:\d+$/, '').replace(/\.$/, '');
}

/**
 * Builds the check of `Host` headers against DNS rebinding: a web page whose own name has been
 * pointed at this server must not be able to read from it. Allowed are the loopback names, the host
 * the server listens on, `more`, and, unless it listens on loopback only, any IP address (an
 * address cannot be rebound). A missing header is allowed: every browser sends one.
 */
export function hostCheck(
  listenHost: string,
  more: readonly string[] = [],
): (header: string | undefined) => boolean {
  // These are bare names and addresses; `::1` must not lose its end as if it were a port.
  const bare = (name: string): string => name.toLowerCase().replace(/\.$/, '');
  const allowed = new Set([listenHost, ...more].map(bare));
  const anyAddress = !isLoopback(listenHost);
  return (header) => {
    if (header === undefined) return true;
    const name = hostName(header);
    return isLoopback(name) || allowed.has(name) || (anyAddress && isIP(name) !== 0);
  };
}

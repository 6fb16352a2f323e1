import { isIP } from 'node:net';

/**
 * Whether a name or an address, without port and brackets, can only mean this machine itself. The
 * one rule for where the server listens without a token and for which `Host` it always answers to;
 * other spellings of these addresses (`::ffff:127.0.0.1`, `::1%lo`) are not taken for them.
 */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, '');
  return (
    // RFC 6761 6.3: browsers never ask DNS for these.
    name === 'localhost' ||
    name.endsWith('.localhost') ||
    name === '::1' ||
    (isIP(name) === 4 && name.startsWith('127.'))
  );
}

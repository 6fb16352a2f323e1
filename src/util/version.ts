import { readFileSync } from 'node:fs';

/** The parts of package.json (which lies beside both `src` and `dist`) that the program shows. */
const { name, version, repository } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { name: string; version: string; repository?: string | { url?: string } };
const home = typeof repository === 'string' ? repository : repository?.url;

/** Version of the program. */
export const VERSION = version;

/** How the program names itself to exchanges, by REST and in the handshake of a WebSocket. */
export const USER_AGENT = `${name}/${version}${home === undefined ? '' : ` (+${home})`}`;

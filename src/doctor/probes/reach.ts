import { lookup } from 'node:dns/promises';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { reasonOf } from '../../util/reason.js';
import type { HostSeen, ReachSeen } from '../evidence.js';
import type { Lab } from '../lab.js';

/** Time for one connection, ms. */
const CONNECT_MS = 10_000;

/** DNS, TCP, TLS, status and headers with and without our User-Agent, and the opening of a socket. */
export async function probeReach(lab: Lab): Promise<ReachSeen> {
  const { restUrl, wsUrl } = lab.urls;
  const rest = await reachHost(restUrl);
  const socket = await reachHost(wsUrl);
  const named = await lab.get(lab.sheet.list.path);
  const unnamed = await lab.get(lab.sheet.list.path, false);
  const { line, upgrade } = await lab.open([]);
  await line?.close(lab.second);
  return { rest, socket, named, unnamed, upgrade };
}

async function reachHost(address: string): Promise<HostSeen> {
  const url = new URL(address);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const secure = url.protocol === 'https:' || url.protocol === 'wss:';
  const port = Number(url.port === '' ? (secure ? 443 : 80) : url.port);
  const none = { host: url.host, addresses: [], connectMs: null, tls: null };
  let addresses: string[];
  try {
    addresses = (await lookup(host, { all: true })).map(({ address: found }) => found);
  } catch (error) {
    return { ...none, failure: `DNS: ${reasonOf(error)}` };
  }
  try {
    const from = performance.now();
    const tls = await connectOnce(host, port, secure);
    return { ...none, addresses, connectMs: performance.now() - from, tls, failure: null };
  } catch (error) {
    return { ...none, addresses, failure: `${secure ? 'TLS' : 'TCP'}: ${reasonOf(error)}` };
  }
}

/** Connects and closes. @returns the version of TLS, or null if there is none */
function connectOnce(host: string, port: number, secure: boolean): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const done = (): void => {
      const version = 'getProtocol' in socket ? socket.getProtocol() : null;
      socket.destroy();
      resolve(version);
    };
    const socket = secure
      ? connectTls({ host, port, servername: host }, done)
      : connectTcp({ host, port }, done);
    socket.setTimeout(CONNECT_MS, () => socket.destroy(new Error('no connection within 10 s')));
    socket.once('error', reject);
  });
}

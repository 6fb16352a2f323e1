import { findNats } from '../../src/cluster/programs.js';
import { NatsServer as Server } from '../../src/cluster/servers.js';
import { needs } from '../helpers/needs.js';

/** `describe` for tests that need nats-server; skipped where it is not installed. */
export const { describe: describeWithNats } = needs('nats');

/** A NATS server of its own whose files lie in `folder`, with JetStream unless told otherwise. */
export function startNats(folder: string, options?: readonly string[]): Promise<Server> {
  return Server.start(findNats()!, folder, options && { options });
}

export type { NatsServer } from '../../src/cluster/servers.js';

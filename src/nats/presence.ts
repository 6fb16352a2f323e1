import type { Subscription } from '@nats-io/transport-node';
import type { Exchange } from '../market/exchange.js';
import type { Role } from '../market/role.js';
import { Topic } from '../util/topic.js';
import { type BusConnection, BusError } from './connection.js';
import { hear } from './hear.js';
import { encodeMessage } from './messages.js';
import { subjectToken } from './subjects.js';

/** What a node says about itself. */
export interface NodePresence {
  readonly node: string;
  /** Different for each run of a node. */
  readonly run: string;
  readonly roles: readonly Role[];
  /** Where it stores, in words; null when it does not. */
  readonly store: string | null;
  /** Exchanges that it follows and whose books have arrived: it could take over. */
  readonly ready: readonly Exchange[];
}

/** How often a node announces itself, ms. */
const ANNOUNCE_MS = 300;
/** A node that has not been heard for this long is gone, ms. */
const GONE_MS = 1_300;
/** How long a node listens before it relies on knowing the others, ms. */
const LISTEN_MS = 700;

/** The live nodes, this one included. */
export class Presence {
  /** Publishes when a node came or went. */
  readonly changes = new Topic<void>();
  /** Another process uses this node's name. */
  readonly clashes = new Topic<NodePresence>();
  readonly #bus: BusConnection;
  readonly #self: () => NodePresence;
  readonly #others = new Map<string, { presence: NodePresence; heardAt: number }>();
  readonly #subscription: Subscription;
  readonly #timer: NodeJS.Timeout;
  readonly #unfollow: () => void;
  /** When it last announced this node, monotonic ms. */
  #tickedAt = performance.now();

  /** @param self what to announce about this node now */
  constructor(bus: BusConnection, self: () => NodePresence) {
    this.#bus = bus;
    this.#self = self;
    this.#subscription = hear<NodePresence | null>(bus, 'node.*', (presence, subject) =>
      this.#heard(presence, subject),
    );
    this.#timer = setInterval(() => this.#tick(), ANNOUNCE_MS);
    this.#unfollow = bus.changes.on((connected) => {
      if (connected) for (const other of this.#others.values()) other.heardAt = performance.now();
    });
  }

  /** Listens, then announces this node. @throws {BusError} when another node has its name */
  async begin(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, LISTEN_MS));
    const { node } = this.#self();
    if (this.#others.has(node)) {
      throw new BusError(
        `NODE_NAME is "${node}", which another node on this bus has; give each its own name`,
      );
    }
    this.announce();
  }

  /** Announces this node at once. */
  announce(): void {
    if (!this.#bus.connected || this.#bus.nc.isClosed()) return;
    const self = this.#self();
    this.#bus.nc.publish(`node.${subjectToken(self.node)}`, encodeMessage(self));
  }

  /** All live nodes; while the bus is down, those that were alive. */
  get nodes(): NodePresence[] {
    return [this.#self(), ...[...this.#others.values()].map(({ presence }) => presence)];
  }

  /** Whether a node is alive. */
  has(node: string): boolean {
    return node === this.#self().node || this.#others.has(node);
  }

  /** Announces that this node leaves, and ends. */
  close(): void {
    clearInterval(this.#timer);
    this.#unfollow();
    this.#subscription.unsubscribe();
    if (!this.#bus.connected || this.#bus.nc.isClosed()) return;
    this.#bus.nc.publish(`node.${subjectToken(this.#self().node)}`, encodeMessage(null));
  }

  #heard(presence: NodePresence | null, subject: string): void {
    const self = this.#self();
    if (presence === null) {
      for (const [node] of this.#others) {
        if (subject === `node.${subjectToken(node)}`) this.#others.delete(node);
      }
      this.changes.publish();
      return;
    }
    checkPresence(presence);
    if (presence.run === self.run) return;
    if (presence.node === self.node) this.clashes.publish(presence);
    const known = this.#others.get(presence.node);
    this.#others.set(presence.node, { presence, heardAt: performance.now() });
    const same =
      known?.presence.run === presence.run && known.presence.ready.length === presence.ready.length;
    if (!same) this.changes.publish();
  }

  #tick(): void {
    this.announce();
    const now = performance.now();
    // After a standstill, what the others announced meanwhile is still unread.
    const late = now - this.#tickedAt - ANNOUNCE_MS;
    this.#tickedAt = now;
    if (late > ANNOUNCE_MS)
      for (const other of this.#others.values())
        other.heardAt = Math.min(now, other.heardAt + late);
    // A node that hears nothing cannot know which ones are gone.
    if (!this.#bus.connected || this.#bus.lastedMs < GONE_MS) return;
    let gone = false;
    for (const [node, { heardAt }] of this.#others) {
      if (now - heardAt < GONE_MS) continue;
      this.#others.delete(node);
      gone = true;
    }
    if (gone) this.changes.publish();
  }
}

/** @throws {Error} when it is not valid */
function checkPresence({ node, run, roles, store, ready }: NodePresence): void {
  const texts = typeof node === 'string' && typeof run === 'string';
  const stores = store === null || typeof store === 'string';
  if (!texts || !stores || !Array.isArray(roles) || !Array.isArray(ready))
    throw new Error('it does not say which node it is of');
}

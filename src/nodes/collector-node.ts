import { StandstillWatch } from '../collector/clock/standstill-watch.js';
import type { Logger } from '../logging/logger.js';
import { EXCHANGES, type Exchange } from '../market/exchange.js';
import { type Candidate, dutyOf, rankNodes } from '../nats/assignment.js';
import { type Lease, type Leases, RENEW_MS } from '../nats/lease.js';
import type { Presence } from '../nats/presence.js';
import { Shard, type ShardServices } from './shard.js';

/** How often to check which node has what, ms. */
const LOOK_MS = 300;
const REPORT_MS = 1_000;
/** Nobody is known to hold a lease for this long, and still it cannot be taken: that is trouble, ms. */
const REFUSED_MS = 5_000;
/** What is under way for longer is trouble, and the same trouble with an exchange is logged this often, ms. */
const TROUBLE_MS = 60_000;
/** A node that is to become the primary follows for this long before the holder hands over, ms. */
const HAND_OVER_MS = 5_000;

/** One exchange, as a collector node sees it. */
interface Place {
  readonly exchange: Exchange;
  readonly lease: Lease;
  shard: Shard | null;
  /** Since when the node that should hold it has been ready, monotonic ms. */
  readySince: number | null;
  /** Since when its lease has been free, as seen by this node, monotonic ms; null = it is held. */
  freeSince: number | null;
  /** Since when something is under way, monotonic ms; null = nothing is. */
  busySince: number | null;
  /** What was last logged of why it cannot be settled, and when, monotonic ms. */
  trouble: { readonly what: string; readonly at: number } | null;
  /** Settles when the current renewal of its lease is over; null = none is under way. */
  renewing: Promise<void> | null;
}

/**
 * Takes part in collecting all exchanges: for each, one node is the primary, which holds its lease
 * and writes, and one the standby, which follows it too.
 */
export class CollectorNode {
  readonly #services: ShardServices;
  readonly #presence: Presence;
  readonly #places: readonly Place[];
  readonly #timers: NodeJS.Timeout[];
  readonly #logger: Logger;
  readonly #watch = new StandstillWatch();
  readonly #node: string;
  #closed = false;

  constructor(services: Omit<ShardServices, 'watch'>, presence: Presence, leases: Leases) {
    this.#services = {
      ...services,
      watch: this.#watch,
      onMoved: (exchange) => {
        const place = this.#places.find((p) => p.exchange === exchange);
        if (place !== undefined) this.#renew(place);
        services.onMoved(exchange);
      },
    };
    this.#presence = presence;
    this.#logger = services.logger;
    this.#watch.standstills.on((stood) => this.#logger.log('STANDSTILL', {}, stood));
    this.#node = services.config.nodeName;
    this.#places = EXCHANGES.map((exchange) => ({
      exchange,
      lease: leases.lease(exchange, this.#node),
      shard: null,
      readySince: null,
      freeSince: null,
      busySince: null,
      trouble: null,
      renewing: null,
    }));
    this.#timers = [
      setInterval(() => this.#look(), LOOK_MS),
      setInterval(() => this.#places.forEach((place) => this.#renew(place)), RENEW_MS),
      setInterval(() => {
        for (const { shard } of this.#places) shard?.report();
      }, REPORT_MS),
    ];
    presence.changes.on(() => this.#look());
    this.#look();
  }

  /** Exchanges that it follows and could take over; none once it is shutting down. */
  get ready(): Exchange[] {
    if (this.#closed) return [];
    return this.#places.flatMap(({ exchange, shard }) => (shard?.ready === true ? [exchange] : []));
  }

  /** Hands over what it has and shuts down. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers) clearInterval(timer);
    this.#presence.announce();
    const collectors = this.#presence.nodes.filter(({ roles }) => roles.includes('collector'));
    const alone = collectors.length <= 1;
    await Promise.all(
      this.#places.map(async (place) => {
        const { shard } = place;
        await shard?.yield(alone);
        await this.#release(place);
        await shard?.close();
      }),
    );
    this.#watch.close();
  }

  /** The collectors that are alive, as candidates for an exchange. */
  #candidates(exchange: Exchange): Candidate[] {
    return this.#presence.nodes
      .filter(({ roles }) => roles.includes('collector'))
      .map(({ node, ready }) => ({ node, ready: ready.includes(exchange) }));
  }

  #look(): void {
    // A node that does not hear the others cannot know which has what.
    if (this.#closed) return;
    if (!this.#services.bus.connected) {
      for (const place of this.#places) place.freeSince = null;
      return;
    }
    for (const place of this.#places) {
      const now = performance.now();
      if (place.busySince !== null) {
        if (now - place.busySince > TROUBLE_MS)
          this.#trouble(place, `no answer for ${TROUBLE_MS / 1_000} s`);
        continue;
      }
      place.busySince = now;
      void this.#settle(place)
        .catch((error: unknown) => this.#trouble(place, (error as Error).message))
        .finally(() => (place.busySince = null));
    }
  }

  #trouble(place: Place, what: string): void {
    const { exchange, trouble } = place;
    const at = performance.now();
    if (this.#closed || (what === trouble?.what && at - trouble.at < TROUBLE_MS)) return;
    place.trouble = { what, at };
    this.#logger.log('NODE_WAITS', { exchange }, { what });
  }

  async #settle(place: Place): Promise<void> {
    // Meanwhile it may look like an earlier run's.
    await place.renewing;
    if (place.lease.held) {
      place.freeSince = null;
      return this.#hold(place);
    }
    const holder = await place.lease.holder();
    const alive = holder !== null && this.#presence.has(holder) ? holder : null;
    const now = performance.now();
    place.freeSince = alive === null ? (place.freeSince ?? now) : null;
    const freeMs = now - (place.freeSince ?? now);
    const candidates = this.#candidates(place.exchange);
    switch (dutyOf(place.exchange, this.#node, candidates, alive, freeMs)) {
      case 'TAKE':
        return this.#take(place);
      case 'GIVE_BACK':
        return place.lease.giveBack();
      case 'FOLLOW':
        return this.#follow(place, alive!);
      case 'LEAVE':
        return this.#leave(place);
      case 'WAIT':
    }
  }

  /**
   * Renews a lease, even while its exchange is being taken or handed over, which may take longer than a lease
   * lasts.
   */
  #renew(place: Place): void {
    if (place.renewing !== null || !place.lease.held || !this.#services.bus.connected) return;
    place.renewing = place.lease
      .renew()
      .then((held) => {
        if (held) return;
        const reason = 'the lease is lost';
        this.#logger.log('SHARD_LOST', { exchange: place.exchange }, { reason });
        place.shard?.demote();
      })
      .finally(() => (place.renewing = null));
  }

  /** Gives a lease back once no renewal is under way, which would bring it back. */
  async #release(place: Place): Promise<void> {
    await place.renewing;
    await place.lease.release();
  }

  /** Hands a lease over when another node should hold it and is ready. */
  async #hold(place: Place): Promise<void> {
    const now = performance.now();
    if (place.shard?.primary !== true) return this.#take(place);
    await place.shard.goOn();
    const candidates = this.#candidates(place.exchange);
    const nodes = candidates.map(({ node }) => node);
    const first = rankNodes(place.exchange, nodes)[0];
    const ready =
      first !== this.#node && candidates.some((other) => other.node === first && other.ready);
    if (!ready) place.readySince = null;
    else if (place.readySince === null) place.readySince = now;
    else if (now - place.readySince > HAND_OVER_MS) {
      place.readySince = null;
      await place.shard.yield(false);
      await this.#release(place);
      const reason = `${first} takes it`;
      this.#logger.log('SHARD_LOST', { exchange: place.exchange }, { reason });
    }
  }

  async #take(place: Place): Promise<void> {
    const began = performance.now();
    await this.#open(place);
    if (this.#closed) return;
    const taken = place.lease.held || (await place.lease.take((node) => !this.#presence.has(node)));
    if (!taken) {
      const { freeSince } = place;
      if (freeSince !== null && performance.now() - freeSince > REFUSED_MS)
        this.#trouble(place, 'NATS refuses the lease, though no node that is alive holds it');
      return;
    }
    await place.shard!.promote();
    // Another node may have taken it while the log was read.
    if (!place.lease.held) return place.shard!.demote();
    place.trouble = null;
    const tookMs = Math.round(performance.now() - began);
    this.#logger.log('SHARD_TAKEN', { exchange: place.exchange }, { tookMs });
  }

  async #follow(place: Place, primary: string): Promise<void> {
    if (place.shard !== null) return;
    await this.#open(place);
    this.#logger.log('SHARD_STANDBY', { exchange: place.exchange }, { primary });
  }

  async #open(place: Place): Promise<void> {
    if (place.shard !== null) return;
    const shard = await Shard.open(place.exchange, this.#services);
    if (this.#closed) await shard.close();
    else place.shard = shard;
  }

  async #leave(place: Place): Promise<void> {
    const { shard } = place;
    if (shard === null) return;
    place.shard = null;
    await shard.close();
    this.#logger.log('SHARD_LEFT', { exchange: place.exchange }, undefined);
  }
}

import { type KV, Kvm } from '@nats-io/kv';
import { jetstream, StorageType } from '@nats-io/jetstream';
import type { BusConnection } from './connection.js';

/** The bucket of all leases. */
const BUCKET = 'orderbook_leases';
/** A lease that has not been renewed for this long is free, ms. */
const LEASE_MS = 3_000;
/** Longest wait for an answer, ms: a request that was open when the server ended is sent again. */
const ANSWER_MS = 2_000;
/** How often the holder renews it, ms. */
export const RENEW_MS = 750;

/** Which node may write what: keys in NATS' key-value store that one node at a time holds. */
export class Leases {
  readonly #make: () => Promise<KV>;
  #kv: KV;

  private constructor(kv: KV, make: () => Promise<KV>) {
    this.#kv = kv;
    this.#make = make;
  }

  /** Opens them, and creates the bucket where there is none. */
  static async open(bus: BusConnection, replicas: number): Promise<Leases> {
    // On disk, though no lease is worth keeping: the bucket itself must outlive the server's
    // process.
    const storage = StorageType.File;
    // No direct reads: a restarted server does not answer them for a bucket that was created again.
    const options = { ttl: LEASE_MS, history: 1, replicas, storage, allow_direct: false };
    const kvm = new Kvm(jetstream(bus.nc, { timeout: ANSWER_MS }));
    const make = (): Promise<KV> => kvm.create(BUCKET, options);
    return new Leases(await make(), make);
  }

  /** Does something with the bucket; creates it again if it was removed while nodes were running. */
  async use<T>(work: (kv: KV) => Promise<T>): Promise<T> {
    try {
      return await work(this.#kv);
    } catch (error) {
      if (!/stream not found|no responders/i.test((error as Error).message)) throw error;
      this.#kv = await this.#make();
      return work(this.#kv);
    }
  }

  /** A lease. @param node the node that asks for it */
  lease(key: string, node: string): Lease {
    return new Lease(this, key, node);
  }
}

/** One lease, as one node sees it. */
export class Lease {
  readonly key: string;
  readonly #leases: Leases;
  readonly #node: string;
  #revision: number | null = null;

  constructor(leases: Leases, key: string, node: string) {
    this.#leases = leases;
    this.key = key;
    this.#node = node;
  }

  /** Whether this node holds it, as far as it has heard. */
  get held(): boolean {
    return this.#revision !== null;
  }

  /** The node that holds it, or null. @throws {Error} while the bus cannot be asked */
  async holder(): Promise<string | null> {
    return (await this.#read())?.holder ?? null;
  }

  /**
   * Takes it if it is free, or if `mayBreak` allows taking it from its holder.
   * @returns whether this node holds it now
   * @throws {Error} while the bus cannot be asked
   */
  async take(mayBreak: (holder: string) => boolean = () => false): Promise<boolean> {
    const found = await this.#read();
    try {
      if (found === null)
        this.#revision = await this.#leases.use((kv) => kv.create(this.key, this.#node));
      else if (found.holder === this.#node || mayBreak(found.holder))
        this.#revision = await this.#update(found.revision);
      else return false;
    } catch (error) {
      if (isRefusal(error)) return false;
      throw error;
    }
    return true;
  }

  /** Renews it; false when another node holds it, or may. */
  async renew(): Promise<boolean> {
    if (this.#revision === null) return false;
    try {
      this.#revision = await this.#update(this.#revision);
      return true;
    } catch (error) {
      // It has expired, or the answer to the last renewal was lost; another node may hold it.
      if (isRefusal(error)) {
        this.#revision = null;
        return this.take().catch(() => false);
      }
      return true;
    }
  }

  /** Gives it back. */
  async release(): Promise<void> {
    const revision = this.#revision;
    this.#revision = null;
    if (revision === null) return;
    await this.#leases
      .use((kv) => kv.delete(this.key, { previousSeq: revision }))
      .catch(() => undefined);
  }

  /**
   * Gives it back if an earlier run of this node held it.
   * @throws {Error} while the bus cannot be asked
   */
  async giveBack(): Promise<void> {
    const found = await this.#read();
    if (found?.holder !== this.#node) return;
    this.#revision = found.revision;
    await this.release();
  }

  #update(revision: number): Promise<number> {
    return this.#leases.use((kv) => kv.update(this.key, this.#node, revision));
  }

  async #read(): Promise<{ holder: string; revision: number } | null> {
    const entry = await this.#leases.use((kv) => kv.get(this.key));
    if (entry === null || entry.operation !== 'PUT') return null;
    return { holder: entry.string(), revision: entry.revision };
  }
}

/** Whether the server refused because the lease is not in the expected state. */
function isRefusal(error: unknown): boolean {
  const { code, message } = error as { code?: number; message?: string };
  return code === 10071 || /wrong last sequence|key exists/i.test(message ?? '');
}

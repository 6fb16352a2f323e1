import { type KV, Kvm } from '@nats-io/kv';
import { jetstream, StorageType } from '@nats-io/jetstream';
import type { BusConnection } from './connection.js';

/** The bucket of all leases. */
const BUCKET = 'orderbook_leases';
/** A lease that is not renewed for so long is free, ms. */
const LEASE_MS = 3_000;
/** Longest wait for an answer, ms: what was asked when the server ended is asked again. */
const ANSWER_MS = 2_000;
/** How often the holder renews it, ms. */
export const RENEW_MS = 750;

/** Who may write what: keys that one node at a time holds, in NATS' key-value store. */
export class Leases {
  readonly #make: () => Promise<KV>;
  #kv: KV;

  private constructor(kv: KV, make: () => Promise<KV>) {
    this.#kv = kv;
    this.#make = make;
  }

  /** Opens them, and makes the bucket where there is none. */
  static async open(bus: BusConnection, replicas: number): Promise<Leases> {
    // In a file, though none is worth keeping: the bucket itself must outlive the server's process.
    const storage = StorageType.File;
    // Not read directly: a server that has started again does not answer that of a bucket that was made again.
    const options = { ttl: LEASE_MS, history: 1, replicas, storage, allow_direct: false };
    const kvm = new Kvm(jetstream(bus.nc, { timeout: ANSWER_MS }));
    const make = (): Promise<KV> => kvm.create(BUCKET, options);
    return new Leases(await make(), make);
  }

  /** Does something with the bucket; makes it again where it was removed under the nodes. */
  async use<T>(work: (kv: KV) => Promise<T>): Promise<T> {
    try {
      return await work(this.#kv);
    } catch (error) {
      if (!/stream not found|no responders/i.test((error as Error).message)) throw error;
      this.#kv = await this.#make();
      return work(this.#kv);
    }
  }

  /** A lease. @param node who asks for it */
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

  /** Whether this node has it and has not heard otherwise. */
  get held(): boolean {
    return this.#revision !== null;
  }

  /** Who holds it, or null. @throws {Error} while the bus cannot be asked */
  async holder(): Promise<string | null> {
    return (await this.#read())?.holder ?? null;
  }

  /**
   * Takes it if it is free, or if `mayBreak` allows to take it from who has it.
   * @returns whether this node has it now
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

  /** Renews it; false when it is another's, or may be. */
  async renew(): Promise<boolean> {
    if (this.#revision === null) return false;
    try {
      this.#revision = await this.#update(this.#revision);
      return true;
    } catch (error) {
      // It has run out, or the answer to the last renewal was lost; another may have it.
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

  /** Gives it back if an earlier run of this node had it. @throws {Error} without the bus */
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

/** Whether the server refused because the lease is not as it was believed to be. */
function isRefusal(error: unknown): boolean {
  const { code, message } = error as { code?: number; message?: string };
  return code === 10071 || /wrong last sequence|key exists/i.test(message ?? '');
}

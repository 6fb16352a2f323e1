import { StoreError } from './errors.js';
import type { SequenceSource } from '../market/sequence-source.js';

/**
 * Assigns sequences without waiting: a block ahead is always reserved in the database, so that
 * after a crash the next run starts above everything this one may have assigned.
 */
export class ReservedSequences implements SequenceSource {
  #last: number;
  #reserved: number;
  readonly #block: number;
  readonly #reserve: (upTo: number) => Promise<void>;
  #reserving = false;
  #nextTry = 0;
  #closed = false;

  /**
   * @param last the last sequence that may have been assigned before.
   * @param reserved sequences up to this one are reserved.
   * @param block how many to keep reserved; more are requested when half of them are left.
   * @param reserve writes a new mark to the database.
   */
  constructor(
    last: number,
    reserved: number,
    block: number,
    reserve: (upTo: number) => Promise<void>,
  ) {
    this.#last = last;
    this.#reserved = reserved;
    this.#block = block;
    this.#reserve = reserve;
  }

  /**
   * The next sequence. While the disk cannot be written and the block is used up it continues
   * unreserved: recording matters more than the guarantee for a crash in that very state.
   * @throws {StoreError} after the store was closed, since the next run may assign the same.
   */
  next(): number {
    if (this.#closed) throw new StoreError('the store is closed: it no longer gives out sequences');
    const sequence = ++this.#last;
    if (this.#reserved - sequence < this.#block / 2 && !this.#reserving) this.#reserveMore();
    return sequence;
  }

  /** The last sequence assigned. */
  get last(): number {
    return this.#last;
  }

  /** Closes it; `next` throws from now on. */
  close(): void {
    this.#closed = true;
  }

  #reserveMore(): void {
    const now = performance.now();
    if (now < this.#nextTry) return;
    this.#nextTry = now + 1_000;
    this.#reserving = true;
    const upTo = Math.max(this.#reserved, this.#last) + this.#block;
    void this.#reserve(upTo)
      .then(
        () => (this.#reserved = upTo),
        // The failure shows in the batches, which fail for the same reason; retried in a second.
        () => undefined,
      )
      .finally(() => (this.#reserving = false));
  }
}

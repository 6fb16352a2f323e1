import { Batch } from './batch.js';
import type { Renderings } from './rendering.js';
import type { Scheduler, Task } from './scheduler.js';
import { SharedReader } from './shared-reader.js';
import type { LiveSink } from './sink.js';
import type { SharedFeed, SharedSource } from './source.js';
import type { StreamCounters } from './stream-counters.js';

/** Events delivered between two looks at the clock: some 50 µs of work. */
const BETWEEN_LOOKS = 8;

/**
 * All readers of equal subscriptions. Each event is rendered once and its bytes go to every reader
 * in step; all events pending at the time go out in one write. A reader whose sink is full, that
 * has just joined, or whose interval has not ended, has what it misses set aside: the latest of
 * each key, and how many were skipped. When its sink is ready again it catches up, and is in step
 * again.
 *
 * A batch goes to the readers one after the other, over several turns of the event loop if there
 * are many. What arrives meanwhile waits in the feed, which holds the latest of each key.
 */
export class SharedStream implements Task {
  readonly #renderings: Renderings;
  readonly #feed: SharedFeed;
  readonly #everyMs: number;
  readonly #scheduler: Scheduler;
  readonly #counters: StreamCounters;
  readonly #onEmpty: () => void;
  readonly #readers = new Set<SharedReader>();
  /** Readers that can be sent what they have missed. */
  readonly #behind = new Set<SharedReader>();
  /** What not all readers have received yet. */
  #batch = new Batch();
  /** The readers still to get the batch. */
  #rest: Iterator<SharedReader> = this.#readers.values();
  /** Whether the feed was empty when last read. */
  #drained = false;
  #finishing = false;

  /** @param onEmpty called when the last reader has left; the stream has then ended */
  constructor(
    renderings: Renderings,
    source: SharedSource,
    scheduler: Scheduler,
    counters: StreamCounters,
    onEmpty: () => void,
  ) {
    this.#renderings = renderings;
    this.#scheduler = scheduler;
    this.#counters = counters;
    this.#onEmpty = onEmpty;
    this.#everyMs = source.everyMs;
    this.#feed = source.open(() => scheduler.add(this));
  }

  /** Adds a reader: it gets the current state first, then whatever follows. */
  join(sink: LiveSink, onEnd: () => void): SharedReader {
    const reader: SharedReader = new SharedReader(sink, this.#feed.join(), this.#everyMs, {
      onBehind: () => this.#catchUp(reader),
      onLeft: () => {
        this.#readers.delete(reader);
        this.#behind.delete(reader);
        onEnd();
        if (this.#readers.size > 0) return;
        this.#feed.close();
        this.#onEmpty();
      },
    });
    this.#readers.add(reader);
    this.#catchUp(reader);
    return reader;
  }

  /** Ends the stream: pending events are still delivered, then each reader's sink is completed. */
  finish(): void {
    this.#finishing = true;
    this.#feed.finish();
    for (const reader of this.#readers) {
      reader.missed.flush();
      this.#catchUp(reader);
    }
    this.#scheduler.add(this);
  }

  /** Renders what comes next, unless some readers are still to get the previous batch. */
  prepare(until: number): void {
    this.#drained = false;
    if (this.#batch.size > 0) return;
    this.#rest = this.#readers.values();
    this.#batch.fill(this.#feed, this.#renderings, this.#readers.size > 1, until);
    this.#drained = this.#batch.size === 0;
  }

  run(until: number): boolean {
    if (this.#batch.size > 0) {
      if (this.#give(this.#batch, until)) return true;
      this.#batch = new Batch();
    }
    while (this.#behind.size > 0) if (this.#serveBehind(until)) return true;
    if (this.#finishing && this.#drained) {
      for (const reader of this.#readers) if (reader.missed.size === 0) reader.complete();
    }
    return !this.#drained;
  }

  /** Delivers a batch to further readers. @returns whether time ran out before all had it */
  #give(batch: Batch, until: number): boolean {
    let given = 0;
    for (;;) {
      const next = this.#rest.next();
      if (next.done === true) return false;
      if (next.value.takes(batch.oldest)) {
        next.value.sink.send(batch.together);
        this.#counters.delivered += batch.size;
        // What a rate leaves out was not wanted.
        if (this.#everyMs === 0) this.#counters.skipped += batch.skipped;
      } else this.#offer(next.value, batch);
      given += batch.size;
      if (given < BETWEEN_LOOKS) continue;
      if (performance.now() >= until) return true;
      given = 0;
    }
  }

  /** Delivers a batch event by event to a reader that may not take all of it. */
  #offer(reader: SharedReader, { deliveries, renderings }: Batch): void {
    for (const [i, delivery] of deliveries.entries()) {
      const given = reader.offer(delivery, renderings[i]!);
      if (given === 'sent') {
        this.#counters.delivered++;
        if (this.#everyMs === 0) this.#counters.skipped += delivery.skipped;
      } else if (given === 'late') this.#counters.skipped++;
    }
  }

  /** Makes one delivery to each reader that is behind. @returns whether time ran out */
  #serveBehind(until: number): boolean {
    for (const reader of [...this.#behind]) {
      this.#behind.delete(reader);
      const delivery = reader.sink.ready ? reader.missed.take() : undefined;
      if (delivery !== undefined) {
        reader.sink.send(this.#renderings.of(delivery, this.#readers.size > 1));
        this.#counters.delivered++;
        // To the back of the queue if it is still behind.
        this.#catchUp(reader);
      }
      if (performance.now() >= until) return true;
    }
    return false;
  }

  #catchUp(reader: SharedReader): void {
    if (!reader.sink.ready || (reader.missed.size === 0 && !this.#finishing)) return;
    if (reader.missed.size > 0) this.#behind.add(reader);
    this.#scheduler.add(this);
  }
}

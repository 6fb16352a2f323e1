import type { Delivery } from './delivery.js';
import type { Rendering, Renderings } from './rendering.js';
import type { Scheduler, Task } from './scheduler.js';
import { SharedReader } from './shared-reader.js';
import type { LiveSink } from './sink.js';
import type { SharedFeed, SharedSource } from './source.js';
import type { StreamCounters } from './stream-counters.js';

/** Readers served between two looks at the clock: some 50 µs of work. */
const BETWEEN_LOOKS = 8;
/** Writes prepared in one go: with many readers one event, with few readers several. */
const WRITES_AHEAD = 64;

/** An event on its way to all readers. */
interface SharedEvent {
  readonly delivery: Delivery<unknown>;
  readonly rendering: Rendering;
  /** The readers that it has not come to yet. */
  readonly rest: Iterator<SharedReader>;
}

/**
 * All readers of equal subscriptions. Each event is rendered once and the bytes go to every reader
 * that is in step. A reader whose sink is full, that has just come, or that must rest, has what it
 * misses put aside: the newest of each key, and how many it missed. When its sink is ready again it
 * catches up with those, then it is in step again.
 *
 * An event goes to the readers one after the other, over several turns of the event loop if they
 * are many. What comes meanwhile waits in the feed, which holds the newest of each key.
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
  /** Events that not all readers have been given yet, oldest first. */
  readonly #events: SharedEvent[] = [];
  /** Whether the feed had nothing more when it was last asked. */
  #drained = false;
  #finishing = false;

  /** @param onEmpty called when the last reader has left; the stream has ended then */
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

  /** Adds a reader: it gets the current state first, then what comes from now on. */
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

  /** Ends the stream: what is pending is still delivered, then each reader's sink is completed. */
  finish(): void {
    this.#finishing = true;
    this.#feed.finish();
    for (const reader of this.#readers) {
      reader.missed.flush();
      this.#catchUp(reader);
    }
    this.#scheduler.add(this);
  }

  /** Renders what comes next, unless the readers have not been given what came before. */
  prepare(until: number): void {
    this.#drained = false;
    while (this.#events.length * this.#readers.size < WRITES_AHEAD) {
      const delivery = this.#feed.take();
      this.#drained = delivery === undefined;
      if (delivery === undefined) return;
      const rendering = this.#renderings.of(delivery, this.#readers.size > 1);
      this.#events.push({ delivery, rendering, rest: this.#readers.values() });
      if (performance.now() >= until) return;
    }
  }

  run(until: number): boolean {
    for (let event = this.#events[0]; event !== undefined; event = this.#events[0]) {
      if (this.#give(event, until)) return true;
      this.#events.shift();
    }
    while (this.#behind.size > 0) if (this.#serveBehind(until)) return true;
    if (this.#finishing && this.#drained) {
      for (const reader of this.#readers) if (reader.missed.size === 0) reader.complete();
    }
    return !this.#drained;
  }

  /** Takes an event to further readers. @returns whether the time has come before all had it */
  #give({ delivery, rendering, rest }: SharedEvent, until: number): boolean {
    for (let served = 1; ; served++) {
      const next = rest.next();
      if (next.done === true) return false;
      const given = next.value.offer(delivery, rendering);
      if (given === 'sent') {
        this.#counters.delivered++;
        // What a rate leaves out was not wanted.
        if (this.#everyMs === 0) this.#counters.skipped += delivery.skipped;
      } else if (given === 'late') this.#counters.skipped++;
      if (served % BETWEEN_LOOKS === 0 && performance.now() >= until) return true;
    }
  }

  /** Gives one delivery to each reader that is behind. @returns whether the time has come */
  #serveBehind(until: number): boolean {
    for (const reader of [...this.#behind]) {
      this.#behind.delete(reader);
      const delivery = reader.sink.ready ? reader.missed.take() : undefined;
      if (delivery !== undefined) {
        reader.sink.send(this.#renderings.of(delivery, this.#readers.size > 1));
        this.#counters.delivered++;
        // To the end of the line, if it still is behind.
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

import type { Delivery } from '../../bus.js';
import type { LiveOperation } from './operation.js';
import { Pace, Unpaced, type Waiting } from './pace.js';
import type { Rendering } from './rendering.js';
import type { LiveReader, LiveSink } from './sink.js';
import type { Joined, SharedFeed, SharedSource } from './source.js';
import type { Task, Turns } from './turns.js';

/** Readers served between two looks at the clock: some 50 µs of work. */
const BETWEEN_LOOKS = 8;

/** So few readers are written to at the end of the turn, together with those of other streams. */
const FEW = 2;

/** What the streams count. */
export interface StreamCounters {
  /** Results handed to readers. */
  delivered: number;
  /** Books that readers missed because they, or the server, were too slow. */
  skipped: number;
}

/** An event on its way to all readers. */
interface Round {
  readonly delivery: Delivery<unknown>;
  readonly rendering: Rendering;
  readonly rest: Iterator<SharedReader>;
}

/**
 * All readers of equal subscriptions. Each event is executed and serialised once and the bytes go to
 * every reader that is in step. A reader whose socket is full, that has just come, or that must
 * rest, has what it misses put aside: the newest of each market, no more, and how many it missed.
 * When its socket is empty again it catches up with those, then it is in step again. What it missed
 * is its own, so such a result is executed for it alone, if the document asks for it at all;
 * otherwise it gets the shared bytes, too.
 *
 * An event goes to the readers one after the other, over several turns of the event loop if they
 * are many. What comes meanwhile waits in the feed, which holds the newest of each market.
 */
export class SharedStream implements Task {
  readonly #operation: LiveOperation;
  readonly #feed: SharedFeed;
  readonly #everyMs: number;
  readonly #turns: Turns;
  readonly #counters: StreamCounters;
  readonly #onEmpty: () => void;
  readonly #readers = new Set<SharedReader>();
  /** Readers that can be sent what they have missed. */
  readonly #behind = new Set<SharedReader>();
  #round: Round | null = null;
  /** Events for few readers that are written at the end of this turn. */
  readonly #later: Round[] = [];
  #finishing = false;

  /** @param onEmpty called when the last reader has left; the stream has ended then */
  constructor(
    operation: LiveOperation,
    source: SharedSource,
    turns: Turns,
    counters: StreamCounters,
    onEmpty: () => void,
  ) {
    this.#operation = operation;
    this.#turns = turns;
    this.#counters = counters;
    this.#onEmpty = onEmpty;
    this.#everyMs = source.everyMs;
    this.#feed = source.open(() => turns.add(this));
  }

  /** Adds a reader: it gets the current state first, then what comes from now on. */
  join(sink: LiveSink, onEnd: () => void): SharedReader {
    const joined = this.#feed.join();
    const reader: SharedReader = new SharedReader(sink, joined, this.#everyMs, {
      behind: () => this.#catchUp(reader),
      left: () => {
        this.#readers.delete(reader);
        this.#behind.delete(reader);
        onEnd();
        if (this.#readers.size > 0) return;
        this.#feed.close();
        this.#onEmpty();
      },
    });
    this.#readers.add(reader);
    for (const delivery of joined.first) reader.waiting.put(delivery);
    if (reader.waiting.size > 0) this.#catchUp(reader);
    return reader;
  }

  /** Ends the stream: what is pending is still delivered, then each reader is told that it is over. */
  finish(): void {
    this.#finishing = true;
    this.#feed.finish();
    for (const reader of this.#readers) reader.waiting.flush();
    for (const reader of this.#readers) this.#catchUp(reader);
    this.#turns.add(this);
  }

  run(until: number): boolean {
    for (;;) {
      if (this.#round !== null && this.#advance(this.#round, until)) return true;
      if (this.#serveBehind(until)) return true;
      const delivery = this.#feed.take();
      if (delivery === undefined) break;
      const rendering = this.#operation.render(delivery, this.#readers.size > 1);
      const round = { delivery, rendering, rest: this.#readers.values() };
      if (this.#readers.size <= FEW) this.#writeLater(round);
      else this.#round = round;
      if (performance.now() >= until) return true;
    }
    if (this.#finishing && this.#later.length === 0) {
      for (const reader of this.#readers) if (reader.waiting.size === 0) reader.complete();
    }
    return this.#behind.size > 0;
  }

  /** Takes an event to its few readers at the end of the turn, in order with those before it. */
  #writeLater(round: Round): void {
    this.#later.push(round);
    if (this.#later.length > 1) return;
    this.#turns.atEnd(() => {
      for (const written of this.#later.splice(0)) this.#advance(written, Infinity);
      this.#turns.add(this);
    });
  }

  /** Takes an event to further readers. @returns whether the time has come before all had it */
  #advance({ delivery, rendering, rest }: Round, until: number): boolean {
    for (let served = 1; ; served++) {
      const next = rest.next();
      if (next.done === true) break;
      const reader = next.value;
      if (reader.offer(delivery, rendering)) {
        this.#counters.delivered++;
        if (this.#everyMs === 0) this.#counters.skipped += delivery.skipped;
      } else if (!reader.sink.ready) this.#counters.skipped += reader.missed;
      if (served % BETWEEN_LOOKS === 0 && performance.now() >= until) return true;
    }
    this.#round = null;
    return false;
  }

  /** Gives one delivery to each reader that is behind. @returns whether the time has come */
  #serveBehind(until: number): boolean {
    let left = this.#behind.size;
    for (const reader of this.#behind) {
      if (left-- === 0) break;
      // Deleted first: a reader that is still behind goes to the end of the line.
      this.#behind.delete(reader);
      const delivery = reader.sink.ready ? reader.waiting.take() : undefined;
      if (delivery === undefined) continue;
      reader.sink.send(this.#operation.render(delivery, this.#readers.size > 1));
      this.#counters.delivered++;
      this.#catchUp(reader);
      if (performance.now() >= until) return true;
    }
    return false;
  }

  #catchUp(reader: SharedReader): void {
    if (!reader.sink.ready || (reader.waiting.size === 0 && !this.#finishing)) return;
    if (reader.waiting.size > 0) this.#behind.add(reader);
    this.#turns.add(this);
  }
}

/** What a reader tells its stream. */
interface ReaderHooks {
  /** It can be sent what it has missed. */
  readonly behind: () => void;
  readonly left: () => void;
}

/** One reader of a {@link SharedStream}. */
class SharedReader implements LiveReader {
  readonly sink: LiveSink;
  /** What it has missed and not yet got. */
  readonly waiting: Waiting<unknown>;
  /** How many deliveries the last offer that was put aside made it miss: 0 or 1. */
  missed = 0;
  readonly #joined: Joined;
  readonly #hooks: ReaderHooks;
  #left = false;

  constructor(sink: LiveSink, joined: Joined, everyMs: number, hooks: ReaderHooks) {
    this.sink = sink;
    this.#joined = joined;
    this.#hooks = hooks;
    this.waiting = everyMs === 0 ? new Unpaced() : new Pace(everyMs, () => this.#hooks.behind());
  }

  /** Sends an event if the reader is in step, otherwise puts it aside. @returns whether it was sent */
  offer(delivery: Delivery<unknown>, rendering: Rendering): boolean {
    this.missed = 0;
    const { order, had } = this.#joined;
    const already = had?.get(delivery.key);
    if (already !== undefined) had!.delete(delivery.key);
    // It was there when the reader came, who has had it or a newer one.
    if (delivery.order <= order) return false;
    if (already !== undefined) {
      // Told what it has missed itself, by a result of its own.
      this.waiting.put({ ...delivery, skipped: Math.max(0, delivery.skipped - already) });
      this.#hooks.behind();
      return false;
    }
    if (this.sink.ready && this.waiting.size === 0 && !this.waiting.holds(delivery.key)) {
      this.sink.send(rendering);
      return true;
    }
    const before = this.waiting.size;
    this.waiting.put(delivery);
    this.missed = this.waiting.size === before ? 1 : 0;
    return false;
  }

  onReady(): void {
    this.#hooks.behind();
  }

  complete(): void {
    if (this.#left) return;
    this.leave();
    this.sink.complete();
  }

  leave(): void {
    if (this.#left) return;
    this.#left = true;
    this.waiting.close();
    this.#hooks.left();
  }
}

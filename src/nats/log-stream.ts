import { setImmediate as otherWork } from 'node:timers/promises';
import {
  type ConsumerMessages,
  DeliverPolicy,
  JetStreamApiError,
  jetstream,
  type JetStreamClient,
  type JsMsg,
  RetentionPolicy,
  StorageType,
  type StreamInfo,
} from '@nats-io/jetstream';
import { TimeoutError } from '@nats-io/transport-node';
import { BurstGate } from '../logging/burst-gate.js';
import { LOG_STREAM } from '../market/bus-address.js';
import { type BusConnection, BusError } from './connection.js';
import { LOG_KINDS } from './subjects.js';

/** A message of the log. */
export interface LogEntry {
  /** Its number in the stream. */
  readonly seq: number;
  readonly subject: string;
  readonly data: Uint8Array;
  /** When the server stored it, Unix ms. */
  readonly at: number;
}

/** The identity of the stream, and the messages it has. */
export interface LogState {
  /** The id that it was created with; null for another program's stream. */
  readonly id: number | null;
  /** Numbers of the first and last message; 0 and 0 when there has been none yet. */
  readonly first: number;
  readonly last: number;
}

/** The description of the stream: whose it is, and the id by which the database knows it. */
const DESCRIPTION = /^orderbook recorder log (\d+)$/;
/** Which message to get. */
type StoredQuery =
  { readonly seq: number; readonly next_by_subj?: string } | { readonly last_by_subj: string };

/** The server's answers: no such stream, no such message. */
const NO_STREAM = 10059;
const NO_MESSAGE = 10037;
/**
 * Messages that have already arrived are taken for this long without a break, ms: without breaks,
 * everything else in the process would wait until it has caught up with the log.
 */
const SLICE_MS = 5;
/** The same trouble with reading is reported once in this time, ms. */
const TROUBLE_MS = 60_000;
/** How often a message is asked for before it counts as unanswered. */
const MOST_ASKED = 5;
/** Messages requested by subject at the same time. */
const ASKED_AT_ONCE = 32;

/** The stream that is the log. */
export class LogStream {
  readonly bus: BusConnection;
  readonly #js: JetStreamClient;

  constructor(bus: BusConnection) {
    this.bus = bus;
    this.#js = jetstream(bus.nc);
  }

  /** The state of the stream; null when there is none. @throws {BusError} when it is another program's */
  async state(): Promise<LogState | null> {
    let info: StreamInfo;
    try {
      info = await this.bus.manager.streams.info(LOG_STREAM);
    } catch (error) {
      if (isCode(error, NO_STREAM)) return null;
      throw error;
    }
    const id = DESCRIPTION.exec(info.config.description ?? '')?.[1];
    if (id === undefined) {
      throw new BusError(
        `the NATS stream ${LOG_STREAM} was not made by this program; remove it, or give this program its own NATS account`,
      );
    }
    return { id: Number(id), first: info.state.first_seq, last: info.state.last_seq };
  }

  /**
   * Creates the stream.
   * @param id by which the database knows it
   * @param maxBytes beyond this the oldest messages are deleted; -1 = no bound
   * @throws {BusError} when the server refuses
   */
  async make(id: number, maxBytes: number, replicas: number): Promise<void> {
    const made = this.bus.manager.streams.add({
      name: LOG_STREAM,
      description: `orderbook recorder log ${id}`,
      subjects: subjectsOfAll(),
      retention: RetentionPolicy.Limits,
      storage: StorageType.File,
      max_bytes: maxBytes,
      num_replicas: replicas,
    });
    await made.catch((error: unknown) => {
      throw refusal(error, maxBytes);
    });
  }

  /**
   * Lets an existing stream take all kinds of messages, including those added since it was created, and as many
   * as it may have now.
   * @param maxBytes see {@link make}; unchanged if absent, or if the stream has more room: see {@link narrow}
   * @throws {BusError} when the server refuses
   */
  async extend(maxBytes?: number): Promise<void> {
    const { config } = await this.bus.manager.streams.info(LOG_STREAM);
    const missing = subjectsOfAll().filter((subject) => !config.subjects.includes(subject));
    const wider = maxBytes !== undefined && room(maxBytes) > room(config.max_bytes);
    if (missing.length === 0 && !wider) return;
    const subjects = [...config.subjects, ...missing];
    await this.#update({ subjects, max_bytes: wider ? maxBytes : config.max_bytes });
  }

  /**
   * Takes room from a stream that has more. The oldest messages beyond it are deleted at once, so they
   * must be stored.
   * @throws {BusError} when the server refuses
   */
  async narrow(maxBytes: number): Promise<void> {
    const { config } = await this.bus.manager.streams.info(LOG_STREAM);
    if (room(maxBytes) < room(config.max_bytes)) await this.#update({ max_bytes: maxBytes });
  }

  /** The message with a number; null when it is gone. */
  async at(seq: number): Promise<LogEntry | null> {
    return this.#get({ seq });
  }

  /** The newest message of a subject, or null. */
  async last(subject: string): Promise<LogEntry | null> {
    return this.#get({ last_by_subj: subject });
  }

  /** The first message of a subject from a number on, or null. */
  async next(subject: string, from: number): Promise<LogEntry | null> {
    return this.#get({ seq: from, next_by_subj: subject });
  }

  /**
   * The previous message of the same subject, or null. The server has no query for that, only for the first one from
   * a number on: so further and further back, then nearer and nearer.
   */
  async before({ subject, seq }: Pick<LogEntry, 'subject' | 'seq'>): Promise<LogEntry | null> {
    const firstFrom = (from: number) => this.next(subject, from);
    let found: LogEntry | null = null;
    // There is none between this number and `seq`.
    let none = seq;
    for (let step = 1; found === null && none > 1; step *= 2) {
      const from = Math.max(1, none - step);
      const first = await firstFrom(from);
      if (first !== null && first.seq < none) found = first;
      else none = from;
    }
    while (found !== null && found.seq + 1 < none) {
      const middle = Math.ceil((found.seq + none) / 2);
      const first = await firstFrom(middle);
      if (first !== null && first.seq < none) found = first;
      else none = middle;
    }
    return found;
  }

  /** The newest message of each subject that matches a filter, in order. */
  async lastOfEach(filter: string): Promise<LogEntry[]> {
    // Not by a consumer: old servers are unreliable about how many messages it still has to deliver.
    const info = await this.bus.manager.streams.info(LOG_STREAM, { subjects_filter: filter });
    const subjects = Object.keys(info.state.subjects ?? {});
    const entries: LogEntry[] = [];
    const ask = async (): Promise<void> => {
      for (let subject = subjects.pop(); subject !== undefined; subject = subjects.pop()) {
        const entry = await this.last(subject);
        if (entry !== null) entries.push(entry);
      }
    };
    await Promise.all(Array.from({ length: ASKED_AT_ONCE }, ask));
    return entries.sort((a, b) => a.seq - b.seq);
  }

  /**
   * Hands every message from a number on to `take`, in order, until `signal` ends it. After a lost
   * connection or consumer it continues after the last message taken.
   * @param take may return a promise: the next message waits for it
   * @param onTrouble called with why it cannot be read, for the same reason once a minute
   */
  async follow(
    from: number,
    take: (entry: LogEntry) => Promise<void> | void,
    signal: AbortSignal,
    onTrouble: (reason: string) => void = () => undefined,
  ): Promise<void> {
    const troubles = new BurstGate(TROUBLE_MS);
    let next = Math.max(1, from);
    while (!signal.aborted) {
      try {
        const consumer = await this.#js.consumers.get(LOG_STREAM, {
          deliver_policy: DeliverPolicy.StartSequence,
          opt_start_seq: next,
          inactive_threshold: 30_000_000_000,
        });
        const messages = await consumer.consume({
          max_messages: 1_000,
          idle_heartbeat: 2_000,
          abort_on_missing_resource: true,
        });
        const stop = (): void => messages.stop();
        signal.addEventListener('abort', stop);
        const listening = this.bus.changes.on((connected) => connected && stop());
        void endWhenSilent(messages);
        let since = performance.now();
        try {
          for await (const message of messages) {
            if (signal.aborted) break;
            if (message.seq < next) continue;
            const waiting = take(toEntry(message));
            if (waiting !== undefined) await waiting;
            // Not before: a message that could not be taken is taken again.
            next = message.seq + 1;
            if (performance.now() - since < SLICE_MS) continue;
            await otherWork();
            since = performance.now();
          }
        } finally {
          signal.removeEventListener('abort', stop);
          listening();
          messages.stop();
        }
      } catch (error) {
        if (isFatal(error)) throw error;
        const { message } = error as Error;
        if (troubles.pass(message) !== null) onTrouble(message);
      }
      await this.#pause(signal);
    }
  }

  async #update(config: { subjects?: string[]; max_bytes: number }): Promise<void> {
    try {
      await this.bus.manager.streams.update(LOG_STREAM, config);
    } catch (error) {
      throw refusal(error, config.max_bytes);
    }
  }

  async #pause(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, 250);
      signal.addEventListener('abort', () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  async #get(query: StoredQuery): Promise<LogEntry | null> {
    for (let asked = 1; ; asked++) {
      try {
        const stored = await this.bus.quick.streams.getMessage(LOG_STREAM, query);
        if (stored === null) return null;
        const { seq, subject, data, time } = stored;
        return { seq, subject, data, at: time.getTime() };
      } catch (error) {
        if (isCode(error, NO_MESSAGE)) return null;
        if (!(error instanceof TimeoutError) || asked === MOST_ASKED) throw error;
      }
    }
  }
}

function subjectsOfAll(): string[] {
  return LOG_KINDS.map((kind) => `${kind}.>`);
}

/** The room that a bound of a stream's size gives it; NATS writes -1 for no bound. */
function room(maxBytes: number): number {
  return maxBytes < 0 ? Infinity : maxBytes;
}

/**
 * Why the server refuses the stream, in one line; an error that is no answer of the server stays as
 * it is.
 */
function refusal(error: unknown, maxBytes: number): unknown {
  if (!(error instanceof JetStreamApiError)) return error;
  const size = maxBytes < 0 ? '0, no bound,' : `${maxBytes / 1e9}`;
  return new BusError(
    `BUS_MAX_GB: the NATS server refuses the stream ${LOG_STREAM} with ${size} (${error.message}); set one that its JetStream has room for, or give that more (max_file_store)`,
    { cause: error },
  );
}

/**
 * Ends messages whose server is no longer heard. A consumer on one server of a cluster dies with that server,
 * and the library would look for it for 30 s or more each time; created again, it is on another one.
 */
async function endWhenSilent(messages: ConsumerMessages): Promise<void> {
  for await (const { type } of messages.status()) if (type === 'heartbeats_missed') messages.stop();
}

/** Thrown by a taker of messages to stop following. */
export class StopFollowing extends Error {}

function isFatal(error: unknown): boolean {
  return error instanceof StopFollowing || error instanceof BusError;
}

function isCode(error: unknown, code: number): boolean {
  return error instanceof JetStreamApiError && error.code === code;
}

function toEntry({ subject, data, info }: JsMsg): LogEntry {
  // A number of ns is off by some hundred ns: rounded to ms, all readers get the same. As a BigInt it
  // would have to be read from the message a second time.
  const at = Math.floor(info.timestampNanos / 1e6);
  return { seq: info.streamSequence, subject, data, at };
}

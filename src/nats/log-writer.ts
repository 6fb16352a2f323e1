import { createInbox, type Msg, type MsgHdrs, type Subscription } from '@nats-io/transport-node';
import { LOG_STREAM } from '../market/bus-address.js';
import type { BusConnection } from './connection.js';

/** What became of a message. */
export type Outcome =
  /** It is in the log under this number; `duplicate`: it already was. */
  | { readonly kind: 'STORED'; readonly seq: number; readonly duplicate: boolean }
  /** The last message of its subject is not the expected one. */
  | { readonly kind: 'MOVED' };

/** A message to write. */
export interface Outgoing {
  readonly subject: string;
  readonly data: Uint8Array;
  /** Two messages with the same id count as one. */
  readonly id?: string;
  /** Number of the last message of its subject, 0 = none; absent = whatever it is. */
  readonly expected?: number;
}

interface Pending {
  readonly message: Outgoing;
  readonly settle: (outcome: Outcome) => void;
  sentAt: number;
}

/** A message that has not been acknowledged for this long is sent again, ms. */
const ACK_MS = 3_000;
/**
 * Messages within this time of the last go out together, ms: at a whole market's rate each write
 * costs more than a message. Not when others wait for its answer: a market would fall behind.
 */
const GATHER_MS = 8;
const LOOK_MS = 250;
/** A message that the server could not take is sent again after this time, ms. */
const SOON_MS = 300;
/** The server's answer when an expectation does not hold. */
const WRONG_LAST = 10071;
/** An acknowledgement: number, and whether the message was there before. */
const ANSWER = /^\{"stream":"[^"]*",\s*"seq":(\d+)(?:,"domain":"[^"]*")?(,\s*"duplicate":\s*true)?/;

/**
 * Writes messages into the log and reports when the server has each of them. A message that gets no
 * answer is sent again with the same id, so that it counts once. How many are under way is up to the
 * caller: order is kept only between messages of which the second was handed over after the first
 * had settled.
 */
export class LogWriter {
  readonly #bus: BusConnection;
  readonly #inbox = createInbox();
  readonly #answers: Subscription;
  readonly #pending = new Map<number, Pending>();
  readonly #look: NodeJS.Timeout;
  readonly #decoder = new TextDecoder();
  readonly #unfollow: () => void;
  /** Messages that go out next, and when the last ones did, monotonic ms. */
  #gathered: { readonly number: number; readonly pending: Pending }[] = [];
  #gathering: NodeJS.Timeout | undefined;
  #wentAt = -Infinity;
  #next = 0;
  #closed = false;

  constructor(bus: BusConnection) {
    this.#bus = bus;
    this.#answers = bus.nc.subscribe(`${this.#inbox}.*`, {
      callback: (error, answer) => {
        if (error === null) this.#answered(answer);
      },
    });
    this.#unfollow = bus.changes.on((connected) => {
      if (connected) for (const [number, pending] of this.#pending) this.#send(number, pending);
    });
    this.#look = setInterval(() => this.#again(), LOOK_MS);
    this.#look.unref();
  }

  /** Messages that the server has not answered yet. */
  get underWay(): number {
    return this.#pending.size;
  }

  /**
   * Writes a message.
   * @param settle called once with the outcome, unless the writer is closed before
   * @param hurried whether others wait for its answer: it goes out at once
   */
  write(message: Outgoing, settle: (outcome: Outcome) => void, hurried = false): void {
    const number = this.#next++;
    const pending = { message, settle, sentAt: 0 };
    this.#pending.set(number, pending);
    this.#send(number, pending, hurried);
  }

  /** {@link write} as a promise. */
  put(message: Outgoing): Promise<Outcome> {
    return new Promise((resolve) => this.write(message, resolve));
  }

  /** Ends it: what waits to go out is sent, but the answers to what is under way are no longer awaited. */
  close(): void {
    this.#letGo();
    this.#closed = true;
    clearInterval(this.#look);
    this.#unfollow();
    this.#pending.clear();
    this.#answers.unsubscribe();
  }

  #send(number: number, pending: Pending, hurried = false): void {
    const now = performance.now();
    pending.sentAt = now;
    this.#gathered.push({ number, pending });
    const left = hurried ? 0 : this.#wentAt + GATHER_MS - now;
    // A timer is late while books come one after the other.
    if (left <= 0) this.#letGo();
    else this.#gathering ??= setTimeout(() => this.#letGo(), left);
  }

  #letGo(): void {
    const gathered = this.#gathered;
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    this.#gathered = [];
    this.#wentAt = performance.now();
    // The client would queue it without bound until the server is back.
    if (!this.#bus.connected || this.#closed) return;
    for (const { number, pending } of gathered) {
      const { subject, data } = pending.message;
      const reply = `${this.#inbox}.${number}`;
      const headers = new Headers(pending.message) as unknown as MsgHdrs;
      this.#bus.nc.publish(subject, data, { reply, headers });
    }
  }

  #again(): void {
    const now = performance.now();
    for (const [number, pending] of this.#pending) {
      if (now - pending.sentAt > ACK_MS) this.#send(number, pending);
    }
  }

  #answered(answer: Msg): void {
    const number = Number(answer.subject.slice(this.#inbox.length + 1));
    const pending = this.#pending.get(number);
    if (pending === undefined) return;
    const text = this.#decoder.decode(answer.data);
    const stored = ANSWER.exec(text);
    const seq = Number(stored?.[1] ?? 0);
    if (stored !== null && seq > 0) {
      this.#pending.delete(number);
      pending.settle({ kind: 'STORED', seq, duplicate: stored[2] !== undefined });
      return;
    }
    if (!text.includes(`"err_code":${WRONG_LAST}`)) {
      // No JetStream at the moment, no room, no leader, or (0) a leader that has not yet agreed on it with the
      // others: it is sent again soon.
      pending.sentAt = performance.now() - ACK_MS + SOON_MS;
      return;
    }
    this.#pending.delete(number);
    pending.settle({ kind: 'MOVED' });
  }
}

/** Characters that a header value must not contain. */
const UNSAFE = /[^\x20-\x7e]/g;
const escaped = (sign: string): string => `%${sign.charCodeAt(0).toString(16)}`;

/**
 * The headers of a message, as bytes: the client needs no more. Its own class takes a tenth of the
 * cost of writing a message, because it compares names in each of their spellings.
 */
class Headers {
  readonly #message: Outgoing;

  constructor(message: Outgoing) {
    this.#message = message;
  }

  encode(): Uint8Array {
    const { id, expected } = this.#message;
    let text = `NATS/1.0\r\nNats-Expected-Stream: ${LOG_STREAM}\r\n`;
    if (id !== undefined) text += `Nats-Msg-Id: ${id.replaceAll(UNSAFE, escaped)}\r\n`;
    if (expected !== undefined) text += `Nats-Expected-Last-Subject-Sequence: ${expected}\r\n`;
    return Buffer.from(`${text}\r\n`, 'latin1');
  }
}

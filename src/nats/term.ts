import { randomUUID } from 'node:crypto';
import type { Exchange } from '../market/exchange.js';
import type { LogEntry, LogStream } from './log-stream.js';
import type { LogWriter, Outgoing } from './log-writer.js';
import { shaped } from './message-shapes.js';
import { type AliveMessage, decodeMessage, encodeMessage, ifOurs } from './messages.js';

/** What a {@link Term} works with. */
export interface TermParts {
  readonly exchange: Exchange;
  /** This node. */
  readonly node: string;
  readonly stream: LogStream;
  readonly writer: LogWriter;
  /** Current time, Unix ms. */
  readonly now: () => number;
  /**
   * Until when everything received is in the log, Unix ms.
   * @param t the current time
   * @param vouched what the newest sign of life vouches for
   */
  readonly coveredUntil: (t: number, vouched: number) => number;
  /** A sign of life was refused. */
  readonly onMoved: () => void;
}

/** Whether what a node wrote counts for readers; `OPEN`: not known yet. */
export type Standing = 'COUNTS' | 'LOST' | 'OPEN';

/** What the signs of life before a term say. */
export interface Before {
  /** Until when everything received is in the log, Unix ms; null = nothing was yet. */
  readonly aliveAt: number | null;
  /** Whether this node wrote last: that sign of life says nothing of what it has learned since. */
  readonly own: boolean;
}

/** A term that has begun in the log. */
interface Begun extends Before {
  readonly seq: number;
  /** Until when it vouches, Unix ms. */
  readonly t: number;
}

/**
 * The terms in which a node writes an exchange into the log, and its signs of life: each expects the one
 * before it, so that of two nodes only the one whose term is the newest writes them.
 */
export class Term {
  readonly #parts: TermParts;
  /** Another term has begun since, or the last sign of life was deleted: signs of life are refused. */
  #over = false;
  #number = 0;
  /** Its own newest sign of life in the log. */
  #aliveSeq = 0;
  /** For each of its earlier terms, the number of the message that began the next one, its own or another node's. */
  readonly #ends = new Map<number, number>();
  /** Until when the newest sign of life vouches, Unix ms. */
  #vouchedUntil = 0;
  /** The sign of life that is under way. */
  #beating: Promise<void> | null = null;

  constructor(parts: TermParts) {
    this.#parts = parts;
  }

  /** Number of the message that began it; 0 before the first. */
  get number(): number {
    return this.#number;
  }

  /** Whether another has begun. */
  get over(): boolean {
    return this.#over;
  }

  /**
   * Whether what was written in a term counts, since another node may have begun one before it was stored.
   * @param term number of the term
   * @param seq number of the message
   */
  standing(term: number, seq: number): Standing {
    const end = this.#ends.get(term);
    if (end !== undefined) return seq < end ? 'COUNTS' : 'LOST';
    return seq < this.#aliveSeq ? 'COUNTS' : 'OPEN';
  }

  /**
   * Begins a term after one that is over; from now on {@link standing} says what of the old one counts.
   * @throws {Error} when the log cannot be read
   */
  async resume(): Promise<void> {
    const [ended, since] = [this.#number, this.#aliveSeq];
    const begun = await this.#begin();
    this.#ends.set(ended, await this.#nextBegin(since, begun.seq));
    this.#enter(begun);
  }

  /**
   * Begins a term: what the previous writer adds from now on does not count.
   * @throws {Error} when the log cannot be read
   */
  async begin(): Promise<Before> {
    const begun = await this.#begin();
    this.#enter(begun);
    return begun;
  }

  #enter({ seq, t }: Begun): void {
    this.#over = false;
    this.#number = seq;
    this.#aliveSeq = seq;
    this.#vouchedUntil = t;
  }

  /** The first message after a number that began a term, `own` at the latest. */
  async #nextBegin(behind: number, own: number): Promise<number> {
    const { stream, exchange } = this.#parts;
    for (let at = behind; ;) {
      const entry = await stream.next(`alive.${exchange}`, at + 1);
      if (entry === null || entry.seq >= own) return own;
      if (aliveOf(entry)?.begins === true) return entry.seq;
      at = entry.seq;
    }
  }

  async #begin(): Promise<Begun> {
    const { stream, exchange, node, writer, now } = this.#parts;
    const subject = `alive.${exchange}`;
    for (;;) {
      const last = await stream.last(subject);
      const alive = aliveOf(last);
      const aliveAt = alive?.t ?? null;
      const message: AliveMessage = { t: aliveAt ?? now(), node, begins: true };
      const data = encodeMessage(message);
      const expected = last?.seq ?? 0;
      // Of its own: where the log has lost all signs of life, an earlier begin expected none either.
      const id = `${subject} ${node} begins ${randomUUID()}`;
      const outcome = await writer.put({ subject, data, expected, id });
      if (outcome.kind === 'MOVED') continue;
      return { seq: outcome.seq, t: message.t, aliveAt, own: alive?.node === node };
    }
  }

  /** Writes a sign of life, unless one is under way. */
  beat(): void {
    if (this.#beating === null) void this.#write(false);
  }

  /** Writes the last one, after any that is under way. @param closed whether the node shuts down */
  async farewell(closed: boolean): Promise<void> {
    const last = Promise.resolve(this.#beating).then(() => this.#write(closed));
    await Promise.race([last, new Promise((resolve) => setTimeout(resolve, 1_000))]);
  }

  #write(closed: boolean): Promise<void> {
    const term = this.#number;
    this.#beating = new Promise((resolve) => {
      this.#parts.writer.write(this.#message(closed), (outcome) => {
        this.#beating = null;
        resolve();
        if (term !== this.#number) return;
        if (outcome.kind === 'STORED') this.#aliveSeq = outcome.seq;
        else {
          this.#over = true;
          this.#parts.onMoved();
        }
      });
    });
    return this.#beating;
  }

  #message(closed: boolean): Outgoing {
    const { exchange, node, now, coveredUntil } = this.#parts;
    const t = coveredUntil(now(), this.#vouchedUntil);
    this.#vouchedUntil = t;
    const message: AliveMessage = closed ? { t, node, closed } : { t, node };
    const expected = this.#aliveSeq;
    const id = `alive.${exchange} ${node} after ${expected}`;
    return { subject: `alive.${exchange}`, data: encodeMessage(message), expected, id };
  }
}

/** Until when everything received of an exchange is in the log; null = nothing was yet. */
export async function readAlive(
  stream: LogStream,
  exchange: Exchange,
): Promise<AliveMessage | null> {
  return aliveOf(await stream.last(`alive.${exchange}`));
}

/** The sign of life in a message; null if another program wrote it. @throws {NewerMessageError} */
function aliveOf(entry: LogEntry | null): AliveMessage | null {
  if (entry === null) return null;
  return ifOurs(() => shaped('alive', decodeMessage<AliveMessage>(entry.data)));
}

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
  /** Present time, Unix ms. */
  readonly now: () => number;
  /**
   * Until when all that was received is in the log, Unix ms.
   * @param t the present @param vouched what the newest sign of life vouches for
   */
  readonly coveredUntil: (t: number, vouched: number) => number;
  /** A sign of life was refused. */
  readonly onMoved: () => void;
}

/**
 * The terms in which a node writes an exchange into the log, and its signs of life: each expects the one
 * before it, so that of two nodes only the one whose term is the newest writes them.
 */
export class Term {
  readonly #parts: TermParts;
  /** Another term has begun since, or the last sign of life is gone: signs of life are refused. */
  #over = false;
  #number = 0;
  #aliveSeq = 0;
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
   * Begins a term: what the writer before adds from now on counts for nothing.
   * @returns until when all that was received is in the log, Unix ms; null = nothing was yet
   */
  async begin(): Promise<number | null> {
    const { stream, exchange, node, writer, now } = this.#parts;
    const subject = `alive.${exchange}`;
    for (;;) {
      const last = await stream.last(subject);
      const aliveAt = aliveOf(last)?.t ?? null;
      const message: AliveMessage = { t: aliveAt ?? now(), node, begins: true };
      const data = encodeMessage(message);
      const expected = last?.seq ?? 0;
      const id = `${subject} ${node} begins after ${expected}`;
      const outcome = await writer.put({ subject, data, expected, id });
      if (outcome.kind === 'MOVED') continue;
      this.#over = false;
      this.#number = outcome.seq;
      this.#aliveSeq = outcome.seq;
      this.#vouchedUntil = message.t;
      return aliveAt;
    }
  }

  /** Writes a sign of life, unless one is under way. */
  beat(): void {
    if (this.#beating === null) void this.#write(false);
  }

  /** Writes the last one, behind one that is under way. @param closed whether the node ends */
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

/** Until when all that was received of an exchange is in the log; null = nothing was yet. */
export async function readAlive(
  stream: LogStream,
  exchange: Exchange,
): Promise<AliveMessage | null> {
  return aliveOf(await stream.last(`alive.${exchange}`));
}

/** The sign of life of a message; null where another program wrote it. @throws {NewerMessageError} */
function aliveOf(entry: LogEntry | null): AliveMessage | null {
  if (entry === null) return null;
  return ifOurs(() => shaped('alive', decodeMessage<AliveMessage>(entry.data)));
}

import { cutText } from '../market/outside-text.js';
import { CallLimit } from '../util/call-limit.js';
import { reasonOf } from '../util/reason.js';
import { USER_AGENT } from '../util/version.js';
import { pause, within } from '../util/wait.js';
import type { Post } from './alert.js';

/** Why a message was not taken. */
const FAILURES = ['unreachable', 'timeout', 'redirect', 'status'] as const;

/** Why a message was not taken. */
export type Failure = (typeof FAILURES)[number];

/** Called with what becomes of the messages. */
export interface WebhookListener {
  /** A message was not taken and is tried again; once for each kind of failure until one is taken. */
  onFailing(reason: string): void;
  /** One is taken again. */
  onTaken(): void;
  /** Messages were given up. @param why in words */
  onDropped(why: string): void;
}

/** What tests set. */
export interface WebhookTuning {
  /** Longest wait for the answer, ms. */
  readonly timeoutMs?: number;
  /** First wait before another try, ms; it doubles up to {@link MAX_WAIT_MS}. */
  readonly waitMs?: number;
}

/** Messages that may wait; beyond it the oldest that is not being sent goes. */
const MAX_WAITING = 100;
/** Tries of a message that the receiver itself refuses: it must not hold up the others forever. */
const MAX_REFUSALS = 5;
const MAX_WAIT_MS = 60_000;
/** Refusals that are temporary: too slow, too early, too many. */
const PASSING = new Set([408, 425, 429]);

/** How a try ended. */
interface Outcome {
  readonly failure: Failure;
  readonly reason: string;
  /** Whether the receiver understood the request and does not want it. */
  readonly refused: boolean;
}

/**
 * Posts messages one after the other, in order; each is tried until it is taken. Nothing waits for it,
 * and no text of it has the address, which is a secret with most receivers.
 */
export class Webhook {
  readonly #listener: WebhookListener;
  readonly #timeoutMs: number;
  readonly #waitMs: number;
  readonly #queue: Post[] = [];
  readonly #end = new AbortController();
  readonly #failures = new Map<Failure, number>();
  /** Kinds of failure reported since a message was last accepted. */
  readonly #reported = new Set<Failure>();
  /** Settles when none waits any more; null while none does. */
  #sending: Promise<void> | null = null;
  #sent = 0;
  #dropped = 0;

  constructor(
    listener: WebhookListener,
    { timeoutMs = 10_000, waitMs = 1_000 }: WebhookTuning = {},
  ) {
    this.#listener = listener;
    this.#timeoutMs = timeoutMs;
    this.#waitMs = waitMs;
  }

  /** Messages taken, waiting and given up, and tries that failed by kind. */
  get counts() {
    const failures = Object.fromEntries(
      FAILURES.map((failure) => [failure, this.#failures.get(failure) ?? 0]),
    ) as Record<Failure, number>;
    return { sent: this.#sent, waiting: this.#queue.length, dropped: this.#dropped, failures };
  }

  /** Sends a message when those before it are done with. */
  push(post: Post): void {
    if (this.#end.signal.aborted) return;
    if (this.#queue.length === MAX_WAITING) {
      // The first may be on its way.
      this.#queue.splice(1, 1);
      this.#drop(`${MAX_WAITING} are waiting`);
    }
    this.#queue.push(post);
    this.#sending ??= this.#send().finally(() => (this.#sending = null));
  }

  /** Waits until all that was pushed is taken, `ms` at most. @returns whether it was */
  async taken(ms: number): Promise<boolean> {
    const dropped = this.#dropped;
    if (this.#sending !== null) await within(this.#sending, ms, () => undefined);
    return this.#queue.length === 0 && this.#dropped === dropped;
  }

  /** Breaks off; what waits is given up. */
  close(): void {
    this.#end.abort();
  }

  async #send(): Promise<void> {
    let tries = 0;
    let refusals = 0;
    for (let post = this.#queue[0]; post !== undefined; post = this.#queue[0]) {
      const outcome = await this.#try(post);
      if (this.#end.signal.aborted) break;
      if (outcome === null) {
        this.#sent++;
        if (this.#reported.size > 0) this.#listener.onTaken();
        this.#reported.clear();
      } else {
        this.#note(outcome);
        if (outcome.refused) refusals++;
        if (refusals < MAX_REFUSALS) {
          await pause(Math.min(MAX_WAIT_MS, this.#waitMs * 2 ** tries++), this.#end.signal, false);
          continue;
        }
        this.#drop(outcome.reason);
      }
      this.#queue.shift();
      tries = 0;
      refusals = 0;
    }
  }

  #note({ failure, reason }: Outcome): void {
    this.#failures.set(failure, (this.#failures.get(failure) ?? 0) + 1);
    if (this.#reported.has(failure)) return;
    this.#reported.add(failure);
    this.#listener.onFailing(reason);
  }

  #drop(why: string): void {
    this.#dropped++;
    this.#listener.onDropped(why);
  }

  async #try({ url, body }: Post): Promise<Outcome | null> {
    const call = new CallLimit(this.#timeoutMs, this.#end.signal);
    try {
      const answer = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'user-agent': USER_AGENT },
        body,
        // The target of a redirect would be sent what is meant for another.
        redirect: 'manual',
        signal: call.signal,
      });
      // What it says is of no use, and may never end.
      answer.body?.cancel().catch(() => undefined);
      const { status } = answer;
      if (answer.ok) return null;
      const redirect = status >= 300 && status < 400;
      return {
        failure: redirect ? 'redirect' : 'status',
        reason: `HTTP ${status}${redirect ? ', a redirect, which is not followed' : ''}`,
        refused: status >= 400 && status < 500 && !PASSING.has(status),
      };
    } catch (error) {
      const reason = call.late ? `no answer within ${this.#timeoutMs / 1000} s` : reasonOf(error);
      const failure = call.late ? 'timeout' : 'unreachable';
      return { failure, reason: cutText(reason, 300), refused: false };
    } finally {
      call.done();
    }
  }
}

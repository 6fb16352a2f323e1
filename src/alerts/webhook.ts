import { cutText } from '../market/outside-text.js';
import { CallLimit } from '../util/call-limit.js';
import { reasonOf } from '../util/reason.js';
import { USER_AGENT } from '../util/version.js';
import { pause, within } from '../util/wait.js';
import type { Post } from './alert.js';

/** Why a message was not accepted. */
const FAILURES = ['unreachable', 'timeout', 'redirect', 'status'] as const;

/** Why a message was not accepted. */
export type Failure = (typeof FAILURES)[number];

/** Receives the fate of the messages. */
export interface WebhookListener {
  /** A message was not accepted and is being retried; once per kind of failure until one is accepted. */
  onFailing(reason: string): void;
  /** Messages are accepted again. */
  onTaken(): void;
  /** Messages were given up on. @param why in words */
  onDropped(why: string): void;
}

/** Overrides for tests. */
export interface WebhookTuning {
  /** Longest wait for the response, ms. */
  readonly timeoutMs?: number;
  /** First wait before a retry, ms; it doubles up to {@link MAX_WAIT_MS}. */
  readonly waitMs?: number;
}

/** Maximum queued messages; beyond that the oldest one not being sent is dropped. */
const MAX_WAITING = 100;
/** Attempts for a message that the receiver itself refuses: it must not hold up the others forever. */
const MAX_REFUSALS = 5;
const MAX_WAIT_MS = 60_000;
/** Temporary refusals: too slow, too early, too many. */
const PASSING = new Set([408, 425, 429]);

/** How an attempt ended. */
interface Outcome {
  readonly failure: Failure;
  readonly reason: string;
  /** Whether the receiver understood the request and rejects it. */
  readonly refused: boolean;
}

/**
 * Posts messages in order, one at a time; each is retried until it is accepted. Nothing waits for
 * it, and no text of it contains the address, which most receivers treat as a secret.
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
  /** Settles when the queue is empty; null while it is. */
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

  /** Messages accepted, queued and given up on, and failed attempts by kind. */
  get counts() {
    const failures = Object.fromEntries(
      FAILURES.map((failure) => [failure, this.#failures.get(failure) ?? 0]),
    ) as Record<Failure, number>;
    return { sent: this.#sent, waiting: this.#queue.length, dropped: this.#dropped, failures };
  }

  /** Sends a message once those before it are done. */
  push(post: Post): void {
    if (this.#end.signal.aborted) return;
    if (this.#queue.length === MAX_WAITING) {
      // The first may be in flight.
      this.#queue.splice(1, 1);
      this.#drop(`${MAX_WAITING} are waiting`);
    }
    this.#queue.push(post);
    this.#sending ??= this.#send().finally(() => (this.#sending = null));
  }

  /** Waits until everything pushed is accepted, at most `ms`. @returns whether it was */
  async taken(ms: number): Promise<boolean> {
    const dropped = this.#dropped;
    if (this.#sending !== null) await within(this.#sending, ms, () => undefined);
    return this.#queue.length === 0 && this.#dropped === dropped;
  }

  /** Aborts; queued messages are given up on. */
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
        // A redirect's target would receive a message meant for another.
        redirect: 'manual',
        signal: call.signal,
      });
      // The body is of no use, and may never end.
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

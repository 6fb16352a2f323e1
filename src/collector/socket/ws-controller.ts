import type { GapCause } from '../../market/gap.js';
import { type Pair, pairText } from '../../market/market.js';
import type { Sides } from '../../market/order-book.js';
import { type AdaptiveLimit, RATE_MANNER } from '../limits/adaptive-limit.js';
import { PendingSnapshots } from './pending-snapshots.js';
import { backoffMs, RATE_LIMITED, RECONNECT } from '../limits/backoff.js';
import { ResubscribeQueue } from './resubscribe-queue.js';
import type { FeedContext, Outage } from '../feed.js';
import { Liveness } from './liveness.js';
import { Outbox } from './outbox.js';
import type { RateLimiter } from '../limits/rate-limiter.js';
import { ExchangeError, faultOf } from '../exchange-error.js';
import type { SocketCapacity } from '../limits/socket-capacity.js';
import { SubscriptionTrial } from './subscription-trial.js';
import { excerpt } from '../wire/wire.js';
import { type ConnectionEnd, WSConnection } from './ws-connection.js';
import type { CarrierHost, PairCarrier } from './ws-feed.js';
import type { WSProfile } from './ws-profile.js';

/** A connection that delivered for this long was a good one: the backoff starts over. */
const STABLE_MS = 30_000;
/** So many pairs without a book, while as many have theirs, are no chance. */
const LEAST_SILENT = 10;
/** Of so many refusals of many messages all but one are held against their pace, one against their number. */
const SLOWER_OF = 3;
/** Time for the answer to the ping that proves a connection after a standstill, ms. */
const PROOF_MS = 5_000;

/**
 * One WebSocket of one exchange, carrying many pairs. Owns the life of its connections: connecting,
 * backoff with jitter, resubscribing and closing; a subclass says where to connect ({@link getWSUrl}), what to
 * send ({@link getMessage}) and how to read ({@link handleMessage}), and overrides what
 * docs/exchanges
 * makes special. Reconnects for ever until {@link close}.
 */
export abstract class WSController implements PairCarrier {
  protected readonly context: FeedContext;
  readonly #profile: WSProfile;
  readonly #connects: RateLimiter;
  readonly #pairs = new Map<string, Pair>();
  readonly #awaited: PendingSnapshots;
  readonly #doubted = new ResubscribeQueue((pairs) => this.#askAnew(pairs));
  /** Has the few asked for again that got no first book though each was asked for by itself. */
  readonly #missing = new ResubscribeQueue((pairs) => this.#askMissing(pairs ?? []));
  readonly #liveness: Liveness;
  readonly #outbox: Outbox;
  readonly #trial = new SubscriptionTrial();
  /** Most pairs of one socket, and how much of the messages' rate is used; of all sockets together. */
  readonly #capacity: SocketCapacity;
  readonly #rate: AdaptiveLimit | null;
  /** Messages that the last subscription took. */
  #asked = 0;
  /** How many pairs had their book when those without were last asked for again. */
  #servedBefore = 0;

  /** Whether the exchange has refused one pair more on this connection. */
  #full = false;
  /** How often it was refused after some of many messages had been served. */
  #partials = 0;

  apart = false;
  alone = false;
  carrierHost: CarrierHost | null = null;

  #connection: WSConnection | null = null;
  /** Runs out when the next attempt to connect is due. */
  #due: NodeJS.Timeout | undefined;
  #started = false;
  #closed = false;
  #subscribed = false;
  #everOpened = false;
  /** Attempts since the connection last proved stable; the exponent of the backoff. */
  #attempt = 0;
  /** When the connection opened, monotonic ms. */
  #openedAt = 0;
  /** When the message being handled came in, Unix ms. */
  #receivedAt = 0;
  /** Why the controller itself is ending the connection, if it does. */
  #ending: Outage | null = null;
  /** Refusals for too many requests in a row; their waits are longer and grow on their own. */
  #rateRefusals = 0;
  /** What the pong will carry that proves the connection after a standstill, and when it is due. */
  #proof: { readonly text: string; readonly dueAt: number } | null = null;

  /** @param connects limiter of new connections, shared by all sockets of the exchange */
  constructor(context: FeedContext, profile: WSProfile, connects: RateLimiter) {
    this.context = context;
    this.#profile = profile;
    this.#connects = connects;
    this.#awaited = new PendingSnapshots(profile.firstBookWithinMs);
    this.#liveness = new Liveness(profile, () => context.clock());
    const { limits } = context;
    this.#capacity = limits.socketCapacity(profile.maxPairs);
    const [limit] = profile.messageLimits;
    this.#rate =
      limit === undefined
        ? null
        : limits.limit('WS_MESSAGES', (limit.count * 1000) / limit.ms, RATE_MANNER, 0.1);
    this.#outbox = new Outbox(profile.messageLimits, this.#rate, () => {
      this.#awaited.asked();
      this.#trial.asked(performance.now());
    });
  }

  /** Whole URL to connect to; asked again before every connection (signatures expire). */
  protected abstract getWSUrl(): string;

  /** Messages that subscribe all of {@link pairs} on a fresh socket. */
  protected abstract getMessage(): readonly string[];

  /** Reads one message; calls {@link deliver} for each book. What it throws is counted and logged. */
  protected abstract handleMessage(data: Buffer, isBinary: boolean): void;

  /**
   * Messages that turn the running subscription into {@link pairs}. Default: all of them again, for
   * exchanges where a later subscription replaces the earlier one (Upbit, Bithumb).
   */
  protected getChangeMessage(
    _added: readonly Pair[],
    _removed: readonly Pair[],
  ): readonly string[] {
    return this.getMessage();
  }

  /** Message sent in place of a protocol ping, if the exchange keeps sockets alive by a message. */
  protected getKeepAliveMessage(): string | null {
    return null;
  }

  /** Whether the subscription waits for a greeting; then the subclass calls {@link subscribe}. */
  protected get subscribesOnGreeting(): boolean {
    return false;
  }

  /** Forgets what belongs to one connection. Called when one is lost and before every connect. */
  protected resetConnection(): void {}

  /**
   * A message could not be read. Every frame is a whole book, so that what it said is known again with
   * the next book: that is asked for. GOPAX, which sends changes, has a way of its own.
   * @param pair whose message it was, or null when that is not known; it need not be carried here
   */
  protected onUnreadable(pair: Pair | null): void {
    // The name comes from the message: what is kept by it is bounded by what is carried.
    if (pair === null || this.has(pair)) this.#doubted.add(pair);
  }

  /** Cause of a gap by close code; GOPAX and Coinone have meanings of their own. */
  protected closeCause(_code: number): GapCause {
    return 'DISCONNECTED';
  }

  /** Pairs this socket is to carry, by `BTC-KRW`. */
  protected get pairs(): ReadonlyMap<string, Pair> {
    return this.#pairs;
  }

  /** Most pairs that a socket carries now: the exchange's refusals narrow it. */
  protected get capacity(): number {
    return Math.min(this.#profile.maxPairs, this.#capacity.value);
  }

  /** Whether any of its pairs has had a book on the connection that stands. */
  get serving(): boolean {
    return this.#awaited.anyDelivering;
  }

  /** How many more pairs fit on this socket. */
  get free(): number {
    return this.closedToMore ? 0 : this.capacity - this.#pairs.size;
  }

  /** Whether no pair may be put beside those that it carries. */
  get closedToMore(): boolean {
    return this.#full || (this.alone && !this.serving);
  }

  /** Whether it carries no pair. */
  get empty(): boolean {
    return this.#pairs.size === 0;
  }

  /** Adds pairs and, on the first call, connects. */
  add(pairs: readonly Pair[]): void {
    const added = pairs.filter((pair) => !this.#pairs.has(pairText(pair)));
    for (const pair of added) this.#pairs.set(pairText(pair), pair);
    if (!this.#started) {
      this.#started = true;
      this.#scheduleConnect(0);
    } else if (this.#subscribed && added.length > 0) this.#change(added, []);
  }

  /** Whether it carries `pair`. */
  has(pair: Pair): boolean {
    return this.#pairs.has(pairText(pair));
  }

  /** Stops pairs. */
  remove(pairs: readonly Pair[]): void {
    const removed = pairs.filter((pair) => this.#pairs.delete(pairText(pair)));
    for (const pair of removed) this.#awaited.forget(pairText(pair));
    if (this.#subscribed && removed.length > 0 && this.#pairs.size > 0) this.#change([], removed);
  }

  /** Subscribes pairs again; the connection is made again if that does not bring their books. */
  resync(pairs: readonly Pair[], _detail: string): void {
    if (!this.#subscribed) return;
    const carried = pairs.filter((pair) => this.has(pair));
    for (const pair of carried) this.#awaited.resyncing(pairText(pair));
    if (carried.length > 0) this.#change(carried, carried);
  }

  /**
   * The program stood still: what lies in the socket was sent meanwhile, and the peer may have left
   * out much. The pong to a ping of now comes behind all that; until then no book is handed on.
   */
  standstill(): void {
    this.#liveness.excuse();
    const connection = this.#connection;
    if (connection === null || !connection.open || this.#ending !== null) return;
    const now = performance.now();
    this.#proof = { text: `standstill ${now}`, dueAt: now + PROOF_MS };
    connection.ping(this.#proof.text);
  }

  /** Whether books of this connection are believed: no proof of it is waited for. */
  protected get proven(): boolean {
    return this.#proof === null;
  }

  /**
   * The connection has survived a standstill. The next book of a quiet pair may be long in coming: all
   * books are asked for again.
   */
  protected onProven(): void {
    if (!this.#subscribed) return;
    const delivering = [...this.#pairs.values()].filter((pair) =>
      this.#awaited.delivering(pairText(pair)),
    );
    if (delivering.length > 0) this.#change(delivering, delivering);
  }

  /** Closes for good; resolves when the socket is gone. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#doubted.clear();
    this.#missing.clear();
    clearTimeout(this.#due);
    this.#liveness.unwatch();
    this.#outbox.restart(null);
    const connection = this.#connection;
    this.#connection = null;
    await connection?.close();
  }

  /**
   * Hands a book on, if its pair is carried here (a frame may still come for a removed one).
   * @param code the pair as `BTC-KRW`
   * @param exchangeTimestamp Unix ms; null where the exchange gives none, undefined when unreadable
   * @param receivedAt Unix ms; default: when the message being handled came in
   * @param place see `FeedHost.book`
   */
  protected deliver(
    code: string,
    sides: Sides,
    exchangeTimestamp: number | null | undefined,
    receivedAt = this.#receivedAt,
    place?: number | null,
  ): void {
    const pair = this.#pairs.get(code);
    if (pair === undefined) {
      this.context.host.unasked();
      return;
    }
    if (this.#proof !== null) return;
    const first = !this.#awaited.anyDelivering;
    this.#awaited.came(code);
    this.context.host.book(pair, sides, exchangeTimestamp, receivedAt, place);
    if (first) this.#served();
  }

  #served(): void {
    this.#capacity.served(this.#pairs.size);
    this.carrierHost?.served();
  }

  /** Sends the subscription of a fresh socket. */
  protected subscribe(): void {
    if (this.#subscribed) return;
    this.#subscribed = true;
    for (const code of this.#pairs.keys()) this.#awaited.asking(code);
    const messages = this.getMessage();
    this.#asked = messages.length;
    this.#trial.begin();
    this.send(messages);
  }

  /** The exchange answered with an error that names no pair: logged, and held against what was asked. */
  protected refusedBy(words: string): void {
    this.context.host.log('EXCHANGE_ERROR', null, { reason: words });
    if (faultOf(0, words) === 'RATE') this.reconnect('RATE_LIMITED', words);
    else this.#trial.error(words);
  }

  /** The exchange does not serve these pairs on this socket, as it serves the others. */
  protected turnAway(pairs: readonly Pair[], words: string): void {
    // It would be refused here again and again.
    this.#full = true;
    this.#capacity.servedOnly(Math.max(1, this.#awaited.deliveringCount), words);
    this.remove(pairs);
    this.carrierHost?.handBack(pairs);
  }

  /** Queues messages; they leave in order, inside the exchange's limits. */
  protected send(messages: readonly string[]): void {
    this.#outbox.push(messages);
  }

  /**
   * Drops the connection and makes a new one; the pairs get a gap of that cause.
   * @param since last proof of cover, Unix ms; null = each pair's last book
   */
  protected reconnect(cause: GapCause, detail: string, since = this.#liveness.heardAt): void {
    if (this.#connection === null || this.#ending !== null) return;
    this.#ending = { cause, detail, since };
    this.#subscribed = false;
    this.#connection.cut();
  }

  /** Gives a pair up: the exchange refuses it. */
  protected refuse(pair: Pair, reason: string): void {
    this.#pairs.delete(pairText(pair));
    this.#awaited.forget(pairText(pair));
    this.context.host.refused(pair, reason);
  }

  /** Pairs that are subscribed and have had no book yet, in the order of subscription. */
  protected get awaiting(): Pair[] {
    return this.#awaited.withoutFirst.flatMap((code) => this.#pairs.get(code) ?? []);
  }

  /** Subscribes pairs again that had a book on this connection. @param pairs null = all */
  #askAnew(pairs: readonly Pair[] | null): void {
    if (!this.#subscribed) return;
    const delivering = [...(pairs ?? this.#pairs.values())].filter((pair) => {
      const code = pairText(pair);
      return this.#pairs.has(code) && this.#awaited.delivering(code);
    });
    if (delivering.length === 0) return;
    this.context.host.log('BOOKS_ASKED_ANEW', null, { count: delivering.length });
    this.#change(delivering, delivering);
  }

  #askMissing(pairs: readonly Pair[]): void {
    const missing = pairs.filter((pair) => {
      const code = pairText(pair);
      return this.#pairs.has(code) && !this.#awaited.delivering(code);
    });
    if (this.#subscribed && missing.length > 0) this.#change(missing, []);
  }

  #change(added: readonly Pair[], removed: readonly Pair[]): void {
    for (const pair of added) this.#awaited.asking(pairText(pair));
    const messages = this.getChangeMessage(added, removed);
    // A whole list that still waits in the outbox is replaced by the newer one.
    if (messages.length === 1 && this.#replacesAll) this.#outbox.drop();
    this.send(messages);
  }

  get #replacesAll(): boolean {
    return this.getChangeMessage === WSController.prototype.getChangeMessage;
  }

  #scheduleConnect(waitMs: number): void {
    this.#due = setTimeout(() => {
      if (this.#connects.tryTake()) this.#connect();
      else this.#scheduleConnect(Math.ceil(this.#connects.waitMs()));
    }, waitMs);
  }

  #connect(): void {
    this.resetConnection();
    this.#subscribed = false;
    this.#awaited.clear();
    this.#trial.restart();
    this.#servedBefore = 0;
    this.#full = false;
    this.#ending = null;
    this.#proof = null;
    this.#doubted.clear();
    this.#missing.clear();
    this.context.host.attempt(this.#pairs.values());
    try {
      this.#connection = new WSConnection(this.getWSUrl(), this.#profile.maxPayload, {
        opened: (connection) => this.#onOpened(connection),
        message: (connection, data, isBinary) => this.#onMessage(connection, data, isBinary),
        pulse: (pong) => {
          this.#liveness.heard();
          if (pong === null || pong !== this.#proof?.text) return;
          this.#proof = null;
          this.onProven();
        },
        ended: (connection, end) => {
          if (this.#connection === connection) this.#onEnded(end);
        },
      });
    } catch (error) {
      // ws refuses an address that it cannot use by throwing.
      const failure = new ExchangeError('NO_ANSWER', (error as Error).message);
      this.#onEnded({ code: 1006, reason: '', failure });
    }
    this.#outbox.restart(this.#connection);
  }

  #onOpened(connection: WSConnection): void {
    if (this.#connection !== connection) return;
    this.#liveness.heard();
    this.#openedAt = performance.now();
    this.context.host.log('WS_CONNECTED', null, { url: connection.publicUrl });
    if (this.#everOpened) this.context.host.reconnected(this.#pairs.values());
    this.#everOpened = true;
    this.#liveness.watch((now) => this.#look(connection, now));
    if (!this.subscribesOnGreeting) this.subscribe();
  }

  #onMessage(connection: WSConnection, data: Buffer, isBinary: boolean): void {
    // Frames already read are still handed over after a connection was given up; what they would
    // change is not known any more.
    if (this.#connection !== connection || this.#ending !== null) return;
    this.#liveness.heard();
    this.#receivedAt = this.context.clock();
    try {
      this.handleMessage(data, isBinary);
    } catch (error) {
      const pair = error instanceof ExchangeError ? error.pair : null;
      this.context.host.unreadable(error, excerpt(data), pair);
      this.onUnreadable(pair && (this.#pairs.get(pairText(pair)) ?? pair));
    }
  }

  #onEnded({ code, reason, failure }: ConnectionEnd): void {
    this.#connection = null;
    this.#proof = null;
    this.#liveness.unwatch();
    this.#subscribed = false;
    this.resetConnection();
    const since = this.#liveness.heardAt;
    const opened = since !== null;
    const { host } = this.context;
    if (failure !== null && this.#ending === null)
      host.log('WS_ERROR', null, { reason: failure.message });
    if (opened) host.log('WS_CLOSED', null, { code, reason });
    const outage: Outage = this.#ending ?? {
      cause: opened ? this.closeCause(code) : (failure?.gapCause ?? 'CONNECT_FAILED'),
      detail:
        failure?.message ??
        (reason === '' ? `close code ${code}` : `close code ${code}: ${reason}`),
      since,
    };
    host.down(this.#pairs.values(), outage);
    // Whoever heard of the loss may have closed the controller on it.
    if (this.#closed) return;
    this.#liveness.forget();
    if (opened && this.#ending === null && outage.cause !== 'RATE_LIMITED')
      this.#judge(code, outage.detail ?? outage.cause);
    if (this.#pairs.size === 0) {
      // The next pair connects it again.
      this.#started = false;
      return;
    }
    // A server that accepts and drops at once must not be met every half second for ever.
    const lastedMs = performance.now() - this.#openedAt;
    if (opened && this.#awaited.anyDelivering && lastedMs >= STABLE_MS) this.#attempt = 0;
    this.#attempt++;
    const rateLimited = outage.cause === 'RATE_LIMITED' || (!opened && outage.cause === 'REFUSED');
    this.#rateRefusals = rateLimited ? this.#rateRefusals + 1 : 0;
    const wait = rateLimited
      ? backoffMs(this.#rateRefusals, this.context.random(), RATE_LIMITED)
      : backoffMs(this.#attempt, this.context.random(), RECONNECT);
    host.log('RECONNECTING', null, { waitMs: wait, attempt: this.#attempt });
    this.#scheduleConnect(wait);
  }

  /** A connection ended of itself: narrows what is asked for on one, if that was the reason. */
  #judge(code: number, words: string): void {
    const complete = this.#awaited.deliveringCount >= this.#pairs.size;
    const partial = this.serving && this.#asked > 1;
    const refusal = this.#trial.ended({ code, words, complete, partial }, performance.now());
    if (refusal === null) return;
    if (this.#pairs.size === 1) {
      const pair = [...this.#pairs.values()][0]!;
      if (this.#trial.said && faultOf(0, refusal) === 'MEMBER') this.refuse(pair, refusal);
      this.carrierHost?.refusedAlone(pair);
      return;
    }
    // Where some of many messages were served, they came too fast; or they are too many at any pace.
    const slower = partial && ++this.#partials % SLOWER_OF !== 0;
    if (slower) this.#rate?.refused(refusal);
    else this.#halve(refusal);
    // Less is asked for now, so that this is no repetition of what was refused for certain.
    if (partial || this.#trial.said) this.#attempt = 0;
  }

  /** So many pairs are too many on one socket. */
  #halve(words: string): void {
    this.#capacity.refused(words, this.#pairs.size);
    const carried = [...this.#pairs.values()];
    const excess = carried.slice(Math.min(this.capacity, Math.ceil(carried.length / 2)));
    if (this.carrierHost === null) return;
    this.remove(excess);
    this.carrierHost.handBack(excess);
  }

  /** Looks after an open connection: its life, its greeting, and the books that it owes. */
  #look(connection: WSConnection, now: number): void {
    if (connection.closing(now)) return;
    // Whether the silence was the program's own is known before it is held against the connection.
    this.context.clock();
    if (this.#proof !== null) {
      if (now > this.#proof.dueAt)
        this.reconnect('STANDSTILL', 'no answer to a ping after the program had stood still');
      return;
    }
    if (!this.#subscribed && now - this.#openedAt > this.#profile.firstBookWithinMs) {
      this.reconnect('CONNECT_FAILED', 'no greeting came after the connection was opened');
      return;
    }
    const silentMs = this.#liveness.deadFor(now);
    if (silentMs !== null) {
      this.context.host.log('WS_SILENT', null, { silentMs });
      this.reconnect('DISCONNECTED', `no sign of life for ${Math.round(silentMs / 1000)} s`);
      return;
    }
    if (connection.open && this.#liveness.takePing(now)) {
      const message = this.getKeepAliveMessage();
      if (message === null) connection.ping();
      else this.send([message]);
    }
    this.#lookForBooks(now);
  }

  #lookForBooks(now: number): void {
    for (let code; (code = this.#awaited.takeOverdueResync(now)) !== null;) {
      if (!this.#pairs.has(code)) continue;
      this.reconnect('STALE', `${code} was subscribed again and has had no book since`, null);
      return;
    }
    const overdue = this.#awaited.takeOverdue(now).flatMap((code) => this.#pairs.get(code) ?? []);
    for (const pair of overdue)
      this.context.host.noFirstBook(pair, this.#profile.firstBookWithinMs);
    this.#spread(overdue);
  }

  /**
   * Many pairs have no book. While others have theirs, the exchange may be silent about what is too
   * much: what it left out is asked for more slowly, and where that brings nothing on another socket,
   * as long as that serves any. Where none has a book, fewer are asked for.
   */
  #spread(silent: readonly Pair[]): void {
    if (silent.length === 0 || this.carrierHost === null) return;
    const served = this.#awaited.deliveringCount;
    if (served === 0 && !this.apart) {
      this.#silence();
      return;
    }
    if (silent.length < LEAST_SILENT) {
      // One request of many may have been left out by chance, and nothing else would bring its book.
      if (this.#asked > 1) for (const pair of silent) this.#missing.add(pair);
      return;
    }
    const words = `only ${served} of ${this.#pairs.size} markets had a book`;
    if (this.#asked > 1 && served > this.#servedBefore) {
      this.#servedBefore = served;
      this.#rate?.refused(words);
      this.#change(silent, []);
      return;
    }
    if (this.apart && served < LEAST_SILENT) {
      // Nor are they served here, and were not too many.
      this.#capacity.mistaken();
      return;
    }
    if (served < LEAST_SILENT) return;
    this.#capacity.servedOnly(served, words);
    this.remove(silent);
    this.carrierHost.handBackSilent(silent);
  }

  /** No pair has a book: fewer are asked for, and where they are few others in their place. */
  #silence(): void {
    const carried = [...this.#pairs.values()];
    const words = this.#trial.words ?? `none of ${carried.length} markets had a book`;
    const many = carried.length >= LEAST_SILENT || (carried.length > 1 && this.#trial.said);
    if (!many && this.carrierHost?.waiting() !== true) return;
    this.reconnect('REFUSED', words);
    if (many) this.#halve(words);
    else this.carrierHost?.stuck(carried);
  }
}

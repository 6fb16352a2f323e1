import type { GapCause } from '../../market/gap.js';
import { type Pair, pairText } from '../../market/market.js';
import type { ReadTrade } from '../../market/trade.js';
import type { Sides } from '../../market/order-book.js';
import { ExchangeError, faultOf } from '../exchange-error.js';
import type { FeedContext, Outage } from '../feed.js';
import { ReconnectWaits } from '../limits/backoff.js';
import type { RateLimiter } from '../limits/rate-limiter.js';
import { excerpt } from '../wire/wire.js';
import { isLookedAt, lookAt } from './frame-look.js';
import { Liveness } from './liveness.js';
import { Outbox } from './outbox.js';
import { PendingSnapshots } from './pending-snapshots.js';
import { ResubscribeQueue } from './resubscribe-queue.js';
import { ServiceJudge } from './service-judge.js';
import { TradeSubscriptions } from './trade-subscriptions.js';
import {
  type ConnectionEnd,
  type ConnectionListener,
  WSConnection,
  type WSProfile,
} from './ws-connection.js';
import type { CarrierHost, PairCarrier } from './ws-feed.js';
import { WSProtocol } from './ws-protocol.js';

/** A connection that delivered for this long was good: the backoff starts over. */
const STABLE_MS = 30_000;
/** One that ended this soon after its subscription may have ended because of it. */
const SHORT_MS = 5000;
/** Leading bytes of a message that show what it is about. */
const SIGN_WITHIN = 200;

/**
 * One WebSocket of one exchange, carrying many pairs. A subclass implements its exchange's part
 * ({@link WSProtocol}). The file follows the life of a connection: it opens, subscribes, delivers,
 * is watched, ends, and is re-established until {@link close}.
 */
export abstract class WSController extends WSProtocol implements PairCarrier {
  protected readonly context: FeedContext;
  readonly #profile: WSProfile;
  readonly #connects: RateLimiter;
  readonly #pairs = new Map<string, Pair>();
  readonly #snapshots: PendingSnapshots;
  readonly #resubscriptions = new ResubscribeQueue((pairs) => this.#resubscribe(pairs));
  readonly #liveness: Liveness;
  readonly #outbox: Outbox;
  readonly #judge: ServiceJudge;
  readonly #waits = new ReconnectWaits();

  apart = false;
  alone = false;
  carrierHost: CarrierHost | null = null;

  #connection: WSConnection | null = null;
  /** Fires when the next attempt to connect is due. */
  #due: NodeJS.Timeout | undefined;
  #started = false;
  #closed = false;
  #subscribed = false;
  #everOpened = false;
  /** Messages on this connection so far. */
  #messages = 0;
  /** When its subscription was sent, monotonic ms. */
  #subscribedAt = 0;
  /** When the connection opened, monotonic ms. */
  #openedAt = 0;
  /** When the message being handled was received, Unix ms. */
  #receivedAt = 0;
  /** Trades subscribed by {@link getTradesMessage}; null where none are. */
  readonly #trades: TradeSubscriptions | null;
  /** Why the controller itself is ending the connection, if it is. */
  #ending: Outage | null = null;

  /** @param connects limiter of new connections, shared by all sockets of the exchange */
  constructor(context: FeedContext, profile: WSProfile, connects: RateLimiter) {
    super();
    this.context = context;
    const tradesApart = this.getTradesMessage !== WSController.prototype.getTradesMessage;
    this.#trades =
      context.trades && tradesApart
        ? new TradeSubscriptions((pairs) => this.#subscribeTrades(pairs))
        : null;
    this.#profile = profile;
    this.#connects = connects;
    this.#snapshots = new PendingSnapshots(profile.firstBookWithinMs);
    this.#liveness = new Liveness(profile, () => context.clock());
    this.#judge = new ServiceJudge(profile, context.limits, {
      carrier: this,
      pairs: this.#pairs,
      snapshots: this.#snapshots,
      askAgain: (pairs) => {
        if (this.#subscribed && pairs.length > 0) this.#change(pairs, []);
      },
      refuse: (pair, reason) => this.refuse(pair, reason),
      reconnect: (words) => this.reconnect('REFUSED', words),
    });
    this.#outbox = new Outbox(profile.messageLimits, this.#judge.rate, () => {
      this.#snapshots.asked();
      this.#judge.asked();
    });
  }

  // What else a subclass may override.

  /**
   * A message could not be read. Every frame is a whole book, so the next book makes up for it: it
   * is requested. GOPAX, which sends deltas, overrides this.
   * @param pair the pair it concerned, or null when unknown; it need not be carried here
   */
  protected onUnreadable(pair: Pair | null): void {
    // The name comes from the message: what is kept by it is bounded by what is carried.
    if (pair === null || this.has(pair)) this.#resubscriptions.add(pair);
  }

  /** The connection survived a standstill: all books are requested again, including quiet pairs'. */
  protected onTrusted(): void {
    this.#askAgain(this.#pairs.values());
  }

  /** The connection was not lost when a proof was asked for. */
  protected onProven(): void {}

  // For a subclass to call.

  /** Pairs this socket should carry, by `BTC-KRW`. */
  protected get pairs(): ReadonlyMap<string, Pair> {
    return this.#pairs;
  }

  /** Current maximum of pairs per socket: the exchange's refusals lower it. */
  protected get capacity(): number {
    return Math.min(this.#profile.maxPairs, this.#judge.capacity.value);
  }

  /** Subscribed pairs without a book yet, in the order of subscription. */
  protected get awaiting(): Pair[] {
    return this.#snapshots.withoutFirst.flatMap((code) => this.#pairs.get(code) ?? []);
  }

  /** Whether books of this connection are trusted: it need not be proven after a standstill. */
  protected get trusted(): boolean {
    return this.#liveness.trusted;
  }

  /**
   * Asks for a proof, with {@link onProven}, that the connection is not lost; if nothing comes any more, it ends. What
   * it delivers counts meanwhile.
   * @param withinMs time to answer
   * @returns whether it was asked for: not while another proof is pending, nor without a connection
   */
  protected askProof(withinMs: number): boolean {
    const connection = this.#connection;
    if (connection === null || !connection.open || this.#ending !== null) return false;
    if (this.#liveness.proving) return false;
    this.#liveness.askProof(connection, false, withinMs);
    return true;
  }

  /** Queues messages; they are sent in order, within the exchange's limits. */
  protected send(messages: readonly string[]): void {
    this.#outbox.push(messages);
  }

  /** The exchange answered with an error that names no pair: logged, and attributed to the request. */
  protected refusedBy(words: string): void {
    this.context.host.log('EXCHANGE_ERROR', null, { reason: words });
    if (faultOf(0, words) === 'RATE') this.reconnect('RATE_LIMITED', words);
    else this.#judge.error(words);
  }

  /** The exchange does not serve these pairs on this socket, although it serves others. */
  protected turnAway(pairs: readonly Pair[], words: string): void {
    this.#judge.turnAway(pairs, words);
  }

  /** Gives a pair up: the exchange refuses it. */
  protected refuse(pair: Pair, reason: string): void {
    this.#forget(pair);
    this.context.host.refused(pair, reason);
  }

  /** Reconnects; its pairs get a gap since `since` (Unix ms; null = last books). */
  protected reconnect(cause: GapCause, detail: string, since = this.#liveness.heardAt): void {
    if (this.#connection === null || this.#ending !== null) return;
    this.#ending = { cause, detail, since };
    this.#subscribed = false;
    this.#connection.cut();
  }

  // For the feed.

  /** Whether any of its pairs has had a book on the current connection. */
  get serving(): boolean {
    return this.#snapshots.anyDelivering;
  }

  /** How many more pairs fit on this socket. */
  get free(): number {
    return this.closedToMore ? 0 : this.capacity - this.#pairs.size;
  }

  /** Whether no pair may be added to those that it carries. */
  get closedToMore(): boolean {
    return this.#judge.full || (this.alone && !this.serving);
  }

  /** Whether it carries no pair. */
  get empty(): boolean {
    return this.#pairs.size === 0;
  }

  /** Whether it carries `pair`. */
  has(pair: Pair): boolean {
    return this.#pairs.has(pairText(pair));
  }

  /** Adds pairs and, on the first call, connects. */
  add(pairs: readonly Pair[]): void {
    const added = pairs.filter((pair) => !this.has(pair));
    for (const pair of added) this.#pairs.set(pairText(pair), pair);
    if (!this.#started) {
      this.#started = true;
      this.#scheduleConnect(0);
    } else if (this.#subscribed && added.length > 0) this.#change(added, []);
  }

  /** Stops pairs. */
  remove(pairs: readonly Pair[]): void {
    const traded = pairs.filter((pair) => this.#trades?.has(pair));
    const removed = pairs.filter((pair) => this.#forget(pair));
    if (!this.#subscribed || removed.length === 0 || this.#pairs.size === 0) return;
    this.#change([], removed);
    if (traded.length > 0) this.send(this.getTradesEnd(traded));
  }

  /** Subscribes pairs again; reconnects if that does not bring their books. */
  resync(pairs: readonly Pair[]): void {
    if (!this.#subscribed) return;
    const carried = pairs.filter((pair) => this.has(pair));
    for (const pair of carried) this.#snapshots.resyncing(pairText(pair));
    if (carried.length > 0) this.#change(carried, carried);
  }

  /**
   * The program stood still: what is in the socket was sent meanwhile, and the peer may have
   * dropped much. Until the connection is proven no book is delivered.
   */
  standstill(): void {
    this.#liveness.excuse();
    const connection = this.#connection;
    if (connection === null || !connection.open || this.#ending !== null) return;
    this.#liveness.askProof(connection, true);
  }

  /** Closes for good; resolves once the socket is gone. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#trades?.clear();
    this.#resubscriptions.clear();
    this.#judge.restart();
    clearTimeout(this.#due);
    this.#liveness.unwatch();
    this.#outbox.restart(null);
    const connection = this.#connection;
    this.#connection = null;
    await connection?.close();
  }

  // The life of a connection: it opens.

  #scheduleConnect(waitMs: number): void {
    this.#due = setTimeout(() => {
      if (this.#connects.tryTake()) this.#connect();
      else this.#scheduleConnect(Math.ceil(this.#connects.waitMs()));
    }, waitMs);
  }

  #connect(): void {
    this.resetConnection();
    this.#trades?.clear();
    this.#subscribed = false;
    this.#snapshots.clear();
    this.#judge.restart();
    this.#ending = null;
    this.#resubscriptions.clear();
    this.context.host.attempt(this.#pairs.values());
    try {
      const listener: ConnectionListener = {
        opened: (connection) => this.#onOpened(connection),
        message: (connection, data) => this.#onMessage(connection, data),
        pulse: (pong) => {
          const proof = this.#liveness.pulse(pong);
          if (proof?.doubted === true) this.onTrusted();
          if (proof !== null) this.onProven();
        },
        ended: (connection, end) => {
          if (this.#connection === connection) this.#onEnded(end);
        },
      };
      const { maxPayload } = this.#profile;
      const tap = this.context.tap?.();
      this.#connection = new WSConnection(this.getWSUrl(), maxPayload, listener, tap);
    } catch (error) {
      // ws rejects an unusable address by throwing.
      const failure = new ExchangeError('NO_ANSWER', (error as Error).message);
      this.#onEnded({ code: 1006, reason: '', failure, refusal: null });
    }
    this.#outbox.restart(this.#connection);
  }

  #onOpened(connection: WSConnection): void {
    if (this.#connection !== connection) return;
    this.#liveness.heard();
    this.#openedAt = performance.now();
    this.#messages = 0;
    this.context.host.log('WS_CONNECTED', null, { url: connection.publicUrl });
    if (this.#everOpened) this.context.host.reconnected(this.#pairs.values());
    this.#everOpened = true;
    this.#liveness.watch((now) => this.#look(connection, now));
    if (!this.subscribesOnGreeting) this.subscribe();
  }

  // It subscribes, and its subscription changes.

  /** Sends the subscription on a fresh socket. */
  protected subscribe(): void {
    if (this.#subscribed) return;
    this.#subscribed = true;
    this.#subscribedAt = performance.now();
    for (const code of this.#pairs.keys()) this.#snapshots.asking(code);
    const messages = this.getMessage();
    this.#judge.asking(messages.length);
    this.send(messages);
  }

  #change(added: readonly Pair[], removed: readonly Pair[]): void {
    this.#ask(added, () => this.getChangeMessage(added, removed));
  }

  /** @param make creates the messages that request pairs, and may have a book at hand already (GOPAX) */
  #ask(pairs: readonly Pair[], make: () => readonly string[]): void {
    for (const pair of pairs) this.#snapshots.asking(pairText(pair));
    const messages = make();
    // A whole list still in the outbox is replaced by the newer one.
    const replacesAll = this.getChangeMessage === WSController.prototype.getChangeMessage;
    if (messages.length === 1 && replacesAll) this.#outbox.drop();
    this.send(messages);
  }

  /** Subscribes those of the pairs again that had a book on this connection. @returns how many */
  #askAgain(pairs: Iterable<Pair>): number {
    if (!this.#subscribed) return 0;
    const delivering = [...pairs].filter(
      (pair) => this.has(pair) && this.#snapshots.delivering(pairText(pair)),
    );
    if (delivering.length > 0) this.#ask(delivering, () => this.getAgainMessage(delivering));
    return delivering.length;
  }

  /** Messages could not be read. @param pairs the pairs concerned; null = unknown */
  #resubscribe(pairs: readonly Pair[] | null): void {
    const count = this.#askAgain(pairs ?? this.#pairs.values());
    if (count > 0) this.context.host.log('BOOKS_REQUESTED_AGAIN', null, { count });
  }

  /** @returns whether it was carried */
  #forget(pair: Pair): boolean {
    this.#snapshots.forget(pairText(pair));
    this.#trades?.forget(pair);
    return this.#pairs.delete(pairText(pair));
  }

  // It delivers.

  #isTrade(data: Buffer): boolean {
    return this.context.trades && this.tradeSign.test(data.toString('latin1', 0, SIGN_WITHIN));
  }

  #onMessage(connection: WSConnection, data: Buffer): void {
    // Frames already read are still handed over after a connection was given up; the state they
    // would change is no longer known.
    if (this.#connection !== connection || this.#ending !== null) return;
    this.#liveness.heard();
    this.#receivedAt = this.context.clock();
    const { known } = this.#profile;
    // The known contents of frames are those of books.
    if (known !== undefined && isLookedAt(this.#messages++) && !this.#isTrade(data))
      lookAt(data.toString('utf8'), known, (...odd) => this.context.host.odd(...odd));
    try {
      this.handleMessage(data);
    } catch (error) {
      const pair = error instanceof ExchangeError ? error.pair : null;
      // An unreadable trade says nothing about a book.
      if (this.#isTrade(data)) {
        this.context.host.unreadableTrade(error, excerpt(data), pair);
        return;
      }
      this.context.host.unreadable(error, excerpt(data), pair);
      this.onUnreadable(pair && (this.#pairs.get(pairText(pair)) ?? pair));
    }
  }

  /**
   * Delivers a book if its pair is carried here (a frame may still arrive for a removed one).
   * @param code the pair as `BTC-KRW`
   * @param exchangeTimestamp Unix ms; null where the exchange gives none, undefined when unreadable
   * @param receivedAt Unix ms; default: when the message being handled was received
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
    if (!this.#liveness.trusted) return;
    const first = !this.#snapshots.anyDelivering;
    this.#snapshots.came(code);
    this.#trades?.bookCame(code, pair);
    this.context.host.book(pair, sides, exchangeTimestamp, receivedAt, place);
    if (first) this.#judge.served();
  }

  /**
   * Delivers trades if their pair is carried here.
   * @param code the pair as `BTC-KRW`
   * @param snapshot see `FeedHost.trades`
   */
  protected deliverTrades(code: string, trades: readonly ReadTrade[], snapshot = false): void {
    const pair = this.#pairs.get(code);
    if (pair === undefined) this.context.host.unaskedTrades(trades.length);
    else this.context.host.trades(pair, trades, this.#receivedAt, snapshot);
  }

  #subscribeTrades(pairs: readonly Pair[]): void {
    const carried = pairs.filter((pair) => this.has(pair));
    if (this.#subscribed && carried.length > 0) this.send(this.getTradesMessage(carried));
  }

  // It is watched.

  /** Watches an open connection: its liveness, its greeting, and the books due on it. */
  #look(connection: WSConnection, now: number): void {
    if (connection.closing(now)) return;
    // First rule out that the silence was the program's own.
    this.context.clock();
    if (this.#liveness.proofOverdue(now)) {
      if (this.#liveness.takeHeard()) this.onProven();
      else if (this.#liveness.trusted) this.reconnect('DISCONNECTED', 'no answer to a ping');
      else this.reconnect('STANDSTILL', 'no answer to a ping after the program had stood still');
      return;
    }
    if (!this.#liveness.trusted) return;
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
    for (let code; (code = this.#snapshots.takeOverdueResync(now)) !== null;) {
      if (!this.#pairs.has(code)) continue;
      this.reconnect('STALE', `${code} was subscribed again and has had no book since`, null);
      return;
    }
    const overdue = this.#snapshots.takeOverdue(now).flatMap((code) => this.#pairs.get(code) ?? []);
    for (const pair of overdue)
      this.context.host.noFirstBook(pair, this.#profile.firstBookWithinMs);
    this.#judge.silent(overdue);
  }

  // It ends, and is re-established.

  #onEnded({ code, reason, failure, refusal }: ConnectionEnd): void {
    this.#connection = null;
    if (refusal !== null) {
      const { status, text } = refusal;
      this.context.host.odd(
        'REFUSAL',
        `WebSocket ${status}`,
        `WebSocket HTTP ${status} ${text}`.trimEnd(),
      );
    }
    this.#liveness.unwatch();
    const subscribedFor = performance.now() - this.#subscribedAt;
    if (this.#subscribed && this.#ending === null && !this.#closed && subscribedFor < SHORT_MS) {
      const words = `${code}${reason === '' ? '' : ` ${reason}`}, ${Math.round(subscribedFor)} ms`;
      this.context.host.odd('SHORT_CONNECTION', `${code}`, words);
    }
    this.#subscribed = false;
    this.resetConnection();
    const since = this.#liveness.heardAt;
    const opened = since !== null;
    const ours = this.#ending;
    const { host } = this.context;
    if (failure !== null && ours === null) host.log('WS_ERROR', null, { reason: failure.message });
    if (opened) host.log('WS_CLOSED', null, { code, reason });
    const words = reason === '' ? `close code ${code}` : `close code ${code}: ${reason}`;
    const detail = ours?.detail ?? failure?.message ?? words;
    const cause = opened ? this.closeCause(code) : (failure?.gapCause ?? 'CONNECT_FAILED');
    const outage = ours ?? { cause, detail, since };
    host.down(this.#pairs.values(), outage);
    // A listener may have closed the controller on hearing of the loss.
    if (this.#closed) return;
    this.#liveness.forget();
    const rateLimited = outage.cause === 'RATE_LIMITED';
    if (opened && ours === null && !rateLimited && this.#judge.ended(code, detail))
      this.#waits.restart();
    if (this.#pairs.size === 0) {
      // The next pair reconnects it.
      this.#started = false;
      return;
    }
    // A server that accepts and drops at once must not be hit every half second forever.
    const lastedMs = performance.now() - this.#openedAt;
    if (opened && this.serving && lastedMs >= STABLE_MS) this.#waits.restart();
    const refused = rateLimited || (!opened && outage.cause === 'REFUSED');
    const wait = this.#waits.lost(refused, this.context.random());
    host.log('RECONNECTING', null, wait);
    this.#scheduleConnect(wait.waitMs);
  }
}

import { type ClientRequest, type IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import type { GapCause } from '../market/gap.js';
import { type Pair, pairText } from '../market/market.js';
import type { Sides } from '../market/order-book.js';
import { backoffMs, RATE_LIMITED, RECONNECT } from './backoff.js';
import { DoubtedBooks } from './doubted-books.js';
import type { FeedContext, Outage } from './feed.js';
import { type RateLimit, RateLimiter } from './rate-limiter.js';
import { excerpt, WireError } from './wire.js';
import type { PairCarrier } from './ws-feed.js';

/** What an exchange's dossier says of its sockets. Times in ms. */
export interface WSProfile {
  /** Most pairs one socket carries. */
  readonly maxPairs: number;
  /** A ping goes out this often; Infinity for an exchange that does all pinging itself. */
  readonly pingEveryMs: number;
  /** Without any frame, ping or pong for this long the socket is dead. */
  readonly silentAfterMs: number;
  /** A subscribed pair without a book for this long is reported. */
  readonly firstBookWithinMs: number;
  /** Limits of messages from client to server on one socket. */
  readonly messageLimits: readonly RateLimit[];
  /** Largest frame accepted, bytes. */
  readonly maxPayload: number;
}

/** Time given to the opening handshake. */
const HANDSHAKE_MS = 10_000;
/** Time given to the closing handshake before the socket is cut. */
const CLOSE_MS = 1000;
/** A connection that delivered for this long was a good one: the backoff starts anew. */
const STABLE_MS = 30_000;

/**
 * One WebSocket of one exchange, carrying many pairs. Owns connecting, liveness, backoff with
 * jitter, resubscribing and closing; a subclass says where to connect ({@link getWSUrl}), what to
 * send ({@link getMessage}) and how to read ({@link handleMessage}), and overrides what its dossier
 * makes special. Reconnects for ever until {@link close}.
 */
export abstract class WSController implements PairCarrier {
  protected readonly context: FeedContext;
  readonly #profile: WSProfile;
  readonly #connects: RateLimiter;
  readonly #pairs = new Map<string, Pair>();
  /** Pairs subscribed without a book yet, and since when (monotonic ms). */
  readonly #awaiting = new Map<string, number>();
  /** Pairs of a change whose messages have not left yet. */
  readonly #unsent = new Set<string>();
  /** Pairs asked for anew, and since when (monotonic ms): without a book the socket is not believed. */
  readonly #resyncing = new Map<string, number>();
  /** Pairs that have had a book on this connection. */
  readonly #delivering = new Set<string>();
  readonly #doubted = new DoubtedBooks((pairs) => this.#askAnew(pairs));

  #socket: WebSocket | null = null;
  #messages: RateLimiter;
  #outbox: string[] = [];
  #timers = new Set<NodeJS.Timeout>();
  #watch: NodeJS.Timeout | null = null;
  #pumping = false;
  #started = false;
  #closed = false;
  #subscribed = false;
  #everOpened = false;
  /** Attempts since the connection last proved stable; the exponent of the backoff. */
  #attempt = 0;
  #openedAt = 0;
  /** Last sign of life of the socket: Unix ms, and monotonic ms for measuring silence. */
  #heardAt: number | null = null;
  #heardAtMono = 0;
  #lastPing = 0;
  #receivedAt = 0;
  /** Why the controller itself is ending the socket, if it does. */
  #ending: Outage | null = null;
  /** Refusals for too many requests in a row; their waits are longer and grow on their own. */
  #rateRefusals = 0;
  /** Since when the peer has been closing (monotonic ms). */
  #closingSince: number | null = null;

  /** @param connects limiter of new connections, shared by all sockets of the exchange */
  constructor(context: FeedContext, profile: WSProfile, connects: RateLimiter) {
    this.context = context;
    this.#profile = profile;
    this.#connects = connects;
    this.#messages = new RateLimiter(profile.messageLimits);
  }

  /** Whole URL to connect to; asked anew before every connection (signatures expire). */
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
   * @param pair whose message it was, or null when that is not known or not a pair of this socket
   */
  protected onUnreadable(pair: Pair | null): void {
    this.#doubted.add(pair);
  }

  /** Cause of a gap by close code; GOPAX and Coinone have meanings of their own. */
  protected closeCause(_code: number): GapCause {
    return 'DISCONNECTED';
  }

  /** Pairs this socket is to carry, by `BTC-KRW`. */
  protected get pairs(): ReadonlyMap<string, Pair> {
    return this.#pairs;
  }

  /** How many more pairs fit on this socket. */
  get free(): number {
    return this.#profile.maxPairs - this.#pairs.size;
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
    for (const pair of removed) {
      this.#awaiting.delete(pairText(pair));
      this.#delivering.delete(pairText(pair));
    }
    if (this.#subscribed && removed.length > 0 && this.#pairs.size > 0) this.#change([], removed);
  }

  /** Subscribes pairs anew; the connection is made anew if that does not bring their books. */
  resync(pairs: readonly Pair[], _detail: string): void {
    if (!this.#subscribed) return;
    const carried = pairs.filter((pair) => this.has(pair));
    for (const pair of carried) this.#resyncing.set(pairText(pair), performance.now());
    if (carried.length > 0) this.#change(carried, carried);
  }

  /** Closes for good; resolves when the socket is gone. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#doubted.clear();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#stopWatch();
    const socket = this.#socket;
    this.#socket = null;
    if (socket === null) return;
    await new Promise<void>((resolve) => {
      socket.once('close', () => resolve());
      // A half-open peer never answers the closing handshake.
      const cut = setTimeout(() => socket.terminate(), CLOSE_MS);
      socket.once('close', () => clearTimeout(cut));
      if (socket.readyState === WebSocket.OPEN) socket.close(1000);
      else socket.terminate();
    });
  }

  /**
   * Hands a book on, if its pair is carried here (a frame may still come for a removed one).
   * @param code the pair as `BTC-KRW`
   * @param exchangeTimestamp Unix ms, or null
   * @param receivedAt Unix ms; default: when the message being handled came in
   */
  protected deliver(
    code: string,
    sides: Sides,
    exchangeTimestamp: number | null,
    receivedAt = this.#receivedAt,
  ): void {
    const pair = this.#pairs.get(code);
    if (pair === undefined) return;
    // Nor need a pair be waited for whose book is at hand before anything was asked (GOPAX).
    this.#unsent.delete(code);
    this.#awaiting.delete(code);
    this.#resyncing.delete(code);
    this.#delivering.add(code);
    this.context.host.book(pair, sides, exchangeTimestamp, receivedAt);
  }

  /** Sends the subscription of a fresh socket. */
  protected subscribe(): void {
    if (this.#subscribed) return;
    this.#subscribed = true;
    for (const code of this.#pairs.keys()) this.#awaiting.set(code, performance.now());
    this.send(this.getMessage());
  }

  /** Queues messages; they leave in order, inside the exchange's limits. */
  protected send(messages: readonly string[]): void {
    this.#outbox.push(...messages);
    this.#pump();
  }

  /**
   * Drops the connection and makes a new one; the pairs get a gap of that cause.
   * @param since last proof of cover, Unix ms; null = each pair's last book
   */
  protected reconnect(cause: GapCause, detail: string, since: number | null = this.#heardAt): void {
    if (this.#socket === null || this.#ending !== null) return;
    this.#ending = { cause, detail, since };
    this.#subscribed = false;
    this.#socket.terminate();
  }

  /** Gives a pair up: the exchange refuses it. */
  protected refuse(pair: Pair, reason: string): void {
    this.#pairs.delete(pairText(pair));
    this.#awaiting.delete(pairText(pair));
    this.context.host.refused(pair, reason);
  }

  /** Pairs that are subscribed and have had no book yet, in the order of subscription. */
  protected get awaiting(): Pair[] {
    return [...this.#awaiting.keys()]
      .filter((code) => !this.#delivering.has(code))
      .flatMap((code) => this.#pairs.get(code) ?? []);
  }

  /** Subscribes pairs anew that had a book on this connection. @param pairs null = all */
  #askAnew(pairs: readonly Pair[] | null): void {
    if (!this.#subscribed) return;
    const delivering = [...(pairs ?? this.#pairs.values())].filter((pair) => {
      const code = pairText(pair);
      return this.#pairs.has(code) && this.#delivering.has(code);
    });
    if (delivering.length === 0) return;
    this.context.host.log('BOOKS_ASKED_ANEW', null, { count: delivering.length });
    this.#change(delivering, delivering);
  }

  #change(added: readonly Pair[], removed: readonly Pair[]): void {
    for (const pair of added) this.#unsent.add(pairText(pair));
    const messages = this.getChangeMessage(added, removed);
    // A whole list that still waits in the outbox is replaced by the newer one.
    if (messages.length === 1 && this.#replacesAll) this.#outbox.length = 0;
    this.send(messages);
  }

  get #replacesAll(): boolean {
    return this.getChangeMessage === WSController.prototype.getChangeMessage;
  }

  #after(ms: number, then: () => void): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      then();
    }, ms);
    this.#timers.add(timer);
    return timer;
  }

  #cancel(timer: NodeJS.Timeout): void {
    clearTimeout(timer);
    this.#timers.delete(timer);
  }

  #scheduleConnect(waitMs: number): void {
    this.#after(waitMs, () => {
      if (this.#connects.tryTake()) this.#connect();
      else this.#scheduleConnect(Math.ceil(this.#connects.waitMs()));
    });
  }

  #connect(): void {
    this.resetConnection();
    this.#subscribed = false;
    this.#awaiting.clear();
    this.#unsent.clear();
    this.#resyncing.clear();
    this.#outbox = [];
    this.#messages = new RateLimiter(this.#profile.messageLimits);
    this.#ending = null;
    this.#delivering.clear();
    this.#doubted.clear();
    this.context.host.attempt(this.#pairs.values());

    let failure: string | null = null;
    let failureCause: GapCause = 'CONNECT_FAILED';
    let rateLimited = false;
    let socket: WebSocket;
    try {
      socket = new WebSocket(this.getWSUrl(), {
        // Deflating 2 MB/s of frames costs more than the bytes are worth on one machine.
        perMessageDeflate: false,
        maxPayload: this.#profile.maxPayload,
        followRedirects: false,
      });
    } catch (error) {
      // ws refuses an address that it cannot use by throwing.
      this.#onLost(1006, '', (error as Error).message, failureCause, false);
      return;
    }
    this.#socket = socket;
    // Not left to ws, whose limit is one of silence: an answer that drips in would never end.
    const late = this.#after(HANDSHAKE_MS, () => {
      failure ??= `the opening handshake was not over within ${HANDSHAKE_MS / 1000} s`;
      socket.terminate();
    });

    socket.on('unexpected-response', (_request: ClientRequest, response: IncomingMessage) => {
      const status = response.statusCode ?? 0;
      failureCause = causeOfStatus(status);
      failure = `the connection was refused with HTTP ${status}`;
      rateLimited = failureCause === 'RATE_LIMITED';
      response.resume();
      // Without this listener ws would only say "Unexpected server response"; ending is then ours.
      socket.terminate();
    });
    socket.on('open', () => {
      this.#cancel(late);
      if (this.#closed) return;
      this.#heard();
      this.#openedAt = performance.now();
      this.context.host.log('WS_CONNECTED', null, { url: publicUrl(socket.url) });
      if (this.#everOpened) this.context.host.reconnected(this.#pairs.values());
      this.#everOpened = true;
      this.#startWatch(socket);
      if (!this.subscribesOnGreeting) this.subscribe();
    });
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      // Frames already read are still handed over after a connection was given up; what they would
      // change is not known any more.
      if (this.#closed || this.#socket !== socket || this.#ending !== null) return;
      this.#heard();
      this.#receivedAt = this.context.clock();
      try {
        this.handleMessage(data, isBinary);
      } catch (error) {
        const pair = error instanceof WireError ? error.pair : null;
        this.context.host.unreadable(error, excerpt(data), pair);
        this.onUnreadable((pair && this.#pairs.get(pairText(pair))) ?? null);
      }
    });
    socket.on('ping', () => this.#heard());
    socket.on('pong', () => this.#heard());
    socket.on('error', (error) => {
      // `terminate` during the handshake reports itself as an error; the refusal says more.
      failure ??= error.message;
    });
    socket.on('close', (code, reason) => {
      this.#cancel(late);
      if (this.#closed || this.#socket !== socket) return;
      this.#socket = null;
      this.#stopWatch();
      this.#onLost(code, reason.toString('utf8'), failure, failureCause, rateLimited);
    });
  }

  #onLost(
    code: number,
    reason: string,
    failure: string | null,
    failureCause: GapCause,
    rateLimited: boolean,
  ): void {
    this.#subscribed = false;
    this.resetConnection();
    const opened = this.#heardAt !== null;
    const { host } = this.context;
    if (failure !== null && this.#ending === null) host.log('WS_ERROR', null, { reason: failure });
    if (opened) host.log('WS_CLOSED', null, { code, reason });
    const outage: Outage = this.#ending ?? {
      cause: opened ? this.closeCause(code) : failureCause,
      detail: failure ?? (reason === '' ? `close code ${code}` : `close code ${code}: ${reason}`),
      since: this.#heardAt,
    };
    host.down(this.#pairs.values(), outage);
    // Whoever heard of the loss may have closed the controller on it.
    if (this.#closed) return;
    this.#heardAt = null;
    // A server that accepts and drops at once must not be met every half second for ever.
    if (opened && this.#delivering.size > 0 && performance.now() - this.#openedAt >= STABLE_MS)
      this.#attempt = 0;
    this.#attempt++;
    this.#rateRefusals = rateLimited ? this.#rateRefusals + 1 : 0;
    const wait = rateLimited
      ? backoffMs(this.#rateRefusals, this.context.random(), RATE_LIMITED)
      : backoffMs(this.#attempt, this.context.random(), RECONNECT);
    host.log('RECONNECTING', null, { waitMs: wait, attempt: this.#attempt });
    this.#scheduleConnect(wait);
  }

  #heard(): void {
    this.#heardAt = this.context.clock();
    this.#heardAtMono = performance.now();
  }

  /** Pings, looks for silence and for pairs without a first book, often enough for short settings. */
  #startWatch(socket: WebSocket): void {
    const { pingEveryMs, silentAfterMs, firstBookWithinMs } = this.#profile;
    this.#lastPing = performance.now();
    this.#closingSince = null;
    const period = Math.min(1000, pingEveryMs / 4, silentAfterMs / 4, firstBookWithinMs / 4);
    this.#watch = setInterval(() => {
      const now = performance.now();
      if (socket.readyState === WebSocket.CLOSING) {
        // The peer said that it closes but keeps the connection open; ws alone would wait 30 s.
        this.#closingSince ??= now;
        if (now - this.#closingSince > CLOSE_MS) socket.terminate();
        return;
      }
      if (!this.#subscribed && now - this.#openedAt > firstBookWithinMs) {
        this.reconnect('CONNECT_FAILED', 'no greeting came after the connection was opened');
        return;
      }
      const silent = now - this.#heardAtMono;
      if (silent > silentAfterMs) {
        this.context.host.log('WS_SILENT', null, { silentMs: silent });
        this.reconnect('DISCONNECTED', `no sign of life for ${Math.round(silent / 1000)} s`);
        return;
      }
      if (now - this.#lastPing >= pingEveryMs && socket.readyState === WebSocket.OPEN) {
        this.#lastPing = now;
        const message = this.getKeepAliveMessage();
        if (message === null) socket.ping();
        else this.send([message]);
      }
      for (const [code, since] of this.#resyncing) {
        if (now - since < firstBookWithinMs) continue;
        this.#resyncing.delete(code);
        if (!this.#pairs.has(code)) continue;
        this.reconnect('STALE', `${code} was subscribed anew and has had no book since`, null);
        return;
      }
      for (const [code, since] of this.#awaiting) {
        if (now - since < firstBookWithinMs) continue;
        // Reported once; the pair stays subscribed and its book is welcome whenever it comes.
        this.#awaiting.delete(code);
        const pair = this.#pairs.get(code);
        if (pair !== undefined) this.context.host.noFirstBook(pair, firstBookWithinMs);
      }
    }, period);
  }

  #stopWatch(): void {
    if (this.#watch !== null) clearInterval(this.#watch);
    this.#watch = null;
  }

  #pump(): void {
    const socket = this.#socket;
    if (socket === null || socket.readyState !== WebSocket.OPEN) return;
    while (this.#outbox.length > 0) {
      if (!this.#messages.tryTake()) {
        if (!this.#pumping) {
          this.#pumping = true;
          this.#after(Math.ceil(this.#messages.waitMs()), () => {
            this.#pumping = false;
            this.#pump();
          });
        }
        return;
      }
      socket.send(this.#outbox.shift()!);
    }
    // The wait for a first book begins when it has been asked for: a limit may hold a request back.
    for (const code of this.#unsent) {
      if (this.#pairs.has(code)) this.#awaiting.set(code, performance.now());
    }
    this.#unsent.clear();
  }
}

/** What an HTTP status at the handshake means for the gap. */
function causeOfStatus(status: number): GapCause {
  if (status === 429 || status === 418) return 'RATE_LIMITED';
  if (status === 401 || status === 403) return 'REFUSED';
  if (status === 503) return 'MAINTENANCE';
  return 'CONNECT_FAILED';
}

/** The address without its query, which may hold a key and a signature. */
function publicUrl(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname === '/' ? '' : pathname}`;
}

import { type Pair, pairText } from '../../../market/market.js';
import type { Sides } from '../../../market/order-book.js';
import { backoffMs } from '../../limits/backoff.js';
import type { FeedContext, FeedHost, Outage } from '../../feed.js';
import type { RateLimiter } from '../../limits/rate-limiter.js';
import { sameToDepth } from '../../rest/rest-books.js';
import type { WSProfile } from '../../socket/ws-connection.js';
import type { CarrierHost, PairCarrier } from '../../socket/ws-feed.js';
import { GopaxController } from './controller.js';

/** Times of a handover, ms. */
export interface HandoverTimes {
  /** A socket is replaced at this age; the exchange closes it at 24 h (`gopax.connect.age-24h`). */
  readonly maxAgeMs: number;
  /** Once the replacement has all books, it takes over after this long at the latest. */
  readonly settleMs: number;
  /** A pair causes at most one resynchronisation in this time if its own book is crossed. */
  readonly pauseMs: number;
  /** An old connection on which nothing comes for this long after a ping, not even the pong, is lost. */
  readonly proofMs: number;
}

/** See {@link HandoverTimes}. */
const HANDOVER_TIMES: HandoverTimes = {
  maxAgeMs: 23 * 3_600_000,
  settleMs: 3000,
  pauseMs: 60_000,
  // If GOPAX should answer no pings, its own, every 30 s (`gopax.ws.interval-30s`), is the answer.
  proofMs: 35_000,
};
/** The longest interval at which a pair that never gets a book is requested on another connection, ms. */
const MAX_MISSING_MS = 3_600_000;

/** A pair whose first book has not come. */
interface Missing {
  /** How many times in a row it has not. */
  readonly times: number;
  /** When it is next requested on another connection, monotonic ms; Infinity while it is. */
  readonly dueAt: number;
}

/**
 * Carries up to 50 GOPAX pairs, on one socket or, briefly, on two. GOPAX subscribes a pair once per connection
 * and has no unsubscribe, so a book that is in doubt, or has not come, can only be requested on another
 * connection. That one is opened beside the old one, which goes on for the pairs that are not in doubt; each pair
 * moves over once its new book is as recent as its old one, and once the old connection has shown that it was not
 * lost by then: on one that is, a book that changed and changed back looks as if nothing had happened. Pairs in doubt
 * have a gap, and so do those whose two books then differ.
 */
export class GopaxHandover implements PairCarrier {
  readonly #context: FeedContext;
  readonly #profile: WSProfile;
  readonly #connects: RateLimiter;
  readonly #times: HandoverTimes;
  #current: GopaxController;
  /** The replacement while there is one. */
  #next: GopaxController | null = null;
  /** Pairs that the replacement has taken over, with the book that it last passed on, or null. */
  readonly #moved = new Map<string, Sides | null>();
  /** Pairs whose new book waits for a proof of the old connection: not asked for yet, and asked for. */
  #unproven = new Set<string>();
  #proving = new Set<string>();
  /** Pairs that wait no longer. */
  readonly #proven = new Set<string>();
  /** Pairs in doubt until the handover is over: what the current socket says about them no longer counts. */
  readonly #doubted = new Set<string>();
  alone = false;
  carrierHost: CarrierHost | null = null;
  /** When a pair last caused a resynchronisation, monotonic ms. */
  readonly #resyncs = new Map<string, number>();
  /** Pairs whose first book has not come in time, until it comes. */
  readonly #missing = new Map<string, Missing>();
  #ask: NodeJS.Timeout | undefined;
  #age: NodeJS.Timeout | undefined;
  #settle: NodeJS.Timeout | undefined;
  #start: NodeJS.Timeout | undefined;
  /** Replacements in a row, and when the last one began: they follow each other ever more slowly. */
  #replacements = 0;
  #replacedAt = -Infinity;
  #closed = false;

  constructor(
    context: FeedContext,
    profile: WSProfile,
    connects: RateLimiter,
    times: HandoverTimes = HANDOVER_TIMES,
  ) {
    this.#context = context;
    this.#profile = profile;
    this.#connects = connects;
    this.#times = times;
    this.#current = this.#controller();
    this.#current.carrierHost = this.#relay();
  }

  get free(): number {
    return this.alone && !this.serving ? 0 : this.#newest.free;
  }

  get apart(): boolean {
    return this.#current.apart;
  }

  set apart(apart: boolean) {
    this.#current.apart = apart;
  }

  get serving(): boolean {
    return this.#current.serving || this.#next?.serving === true;
  }

  get empty(): boolean {
    return this.#newest.empty;
  }

  has(pair: Pair): boolean {
    return this.#newest.has(pair);
  }

  add(pairs: readonly Pair[]): void {
    for (const pair of pairs) if (this.#next !== null) this.#moved.set(pairText(pair), null);
    if (this.#age === undefined) this.#watchAge();
    this.#newest.add(pairs);
  }

  remove(pairs: readonly Pair[]): void {
    this.#current.remove(pairs);
    this.#next?.remove(pairs);
    for (const pair of pairs) {
      this.#moved.delete(pairText(pair));
      this.#missing.delete(pairText(pair));
      this.#forgetProof(pairText(pair));
    }
    this.#finishWhenMoved();
  }

  resync(pairs: readonly Pair[], detail: string): void {
    this.#inDoubt(this.#current, pairs, detail);
  }

  standstill(): void {
    this.#current.standstill();
    this.#next?.standstill();
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of [this.#age, this.#settle, this.#start, this.#ask]) clearTimeout(timer);
    await Promise.all([this.#current.close(), this.#next?.close()]);
  }

  /** The socket that will carry the pairs from now on. */
  get #newest(): GopaxController {
    return this.#next ?? this.#current;
  }

  #controller(): GopaxController {
    const host = new RelayHost(this.#context.host);
    const own = { ...this.#context, host };
    const controller = new GopaxController(own, this.#profile, this.#connects, {
      inDoubt: (pairs, detail) => this.#inDoubt(controller, pairs, detail),
      mayResync: (code) => this.#mayResync(code),
      proven: () => this.#oldIsProven(controller),
    });
    host.onBook = (pair, sides, time, receivedAt) =>
      this.#book(controller, pair, sides, time, receivedAt);
    host.onDown = (pairs, outage) => this.#down(controller, pairs, outage);
    host.isReplacement = () => controller === this.#next;
    host.serves = (pair) =>
      controller === (this.#moved.has(pairText(pair)) ? this.#next : this.#current);
    host.onNoFirstBook = (pair, afterMs) => this.#noFirstBook(controller, pair, afterMs);
    return controller;
  }

  /** What the current controller reports to its feed; a replacement carries the same pairs and reports nothing. */
  #relay(): CarrierHost {
    return {
      served: () => this.carrierHost?.served(),
      handBack: (pairs) => {
        this.remove(pairs);
        this.carrierHost?.handBack(pairs);
      },
      handBackSilent: (pairs) => {
        this.remove(pairs);
        this.carrierHost?.handBackSilent(pairs);
      },
      handBackRefused: (pair) => {
        this.remove([pair]);
        this.carrierHost?.handBackRefused(pair);
      },
      waiting: () => this.carrierHost?.waiting() ?? false,
      refusedAlone: (pair) => this.carrierHost?.refusedAlone(pair),
      stuck: (pairs) => this.carrierHost?.stuck(pairs),
    };
  }

  #book(
    from: GopaxController,
    pair: Pair,
    sides: Sides,
    exchangeTimestamp: number | null | undefined,
    receivedAt: number,
  ): void {
    const code = pairText(pair);
    const next = this.#next;
    const { host } = this.#context;
    if (next === null || from !== next) {
      if (this.#moved.has(code) || this.#doubted.has(code)) return;
      this.#missing.delete(code);
      host.book(pair, sides, exchangeTimestamp, receivedAt);
      return;
    }
    if (!this.#moved.has(code) && (this.#awaitsProof(code) || this.#isBehind(next, code))) {
      this.#settleWhenComplete(next);
      return;
    }
    this.#missing.delete(code);
    this.#move(pair, sides);
    host.book(pair, sides, exchangeTimestamp, receivedAt);
    this.#settleWhenComplete(next);
    this.#finishWhenMoved();
  }

  #isBehind(next: GopaxController, code: string): boolean {
    return next.newestEntryId(code) < this.#current.newestEntryId(code);
  }

  /** Whether the new book of a pair waits for a proof of the old connection, which it asks for. */
  #awaitsProof(code: string): boolean {
    if (this.#proven.has(code) || this.#doubted.has(code) || !this.#current.hasBook(code))
      return false;
    if (!this.#proving.has(code)) this.#unproven.add(code);
    this.#prove();
    return true;
  }

  /** One proof after the other: each is asked for after the new books that wait for it. */
  #prove(): void {
    if (this.#proving.size > 0 || this.#unproven.size === 0) return;
    // Another one may be pending, asked for before: then this one is asked for after it.
    if (!this.#current.prove(this.#times.proofMs)) return;
    [this.#proving, this.#unproven] = [this.#unproven, this.#proving];
  }

  #oldIsProven(controller: GopaxController): void {
    const next = this.#next;
    if (next === null || controller !== this.#current) return;
    const proven = [...this.#proving];
    this.#proving.clear();
    for (const code of proven) this.#proven.add(code);
    const carried = next.carried.filter((pair) => proven.includes(pairText(pair)));
    this.#takeOver(
      next,
      carried.filter((pair) => !this.#isBehind(next, pairText(pair))),
    );
    this.#prove();
    this.#settleWhenComplete(next);
    this.#finishWhenMoved();
  }

  #forgetProof(code: string): void {
    for (const pairs of [this.#unproven, this.#proving, this.#proven]) pairs.delete(code);
  }

  /**
   * The replacement passes on this book of a pair. If it has just taken the pair over and the old
   * connection has a different book, or has not seen all changes that led to the same one, the old one has
   * missed a delta or not received it yet: what came in between is not recorded.
   */
  #move(pair: Pair, sides: Sides): void {
    const code = pairText(pair);
    if (!this.#moved.has(code) && !this.#doubted.has(code)) {
      const before = this.#current.completeSides(code);
      const changed = this.#next!.newestChangeId(code) > this.#current.newestEntryId(code);
      if (before !== null && (changed || !sameToDepth(before, sides, Infinity, false))) {
        const detail = 'its book on the new connection is another one than on the old one';
        this.#context.host.down([pair], { cause: 'RESYNC', detail, since: null });
      }
    }
    this.#moved.set(code, sides);
  }

  #down(from: GopaxController, pairs: readonly Pair[], outage: Outage): void {
    const { host } = this.#context;
    const next = this.#next;
    if (next === null) {
      // A new connection fetches all books again; nothing is left in doubt.
      clearTimeout(this.#start);
      this.#start = undefined;
      this.#doubted.clear();
      this.#allAsked();
      host.down(pairs, outage);
    } else if (from === next) {
      clearTimeout(this.#settle);
      this.#settle = undefined;
      for (const pair of pairs) {
        const code = pairText(pair);
        this.#forgetProof(code);
        const taken = this.#moved.get(code) ?? null;
        if (!this.#moved.delete(code)) continue;
        // The old connection has gone on, and takes the pair back as if nothing had happened. But where its
        // book is a different one, it may have missed a delta: then only the next whole book is trusted.
        const trusted = this.#current.has(pair) && !this.#doubted.has(code);
        const sides = trusted ? this.#current.completeSides(code) : null;
        if (sides !== null && taken !== null && sameToDepth(sides, taken, Infinity, false)) {
          host.book(pair, sides, null, this.#context.clock());
        } else {
          this.#doubted.add(code);
          host.down([pair], outage);
        }
      }
    } else {
      // Those that have not moved have no book on the replacement, or one that is behind what was passed on.
      const waiting = pairs.filter((pair) => !this.#moved.has(pairText(pair)));
      host.down(waiting, outage);
      this.#takeOver(next, waiting);
      this.#finish();
    }
  }

  #noFirstBook(from: GopaxController, pair: Pair, afterMs: number): void {
    const code = pairText(pair);
    const isNext = from === this.#next;
    if (isNext && this.#current.completeSides(code) !== null && !this.#doubted.has(code)) {
      from.restart(`no first book of ${code} on the new connection`);
      return;
    }
    this.#context.host.noFirstBook(pair, afterMs);
    if (from === this.#newest) this.#missed(code);
    // Neither connection has its book; it must not hold up the others.
    if (isNext) {
      this.#moved.set(code, null);
      this.#finishWhenMoved();
    }
  }

  /** A pair has no book on the newest connection: it is requested on another one, ever later. */
  #missed(code: string): void {
    const before = this.#missing.get(code);
    if (before !== undefined && before.dueAt < Infinity) return;
    const times = before?.times ?? 0;
    const waits = { firstMs: this.#times.pauseMs, mostMs: MAX_MISSING_MS };
    const wait = times === 0 ? 0 : backoffMs(times, this.#context.random(), waits);
    this.#missing.set(code, { times: times + 1, dueAt: performance.now() + wait });
    this.#askWhenDue();
  }

  #askWhenDue(): void {
    clearTimeout(this.#ask);
    const dueAt = Math.min(...[...this.#missing.values()].map((pair) => pair.dueAt));
    // While there is a replacement, that one asks.
    if (this.#next !== null || dueAt === Infinity) return;
    this.#ask = setTimeout(() => this.#replaceSoon(), Math.max(0, dueAt - performance.now()));
  }

  /** A new connection asks for every pair. */
  #allAsked(): void {
    clearTimeout(this.#ask);
    for (const [code, { times }] of this.#missing)
      this.#missing.set(code, { times, dueAt: Infinity });
  }

  /** Passes on the replacement's books of `pairs` as they are. */
  #takeOver(next: GopaxController, pairs: readonly Pair[]): void {
    for (const pair of pairs) {
      const code = pairText(pair);
      const sides = next.completeSides(code);
      if (sides === null || !next.has(pair)) continue;
      this.#move(pair, sides);
      this.#context.host.book(pair, sides, null, this.#context.clock());
    }
  }

  /** Books of `pairs` can no longer be trusted. */
  #inDoubt(from: GopaxController, pairs: readonly Pair[], detail: string): void {
    if (from === this.#next) {
      from.restart(detail);
      return;
    }
    const fresh = pairs.filter((pair) => {
      const code = pairText(pair);
      return !this.#moved.has(code) && !this.#doubted.has(code);
    });
    if (fresh.length === 0) return;
    for (const pair of fresh) {
      this.#doubted.add(pairText(pair));
      this.#resyncs.set(pairText(pair), performance.now());
    }
    this.#context.host.down(fresh, { cause: 'RESYNC', detail, since: null });
    this.#replaceSoon();
  }

  #mayResync(code: string): boolean {
    const last = this.#resyncs.get(code);
    return last === undefined || performance.now() - last >= this.#times.pauseMs;
  }

  #replaceSoon(): void {
    if (this.#next !== null || this.#start !== undefined || this.#closed) return;
    const recent = performance.now() - this.#replacedAt < this.#times.pauseMs;
    this.#replacements = recent ? this.#replacements + 1 : 0;
    const wait =
      this.#replacements === 0 ? 0 : backoffMs(this.#replacements, this.#context.random());
    this.#start = setTimeout(() => {
      this.#start = undefined;
      // What was missing may have come meanwhile.
      if (this.#doubted.size > 0 || this.#missing.size > 0) this.#replace();
    }, wait);
  }

  #replace(): void {
    if (this.#next !== null || this.#closed || this.#current.empty) return;
    this.#replacedAt = performance.now();
    this.#allAsked();
    this.#next = this.#controller();
    this.#next.add(this.#current.carried);
  }

  /**
   * Does not wait forever for a pair whose new book stays behind its old one: either may have
   * missed more.
   */
  #settleWhenComplete(next: GopaxController): void {
    const proving = this.#unproven.size + this.#proving.size > 0;
    if (this.#settle !== undefined || !next.complete || proving) return;
    this.#settle = setTimeout(() => {
      this.#settle = undefined;
      this.#takeOver(
        next,
        next.carried.filter((pair) => !this.#moved.has(pairText(pair))),
      );
      this.#finishWhenMoved();
    }, this.#times.settleMs);
  }

  #finishWhenMoved(): void {
    const next = this.#next;
    if (next !== null && next.carried.every((pair) => this.#moved.has(pairText(pair)))) {
      this.#finish();
    }
  }

  #finish(): void {
    const old = this.#current;
    const { apart } = this.#current;
    this.#current = this.#next!;
    this.#current.apart = apart;
    this.#current.carrierHost = this.#relay();
    this.#next = null;
    this.#moved.clear();
    this.#doubted.clear();
    for (const pairs of [this.#unproven, this.#proving, this.#proven]) pairs.clear();
    clearTimeout(this.#settle);
    this.#settle = undefined;
    this.#watchAge();
    this.#askWhenDue();
    void old.close();
  }

  #watchAge(): void {
    clearTimeout(this.#age);
    this.#age = setTimeout(() => {
      this.#replace();
      this.#watchAge();
    }, this.#times.maxAgeMs);
    this.#age.unref();
  }
}

/** Host of one socket: what depends on which of the two sockets reports goes to the handover. */
class RelayHost implements FeedHost {
  readonly #host: FeedHost;
  onBook!: FeedHost['book'];
  onDown!: (pairs: readonly Pair[], outage: Outage) => void;
  onNoFirstBook!: FeedHost['noFirstBook'];
  isReplacement!: () => boolean;
  /** Whether books of a pair are currently taken from this socket. */
  serves!: (pair: Pair) => boolean;

  constructor(host: FeedHost) {
    this.#host = host;
  }

  book(...book: Parameters<FeedHost['book']>): void {
    this.onBook(...book);
  }

  down(pairs: Iterable<Pair>, outage: Outage): void {
    this.onDown([...pairs], outage);
  }

  attempt(pairs: Iterable<Pair>): void {
    this.#host.attempt(pairs);
  }

  reconnected(pairs: Iterable<Pair>): void {
    if (!this.isReplacement()) this.#host.reconnected(pairs);
  }

  noFirstBook(pair: Pair, afterMs: number): void {
    this.onNoFirstBook(pair, afterMs);
  }

  refused(pair: Pair, reason: string): void {
    this.#host.refused(pair, reason);
  }

  unreadable(error: unknown, message: string, pair: Pair | null): void {
    // What the other socket serves has lost nothing; the message is still counted.
    this.#host.unreadable(error, message, pair !== null && this.serves(pair) ? pair : null);
  }

  unasked(): void {
    this.#host.unasked();
  }

  odd: FeedHost['odd'] = (...odd) => this.#host.odd(...odd);

  trades(...trades: Parameters<FeedHost['trades']>): void {
    // Both sockets carry the same trades: each is recorded once, whichever comes first.
    this.#host.trades(...trades);
  }

  tradesDown(...change: Parameters<FeedHost['tradesDown']>): void {
    this.#host.tradesDown(...change);
  }

  unaskedTrades(count: number): void {
    this.#host.unaskedTrades(count);
  }

  unreadableTrade(...failure: Parameters<FeedHost['unreadableTrade']>): void {
    this.#host.unreadableTrade(...failure);
  }

  log: FeedHost['log'] = (event, pair, params) => this.#host.log(event, pair, params);
}

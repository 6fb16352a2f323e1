import { createHmac } from 'node:crypto';
import { parseExactJson } from '../../../market/exact-json.js';
import { marketName, type Pair, pairText } from '../../../market/market.js';
import { isCrossed, type Sides } from '../../../market/order-book.js';
import { aboutPair } from '../../exchange-error.js';
import type { FeedContext } from '../../feed.js';
import type { RateLimiter } from '../../limits/rate-limiter.js';
import { optionalText, wireObject, type WireObject, wireText } from '../../wire/wire.js';
import { WSController } from '../../socket/ws-controller.js';
import type { WSProfile } from '../../socket/ws-connection.js';
import {
  BOOK_REQUEST,
  bookRequest,
  GopaxBook,
  isHeartbeat,
  PAIR_REQUEST,
  pongTo,
  readGopaxTrade,
} from './messages.js';

/** Facts: `gopax.connect.*`, `gopax.subscribe.*` and `gopax.ws.*`. */
export const GOPAX_PROFILE: WSProfile = {
  // The 51st pair is refused with 10321.
  maxPairs: 50,
  // The server pings by text every 30 s; it documents no pings by clients.
  pingEveryMs: Infinity,
  // Its ping is the only traffic of a quiet pair; 65 s allow for one that is lost.
  silentAfterMs: 65_000,
  firstBookWithinMs: 10_000,
  messageLimits: [],
  // The 50 snapshots are 1.3 MB together, the largest one 114 KB; ample room for larger books.
  maxPayload: 16 * 1024 * 1024,
  known: {
    keys: new Set([
      'i',
      'n',
      'o',
      'ask',
      'bid',
      'entryId',
      'price',
      'volume',
      'updatedAt',
      'tradingPairName',
      'maxEntryId',
      'result',
      'errCode',
      'errData',
    ]),
    times: { updatedAt: [10] },
    levels: {},
  },
};

/** A book may be crossed for a moment between two deltas of one match; longer is a lost delta. */
const CROSSED_MS = 3000;
/** Refusal of a pair beyond those that a socket may carry (`gopax.error.too-many-books`). */
const TOO_MANY_PAIRS = '10321';
/** Permanent refusals: unknown asset, delisted pair (`gopax.error.delisted-pair`). */
const UNKNOWN_PAIR = new Set(['10058', '10059']);

/**
 * Query of a signed connection: HMAC-SHA512 of `t<timestamp>`, keyed with the base64-decoded
 * secret, in base64 and percent-encoded (`gopax.auth.signature`).
 * @param timestamp Unix ms; more than 5 s off standard time may be refused
 */
export function signedQuery(apiKey: string, secretKey: string, timestamp: number): string {
  const signature = createHmac('sha512', Buffer.from(secretKey, 'base64'))
    .update(`t${timestamp}`)
    .digest('base64');
  return `apiKey=${encodeURIComponent(apiKey)}&timestamp=${timestamp}&signature=${encodeURIComponent(signature)}`;
}

/** What to do about books in doubt, and when they are not. */
export interface DoubtPolicy {
  /** The books of these pairs are, or may be, wrong. */
  inDoubt(pairs: readonly Pair[], detail: string): void;
  /** Whether a crossed book of a pair may cause a resynchronisation now. */
  mayResync(code: string): boolean;
  /** The connection was not lost when the proof was asked for. */
  proven(): void;
}

/**
 * One GOPAX socket: the reply to a subscription is the whole book, deltas follow. There is no
 * unsubscribe, and no second subscription of a pair on a socket, so a stopped pair keeps its slot
 * (its book is maintained but not passed on), and a book in doubt needs another connection.
 */
export class GopaxController extends WSController {
  /** Books by pair, of every pair subscribed on this connection, stopped ones included. */
  readonly #books = new Map<string, GopaxBook>();
  /** Stopped pairs whose kept book missed a message that could not be read. */
  readonly #spoiled = new Set<string>();
  readonly #crossed = new Map<string, NodeJS.Timeout>();
  readonly #doubt: DoubtPolicy;

  constructor(context: FeedContext, profile: WSProfile, connects: RateLimiter, doubt: DoubtPolicy) {
    super(context, profile, connects);
    this.#doubt = doubt;
  }

  /** The pairs assigned to it. */
  get carried(): Pair[] {
    return [...this.pairs.values()];
  }

  /** Whether every pair has its book. */
  get complete(): boolean {
    for (const code of this.pairs.keys())
      if (this.#books.get(code)?.complete !== true) return false;
    return true;
  }

  /** Whether it has the book of a pair, trusted or not. */
  hasBook(code: string): boolean {
    return this.#books.get(code)?.complete === true;
  }

  /** The kept book of a pair; null before its snapshot, and while the connection is lost or doubted. */
  completeSides(code: string): Sides | null {
    const book = this.#books.get(code);
    return book?.complete === true && this.trusted ? book.sides : null;
  }

  /** How far the book of a pair has got, by the exchange-wide counter; -1 without a book. */
  newestEntryId(code: string): number {
    return this.#books.get(code)?.newestEntryId ?? -1;
  }

  /** The same by the deltas alone, whose ids are those of changes of the pair. */
  newestChangeId(code: string): number {
    return this.#books.get(code)?.newestChangeId ?? -1;
  }

  /** Asks for a proof that the connection is not lost: see `askProof`. */
  prove(withinMs: number): boolean {
    return this.askProof(withinMs);
  }

  /** Drops the connection and fetches all books again. */
  restart(detail: string): void {
    this.reconnect('RESYNC', detail);
  }

  protected override readonly tradeSign = /"n"\s*:\s*"PublicTradeEvent"/;

  protected override getWSUrl(): string {
    const { urls, gopaxKeys } = this.context;
    if (gopaxKeys === null) return urls.wsUrl;
    const query = signedQuery(gopaxKeys.apiKey, gopaxKeys.secretKey, Date.now());
    return `${urls.wsUrl}${urls.wsUrl.includes('?') ? '&' : '?'}${query}`;
  }

  protected override getMessage(): readonly string[] {
    return [...this.pairs.values()].map((pair) => this.#subscription(pair));
  }

  protected override getChangeMessage(added: readonly Pair[]): readonly string[] {
    const fresh = added.filter((pair) => !this.#books.has(pairText(pair)));
    const spoiled = added.filter((pair) => this.#spoiled.delete(pairText(pair)));
    if (spoiled.length > 0) {
      this.#doubt.inDoubt(spoiled, 'a message could not be read while the pair was stopped');
    }
    for (const pair of added) {
      const book = this.#books.get(pairText(pair));
      if (book?.complete === true && !fresh.includes(pair) && !spoiled.includes(pair)) {
        this.deliver(pairText(pair), book.sides, null, this.context.clock());
      }
    }
    return fresh.map((pair) => this.#subscription(pair));
  }

  /** Slots left: those of stopped pairs stay taken until the next connection. */
  override get free(): number {
    const slots = new Set([...this.pairs.keys(), ...this.#books.keys()]);
    return this.closedToMore ? 0 : this.capacity - slots.size;
  }

  protected override resetConnection(): void {
    this.#books.clear();
    this.#spoiled.clear();
    for (const timer of this.#crossed.values()) clearTimeout(timer);
    this.#crossed.clear();
  }

  override async close(): Promise<void> {
    await super.close();
    this.resetConnection();
  }

  /** What an unreadable message would have changed is unknown, for every pair if it names none. */
  protected override onUnreadable(pair: Pair | null): void {
    if (pair === null) {
      for (const code of this.#books.keys()) if (!this.pairs.has(code)) this.#spoiled.add(code);
    } else if (!this.pairs.has(pairText(pair))) {
      // The pair is not wanted, and the others have lost nothing.
      if (this.#books.has(pairText(pair))) this.#spoiled.add(pairText(pair));
      return;
    }
    this.#doubt.inDoubt(pair === null ? this.carried : [pair], 'a message could not be read');
  }

  /** A connection that was not lost has missed no delta: the kept books are current. */
  protected override onTrusted(): void {
    for (const [code, book] of this.#books) {
      if (book.complete) this.deliver(code, book.sides, null, this.context.clock());
    }
  }

  protected override onProven(): void {
    this.#doubt.proven();
  }

  protected override handleMessage(data: Buffer): void {
    const message = parseExactJson(data.toString('utf8'));
    if (typeof message === 'string') {
      if (isHeartbeat(message)) this.send([pongTo(message)]);
      return;
    }
    const envelope = wireObject(message, 'the message');
    switch (envelope['n']) {
      case BOOK_REQUEST:
      case PAIR_REQUEST:
        this.#reply(envelope, wireObject(envelope['o'], 'o'));
        break;
      case 'OrderBookEvent':
        this.#delta(wireObject(envelope['o'], 'o'));
        break;
      case 'PublicTradeEvent':
        if (this.context.trades) {
          const { code, trade } = readGopaxTrade(wireObject(envelope['o'], 'o'));
          this.deliverTrades(code, [trade]);
        }
        break;
      // More events may be added without notice (`gopax.envelope.more-events`).
      default: {
        const what = JSON.stringify(envelope['n'] ?? Object.keys(envelope));
        this.context.host.odd('UNKNOWN_MESSAGE', what, what);
      }
    }
  }

  #subscription(pair: Pair): string {
    const code = pairText(pair);
    this.#books.set(code, new GopaxBook(this.context.clock));
    return bookRequest(pair, this.context.trades);
  }

  #reply(envelope: WireObject, payload: WireObject): void {
    // Snapshots have no `result`; only a refusal has it, and it is false
    // (`gopax.error.result-key`).
    if (payload['result'] === false) {
      this.#refusal(optionalText(envelope['i']) ?? '', payload);
      return;
    }
    const code = marketName(wireText(payload['tradingPairName'], 'tradingPairName'));
    const book = this.#books.get(code);
    if (book === undefined) return this.context.host.unasked();
    aboutPair(pairOf(code), () => book.snapshot(payload));
    this.deliver(code, book.sides, null);
    this.#watchCrossed(code, book);
  }

  #delta(payload: WireObject): void {
    const code = marketName(wireText(payload['tradingPairName'], 'tradingPairName'));
    const book = this.#books.get(code);
    if (book === undefined) return this.context.host.unasked();
    const newest = aboutPair(pairOf(code), () => book.delta(payload));
    if (!book.complete) return;
    this.deliver(code, book.sides, newest);
    this.#watchCrossed(code, book);
  }

  #refusal(code: string, payload: WireObject): void {
    const errCode = optionalText(payload['errCode']) ?? '';
    const reason = `${errCode} ${optionalText(payload['errData']) ?? ''}`.trim();
    const pair = this.pairs.get(code);
    if (pair !== undefined && UNKNOWN_PAIR.has(errCode)) {
      this.#books.delete(code);
      this.refuse(pair, reason);
      return;
    }
    this.context.host.log('EXCHANGE_ERROR', pair ?? null, { reason });
    if (errCode === TOO_MANY_PAIRS && pair !== undefined && this.serving && this.carrierHost) {
      this.#books.delete(code);
      this.turnAway([pair], reason);
      return;
    }
    // It only says that the subscription is already running.
    if (errCode === '10325' || pair === undefined) return;
    // Any other refusal may be temporary, and a new socket asks again: a separate one, for the
    // others' sake.
    if (this.carrierHost === null || this.pairs.size === 1 || (this.apart && !this.serving)) {
      this.reconnect('REFUSED', reason);
      return;
    }
    this.#books.delete(code);
    this.context.host.down([pair], { cause: 'REFUSED', detail: reason, since: null });
    this.remove([pair]);
    this.carrierHost.handBackRefused(pair);
  }

  #watchCrossed(code: string, book: GopaxBook): void {
    const timer = this.#crossed.get(code);
    if (!isCrossed(book.sides)) {
      clearTimeout(timer);
      this.#crossed.delete(code);
      return;
    }
    if (timer !== undefined || !this.pairs.has(code) || !this.#doubt.mayResync(code)) return;
    this.#crossed.set(
      code,
      setTimeout(() => {
        this.#crossed.delete(code);
        const pair = this.pairs.get(code);
        // The pair is no longer wanted, and the others must not suffer for it.
        if (pair === undefined) return;
        this.context.host.log('BOOK_CROSSED', pair, { lastedMs: CROSSED_MS });
        this.#doubt.inDoubt([pair], `the book of ${code} stayed crossed`);
      }, CROSSED_MS),
    );
  }
}

function pairOf(code: string): Pair {
  const dash = code.lastIndexOf('-');
  return { symbol: code.slice(0, dash), currency: code.slice(dash + 1) };
}

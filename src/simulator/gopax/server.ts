import { BookLevel, type BookChanges, type BookMaker } from '../book/book.js';
import { refuseHandshake, SIMULATED_GOPAX_KEY, SIMULATED_GOPAX_SECRET } from './auth.js';
import {
  candleRow,
  makeDelta,
  makeEntry,
  notFoundPage,
  refusePair,
  restBook,
  restError,
  restPairError,
  tradeEvent,
  tradeRow,
  tradingPairRow,
  type Delta,
  type Entry,
  type OccurredAtForm,
  type Side,
} from './frames.js';
import {
  TIMING,
  type GopaxFaults,
  type GopaxOptions,
  type GopaxSimulator,
  type GopaxTiming,
} from './options.js';
import { createGopaxMarket, FIRST_COUNTER, gopaxPace, PAIRS, type GopaxMarket } from './market.js';
import { GopaxSubscription } from './subscription.js';
import { SlidingLimit } from '../server/rate-limit.js';
import { SimulatorServer } from '../server/simulator-server.js';
import type { RestReply, RestRequest, UpgradeRequest, UpgradeVerdict } from '../simulator.js';
import type { SimulatedSocket } from '../server/socket.js';
import { firstTradeId, type Trade } from '../trade/trade.js';

export type { GopaxOptions, GopaxSimulator } from './options.js';

/** Sockets of one key or IP, and openings a second (documented). */
const MAX_SOCKETS = 20;
/** Book subscriptions of one socket (documented and measured). */
const MAX_PAIRS = 50;
/** Trade id of a capture; all pairs share one counter. */
const CAPTURED_TRADE_ID = 23_903_599;
/** What `otherRestIds` adds to the ids by REST. */
const OTHER_IDS = 5_000_000_000n;
/** Share of changes that go out as one delta of several entries: a sweep. */
const SWEEPS = 0.02;

interface GopaxState {
  /** Key or IP whose sockets are counted together. */
  readonly owner: string;
  readonly books: Map<string, GopaxSubscription>;
  /** Unanswered heartbeats by their stamp. */
  readonly pings: Map<number, NodeJS.Timeout>;
}

type GopaxSocket = SimulatedSocket<GopaxState>;

/** The quotes are part of the frame: it is a JSON string. */
const PONG = /^"primus::pong::(\d+)"$/;

/** Simulated GOPAX: WebSocket and public REST calls, after `docs/exchanges/gopax.md`. */
class GopaxServer
  extends SimulatorServer<GopaxMarket, GopaxState, GopaxTiming>
  implements GopaxSimulator
{
  readonly faults: GopaxFaults = {
    ...this.commonFaults(),
    deltaBeforeSnapshot: (on) => (this.#earlyDeltas = on),
    duplicateDelta: () => {
      for (const book of this.#books()) book.repeatLast();
    },
    staleDelta: () => {
      for (const book of this.#books()) book.sendStale(this.#lastUpdate);
    },
    dropNextDelta: (n?: number) => (this.#drop += n ?? 1),
    reorderDeltas: (on) => {
      this.#reorder = on;
      if (!on) for (const book of this.#books()) book.release();
    },
    crossBook: (pair) => this.#cross(pair),
    missHeartbeats: (on) => (this.#missHeartbeats = on),
    occurredAt: (form) => {
      if (!['seconds', 'fraction', 'ms'].includes(form)) {
        throw new Error("occurredAt must be 'seconds', 'fraction' or 'ms'");
      }
      this.#occurredAt = form;
    },
    otherRestIds: (on) => (this.#otherIds = on),
  };
  #occurredAt: OccurredAtForm = 'seconds';
  #otherIds = false;
  #tradeCounter = firstTradeId(CAPTURED_TRADE_ID);
  #earlyDeltas = false;
  #drop = 0;
  #reorder = false;
  #missHeartbeats = false;
  /** Set while a whole book is put in place: its changes go out as one delta. */
  #atOnce = false;
  #counter = FIRST_COUNTER;
  #lastUpdate = Date.now();
  readonly #startedAt = Date.now();
  readonly #keys: ReadonlyMap<string, string>;
  readonly #openings = new SlidingLimit(MAX_SOCKETS, 1000);
  readonly #calls = new SlidingLimit(20, 1000);
  readonly #bookCalls = new SlidingLimit(1, 1000);

  constructor(options: GopaxOptions) {
    const settings = { exchange: 'GOPAX' as const, wsPath: '/', deflate: false };
    const trades = { ageMs: [50, 150] as const };
    super({ ...settings, trades, timing: TIMING, pairs: PAIRS }, options);
    const keys = options.keys ?? { [SIMULATED_GOPAX_KEY]: SIMULATED_GOPAX_SECRET };
    this.#keys = new Map(Object.entries(keys));
  }

  override async start(): Promise<this> {
    await super.start();
    if (this.timing.heartbeatMs > 0) this.#heartbeat(Date.now() + this.timing.heartbeatMs);
    return this;
  }

  override setBook(pair: string, asks: [string, string][], bids: [string, string][]): void {
    this.#atOnce = true;
    try {
      super.setBook(pair, asks, bids);
    } finally {
      this.#atOnce = false;
    }
  }

  protected createMarket(pair: string): GopaxMarket {
    const makeBook: BookMaker = (...args) => this.makeBook(...args);
    return createGopaxMarket(pair, this.seed, this.markets.size + 1, this.#startedAt, makeBook);
  }

  protected override changesPerSecond(market: GopaxMarket): number {
    return gopaxPace(market);
  }

  protected judgeUpgrade(request: UpgradeRequest): UpgradeVerdict {
    if (request.path !== '/') return { status: 404 };
    if (this.limits) {
      const owner = request.query.get('apiKey') ?? request.ip;
      const open = [...this.sockets].filter(({ open, state }) => open && state.owner === owner);
      if (this.#openings.take(request.ip) < 0 || open.length >= MAX_SOCKETS) {
        return { status: 429, body: restError('Rate Limit Exceeded', 10105) };
      }
    }
    // The real status is unknown.
    const refusal = refuseHandshake(request.query, this.#keys, Date.now());
    return refusal === null ? { status: 101 } : { status: 401, body: refusal };
  }

  protected openSocket(socket: GopaxSocket): GopaxState {
    const { searchParams } = new URL(socket.url, 'http://simulator');
    const owner = searchParams.get('apiKey') ?? socket.ip;
    const state: GopaxState = { owner, books: new Map(), pings: new Map() };
    const { maxAgeMs } = this.timing;
    if (maxAgeMs > 0) socket.later(maxAgeMs, () => socket.close(1001));
    return state;
  }

  /** One timer for all sockets, so a new socket's first heartbeat comes before a full interval. */
  #heartbeat(due: number): void {
    this.later(due - Date.now(), () => {
      this.#heartbeat(due + this.timing.heartbeatMs);
      if (this.#missHeartbeats) return;
      const stamp = Date.now();
      for (const socket of this.sockets) {
        if (!socket.send(`"primus::ping::${stamp}"`, { keepalive: true })) continue;
        const close = (): void => socket.close(1000);
        socket.state.pings.set(stamp, socket.later(this.timing.pongTimeoutMs, close));
      }
    });
  }

  /** A pong answers its own heartbeat and those before; without a valid stamp it answers none. */
  #onPong(socket: GopaxSocket, stamp: number): void {
    const { pings } = socket.state;
    if (!pings.has(stamp)) return;
    for (const [sent, timer] of pings) {
      if (sent > stamp) continue;
      socket.cancel(timer);
      pings.delete(sent);
    }
  }

  protected onMessage(socket: GopaxSocket, text: string): void {
    const pong = PONG.exec(text);
    if (pong !== null) {
      this.#onPong(socket, Number(pong[1]));
      return;
    }
    let request: unknown;
    try {
      request = JSON.parse(text);
    } catch {
      return;
    }
    // Anything but an object is ignored, as is text that is not JSON.
    if (typeof request !== 'object' || request === null || Array.isArray(request)) return;
    const { n, o } = request as Record<string, unknown>;
    const id = 'i' in request ? `"i":${JSON.stringify(request.i)},` : '';
    const name = typeof n === 'string' ? n : '';
    const envelope = (payload: string): string =>
      `{${id}"n":${JSON.stringify(name)},"o":${payload}}`;
    const refuse = (code: number, data: string): void =>
      void socket.send(envelope(JSON.stringify({ result: false, errCode: code, errData: data })));
    // The second is answered like the first, and also brings trades.
    const withTrades = name === 'SubscribeToTradingPair';
    if (name === 'SubscribeToOrderBook' || withTrades) {
      this.#subscribe(socket, o ?? {}, withTrades, envelope, refuse);
    } else {
      refuse(10001, 'No such endpoint');
    }
  }

  #subscribe(
    socket: GopaxSocket,
    payload: { tradingPairName?: unknown },
    withTrades: boolean,
    envelope: (payload: string) => string,
    refuse: (code: number, data: string) => void,
  ): void {
    const { tradingPairName } = payload;
    const pair = typeof tradingPairName === 'string' ? tradingPairName : '';
    const market = this.markets.get(pair);
    const { books } = socket.state;
    if (market?.listed !== true) {
      const { code, data } = refusePair(pair, this.markets.keys());
      return refuse(code, data);
    }
    if (books.has(pair)) return refuse(10325, 'Already subscribed');
    if (books.size >= MAX_PAIRS) return refuse(10321, 'Too many order books are subscribed');
    const book = new GopaxSubscription(market, withTrades, {
      send: (text) => socket.send(text),
      record: (timestamp, view) => this.record(market, timestamp, view, socket, true),
      later: (ms, task) => void socket.later(ms, task),
    });
    if (withTrades) this.trades.tape(market);
    books.set(pair, book);
    socket.in(this.timing.snapshotDelayMs, () => this.#sendSnapshot(book, envelope));
  }

  #sendSnapshot(book: GopaxSubscription, envelope: (payload: string) => string): void {
    const { market } = book;
    book.active = true;
    if (this.#earlyDeltas) this.step(market.pair);
    const asks = this.#resting(market, 'asks');
    const bids = this.#resting(market, 'bids');
    const maxEntryId = this.#counter;
    if (this.#earlyDeltas) this.step(market.pair);
    const list = (entries: readonly Entry[]): string => entries.map(({ text }) => text).join(',');
    const payload =
      `{"ask":[${list(asks)}],"bid":[${list(bids)}],` +
      `"tradingPairName":"${market.pair}","maxEntryId":${maxEntryId}}`;
    book.snapshot(envelope(payload), asks, bids, maxEntryId);
  }

  /** Entries of a side, best first. */
  #resting(market: GopaxMarket, side: Side): Entry[] {
    return market.book[side].flatMap(({ price }) => market.entries[side].get(price) ?? []);
  }

  /** Removals go first, so that no delta crosses a sound book even for a moment. */
  protected onBook(market: GopaxMarket, changes: BookChanges): void {
    if (!market.listed) return;
    this.trades.follow(market);
    const sides = (['asks', 'bids'] as const).flatMap((side) =>
      changes[side].map((level) => ({ side, level })),
    );
    if (sides.length === 0) return;
    const gone = sides.filter(({ level }) => level.volume === 0n);
    const set = sides.filter(({ level }) => level.volume !== 0n);
    const entries = [...gone, ...set].map(({ side, level }) => ({
      side,
      entry: this.#enter(market, side, level),
    }));
    const whole = this.#atOnce || this.random.chance(SWEEPS);
    for (const group of whole ? [entries] : entries.map((entry) => [entry])) {
      const of = (wanted: Side): Entry[] =>
        group.flatMap(({ side, entry }) => (side === wanted ? [entry] : []));
      this.#deliver(market, makeDelta(market.pair, of('asks'), of('bids')));
    }
  }

  /** Numbers and dates a changed level, and keeps it for snapshots. */
  #enter(market: GopaxMarket, side: Side, level: BookLevel): Entry {
    const entry = this.#next(level);
    if (level.volume === 0n) market.entries[side].delete(level.price);
    else market.entries[side].set(level.price, entry);
    return entry;
  }

  #next(level: BookLevel): Entry {
    this.#counter += 1;
    this.#lastUpdate = Math.max(this.#lastUpdate, Date.now());
    return makeEntry(this.#counter, this.#lastUpdate, level);
  }

  /** Subscriptions of all sockets, of one market if it is given. */
  #books(market?: GopaxMarket): GopaxSubscription[] {
    return [...this.sockets]
      .flatMap((socket) => [...socket.state.books.values()])
      .filter((book) => book.active && (market === undefined || book.market === market));
  }

  /** Sends a delta to all subscribers of the market, under the faults of lost and swapped deltas. */
  #deliver(market: GopaxMarket, delta: Delta): void {
    const books = this.#books(market);
    if (books.length > 0 && this.#drop > 0) {
      this.#drop -= 1;
      return;
    }
    for (const book of books) {
      if (this.#reorder) book.deliverSwapped(delta, this.timing.reorderHoldMs);
      else book.deliver(delta);
    }
  }

  #cross(pair: string): void {
    const market = this.market(pair);
    const { asks } = market.book;
    const price = asks[Math.min(5, asks.length - 1)]?.price ?? market.profile.price;
    const bid = this.#next(new BookLevel(price, market.profile.typicalVolume));
    this.#deliver(market, makeDelta(pair, [], [bid]));
  }

  protected tradeId(): string {
    this.#tradeCounter += 1;
    return `${this.#tradeCounter}`;
  }

  protected override restTradeId({ id }: { id: string }): string {
    return this.#otherIds ? `${BigInt(id) + OTHER_IDS}` : id;
  }

  protected override tradeMoment(ms: number): number {
    return this.#occurredAt === 'seconds' ? ms - (ms % 1000) : ms;
  }

  protected sendTrades(market: GopaxMarket, trades: readonly Trade[]): void {
    const tape = this.trades.tape(market);
    const followers = [...this.sockets].filter(({ state }) => {
      const book = state.books.get(market.pair);
      return book?.active === true && book.withTrades;
    });
    for (const trade of trades) {
      const text = tradeEvent(market.pair, this.trades.onSocket(trade), this.#occurredAt);
      for (const socket of followers) if (socket.send(text)) tape.sent(trade);
    }
  }

  protected onRest(request: RestRequest): RestReply {
    const { path, method, ip } = request;
    const left = this.limits ? this.#calls.take(ip) : 19;
    const headers = {
      'x-gopax-ip-addr-used-weight': `${20 - Math.max(0, left)}`,
      'x-gopax-ip-addr-left-weight': `${Math.max(0, left)}`,
    };
    const tooMany = { status: 429, body: restError('Rate Limit Exceeded', 10105), headers };
    if (left < 0) return tooMany;
    const [, root, pair, call] = path.split('/').map(decoded);
    if (path === '/trading-pairs') {
      const rows = this.listedMarkets().map((market) => tradingPairRow(market, market.id));
      return { status: 200, body: `[${rows.join(',')}]`, headers };
    }
    const calls = ['book', 'trades', 'candles'];
    if (root === 'trading-pairs' && pair !== undefined && calls.includes(call ?? '')) {
      if (call === 'book' && this.limits && this.#bookCalls.take(ip) < 0) return tooMany;
      const market = this.markets.get(pair);
      if (market?.listed === true) {
        if (call === 'book') return { ...this.#restBook(market, request), headers };
        const rows = call === 'trades' ? this.#tradeRows(market, request) : null;
        const texts = rows ?? this.#candleRows(market, request);
        return { status: 200, body: `[${texts.join(',')}]`, headers };
      }
      const body = restPairError(refusePair(pair, this.markets.keys()));
      return { status: 404, body, headers };
    }
    const page = { 'Content-Type': 'text/html; charset=utf-8' };
    return { status: 404, body: notFoundPage(method, path), headers: { ...headers, ...page } };
  }

  /** Trades, newest first; bounds are treated as exclusive, which is undocumented. */
  #tradeRows(market: GopaxMarket, { query }: RestRequest): string[] {
    const bound = (name: string): number => Number(query.get(name) ?? NaN);
    const [pastmax, latestmin] = [bound('pastmax'), bound('latestmin')];
    const [after, before] = [bound('after') * 1000, bound('before') * 1000];
    const limit = Math.min(100, Math.max(1, bound('limit') || 100));
    const page = this.trades.tape(market).page(limit, (trade) => {
      const id = Number(this.restTradeId(trade));
      // A missing bound is NaN, and no number is beyond NaN.
      const outside = id >= pastmax || id <= latestmin || trade.ms <= after || trade.ms >= before;
      return !outside;
    });
    return page.map((trade) => tradeRow(this.trades.byRest(trade)));
  }

  /** One-minute candles, oldest first, no others; `start` and `end` in Unix ms. */
  #candleRows(market: GopaxMarket, { query }: RestRequest): string[] {
    if (query.get('interval') !== '1') return [];
    const from = Number(query.get('start') ?? 0);
    const to = Number(query.get('end') ?? Infinity);
    return this.trades.tape(market).candles(from, to).slice(-1024).map(candleRow);
  }

  #restBook(market: GopaxMarket, request: RestRequest): RestReply {
    const depth = { '1': 1, '2': 50 }[request.query.get('level') ?? '3'];
    const asks = this.#resting(market, 'asks').slice(0, depth);
    const bids = this.#resting(market, 'bids').slice(0, depth);
    const levels = (entries: readonly Entry[]): BookLevel[] => entries.map(({ level }) => level);
    this.record(market, null, { asks: levels(asks), bids: levels(bids) }, null);
    return { status: 200, body: restBook(this.#counter, asks, bids) };
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Starts a simulated GOPAX. */
export async function startGopaxSimulator(options: GopaxOptions = {}): Promise<GopaxSimulator> {
  return new GopaxServer(options).start();
}

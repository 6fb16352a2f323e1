import { sameLevels, StillBook } from '../book/book.js';
import {
  PAIRS,
  STOPPED,
  TIMING,
  type KorbitFaults,
  type KorbitOptions,
  type KorbitSimulator,
  type KorbitTiming,
} from './options.js';
import { parseKorbitMessage, type Channel, type KorbitRequest } from './requests.js';
import {
  DEPTH,
  frameOf,
  frameValues,
  INVALID_FORMAT,
  restData,
  restError,
  sideText,
  tradeFrame,
  tradesText,
  type Shown,
} from './frames.js';
import { bookSpecOf, parsePair, profileOf, withTicks, type Ticks } from '../book/market-profile.js';
import { seedFrom } from '../random.js';
import { WindowLimit } from '../server/rate-limit.js';
import { SimulatorServer } from '../server/simulator-server.js';
import type {
  RestReply,
  RestRequest,
  SimulatedMarket,
  UpgradeRequest,
  UpgradeVerdict,
} from '../simulator.js';
import type { SimulatedSocket } from '../server/socket.js';
import { firstTradeId, type Trade } from '../trade/trade.js';

export type { KorbitOptions, KorbitSimulator } from './options.js';

/** Kept deeper than the wire, so that removed levels are followed by others. */
const BOOK_DEPTH = 60;
/** Public REST calls a second of one IP (documented). */
const CALLS_PER_SECOND = 50;
/** Trade id of a capture; each pair counts its own from about there, so that pairs share ids. */
const CAPTURED_TRADE_ID = 25_441_720;
/** Rows of a first frame of trades, and trades of a later one, at most. */
const MAX_TRADES = 5;
/** Trades of a REST reply when no number is requested; the real default is unknown. */
const REST_TRADES = 100;

interface KorbitMarket extends SimulatedMarket {
  /** `btc_krw`. */
  readonly code: string;
  stopped: boolean;
  shown: Shown;
  /** Time of sending in the last frame without the snapshot key, Unix ms; 0 before the first. */
  lastFrameAt: number;
  /** Time of the newest change that waits for its frame; null: none waits. */
  changedAt: number | null;
  /** Id of the newest trade. */
  lastTradeId: number;
}

interface KorbitState {
  /** Subscriptions by channel; `live` once the snapshot has gone out. */
  readonly topics: Record<Channel, Map<KorbitMarket, { live: boolean }>>;
  /** Set while a ping is unanswered. */
  pongTimer: NodeJS.Timeout | undefined;
}

/** Changes a second; the busiest as measured, the rest to give the whole market's 150 frames/s. */
const CHANGES_PER_SECOND: Readonly<Record<string, number>> = {
  'BTC-KRW': 3.2,
  'ETH-KRW': 2.5,
  'XRP-KRW': 2.5,
  'USDT-KRW': 1.5,
  'SOL-KRW': 1.5,
  'DOGE-KRW': 1,
};

/** Price steps of the reference's `tickSizePolicy`. */
const TICKS: Ticks = [
  ['1000000', '1000'],
  ['500000', '500'],
  ['100000', '100'],
  ['50000', '50'],
  ['10000', '10'],
  ['5000', '5'],
  ['1000', '1'],
  ['100', '0.1'],
  ['10', '0.01'],
  ['1', '0.001'],
  ['0', '0.0001'],
];

/** Korbit's v2 public WebSocket and quotation REST, after `docs/exchanges/korbit.md`. */
class KorbitServer
  extends SimulatorServer<KorbitMarket, KorbitState, KorbitTiming>
  implements KorbitSimulator
{
  readonly faults: KorbitFaults = {
    ...this.commonFaults(),
    dropFrames: (chance) => (this.#dropChance = chance),
    duplicateFrame: (pair) => {
      const market = this.market(pair);
      if (market.listed && market.lastFrameAt > 0) this.#sendToAll(market);
    },
  };
  readonly #firstTradeId = firstTradeId(CAPTURED_TRADE_ID);
  #dropChance = 0;
  readonly #calls = new WindowLimit(CALLS_PER_SECOND);

  /** Adds the stopped pairs; called once after {@link start}. */
  addStopped(pairs: readonly string[]): this {
    for (const pair of pairs) {
      if (this.markets.has(pair)) {
        this.stop(pair);
        continue;
      }
      const market = this.createMarket(pair);
      market.listed = false;
      this.markets.set(pair, market);
      this.#empty(market);
    }
    return this;
  }

  get stopped(): readonly string[] {
    return [...this.markets.values()].filter(({ stopped }) => stopped).map(({ pair }) => pair);
  }

  stop(pair: string): void {
    this.delist(pair);
    this.#empty(this.market(pair));
  }

  #empty(market: KorbitMarket): void {
    market.stopped = true;
    market.changedAt = null;
    // The time of a stopped book is days old (klay_krw: eight days).
    const timestamp = Date.now() - 8 * 86_400_000;
    market.shown = { timestamp, book: new StillBook([], []) };
  }

  protected createMarket(pair: string): KorbitMarket {
    const { symbol, currency } = parsePair(pair);
    const profile = withTicks(profileOf(symbol, currency), TICKS);
    const spec = bookSpecOf(profile, BOOK_DEPTH, 1n);
    const book = this.makeBook(pair, spec, seedFrom(this.seed, 'KORBIT', pair));
    const timestamp = Date.now() - this.random.int(13, 30_000);
    return {
      ...{ pair, symbol, currency, profile, book, listed: true, stopped: false },
      code: `${symbol}_${currency}`.toLowerCase(),
      shown: { timestamp, book: book.still() },
      ...{ lastFrameAt: 0, changedAt: null, lastTradeId: this.#firstTradeId },
    };
  }

  protected override changesPerSecond(market: KorbitMarket): number {
    return CHANGES_PER_SECOND[market.pair] ?? market.profile.changesPerSecond * 0.9;
  }

  protected override onListing(market: KorbitMarket): void {
    if (market.listed) market.shown = { timestamp: Date.now(), book: market.book.still() };
    market.stopped = false;
  }

  protected judgeUpgrade(request: UpgradeRequest): UpgradeVerdict {
    if (request.path === '/v2/public') return { status: 101 };
    return { status: 404, body: restError(404, 'NOT_FOUND') };
  }

  protected openSocket(socket: SimulatedSocket<KorbitState>): KorbitState {
    const topics = { orderbook: new Map(), trade: new Map() };
    const state: KorbitState = { topics, pongTimer: undefined };
    socket.ws.on('pong', () => {
      socket.cancel(state.pongTimer);
      state.pongTimer = undefined;
    });
    const ping = (): void => {
      socket.ping('ping');
      const wait = this.timing.pongTimeoutMs;
      if (wait > 0) state.pongTimer ??= socket.later(wait, () => socket.destroy());
    };
    if (this.timing.pingMs > 0) socket.every(this.timing.pingMs, ping);
    return state;
  }

  protected onMessage(socket: SimulatedSocket<KorbitState>, text: string): void {
    for (const request of parseKorbitMessage(text, (symbol) => this.#byCode(symbol))) {
      this.#onRequest(socket, request);
    }
  }

  #onRequest(socket: SimulatedSocket<KorbitState>, request: KorbitRequest<KorbitMarket>): void {
    if (request.kind === 'invalid_format') {
      socket.send(INVALID_FORMAT);
      return;
    }
    const { id: requestId } = request;
    const fail = (code: string, message: string): void =>
      void socket.send(JSON.stringify({ status: 'fail', code, message, requestId }));
    if (request.kind === 'fail') return fail(request.code, request.message);
    if (request.kind === 'unsubscribe') {
      const followed = socket.state.topics[request.channel];
      const known = request.markets.filter((market) => followed.delete(market));
      // Code as the official client's test fixture imagines it; never captured.
      if (known.length === 0) return fail('NOT_SUBSCRIBED', 'The subscription does not exist');
    }
    if (requestId !== undefined) socket.send(JSON.stringify({ status: 'success', requestId }));
    if (request.kind !== 'subscribe') return;
    for (const market of request.markets) this.#subscribe(socket, market, request.channel);
  }

  #subscribe(socket: SimulatedSocket<KorbitState>, market: KorbitMarket, channel: Channel): void {
    const followed = socket.state.topics[channel];
    // Subscribing again gives one more snapshot and no second stream (an assumption).
    const entry = { live: followed.get(market)?.live ?? false };
    followed.set(market, entry);
    socket.in(this.timing.snapshotDelayMs, () => {
      if (followed.get(market) !== entry) return;
      entry.live = true;
      if (channel === 'trade') this.#sendLastTrades(socket, market);
      else this.#send(socket, market, frameValues(Date.now(), true, market.shown.timestamp));
    });
  }

  protected onBook(market: KorbitMarket): void {
    if (!market.listed) return;
    const now = Date.now();
    if (this.rate === 0) {
      this.#publish(market, now);
      return;
    }
    const waiting = market.changedAt !== null;
    market.changedAt = now;
    if (waiting) return;
    const gap = this.timing.frameGapMs / Math.max(1, this.rate);
    const at = Math.max(now + this.timing.frameDelayMs, market.lastFrameAt + gap);
    this.later(at - now, () => {
      const changedAt = market.changedAt;
      market.changedAt = null;
      if (changedAt !== null && market.listed) this.#publish(market, changedAt);
    });
  }

  #publish(market: KorbitMarket, changedAt: number): void {
    this.trades.follow(market);
    const { timestamp, book: before } = market.shown;
    const book = market.book.still();
    if (sameLevels(book.asks, before.asks, DEPTH) && sameLevels(book.bids, before.bids, DEPTH)) {
      return;
    }
    market.shown = { timestamp: Math.max(changedAt, timestamp), book };
    // The clock may have stepped back; a frame is never older than its book.
    market.lastFrameAt = Math.max(Date.now(), market.shown.timestamp);
    this.#sendToAll(market);
  }

  /** Sends the last frame to all subscribers of the market, under the fault of lost frames. */
  #sendToAll(market: KorbitMarket): void {
    const values = frameValues(market.lastFrameAt, false, market.shown.timestamp);
    for (const socket of this.sockets) {
      if (socket.state.topics.orderbook.get(market)?.live !== true || this.#loses()) continue;
      this.#send(socket, market, values);
    }
  }

  /** Whether the next frame is lost on the way. */
  #loses(): boolean {
    return this.#dropChance > 0 && this.random.chance(this.#dropChance);
  }

  protected tradeId(market: KorbitMarket): string {
    // Rising, not promised to be consecutive.
    market.lastTradeId += this.random.chance(0.1) ? 2 : 1;
    return `${market.lastTradeId}`;
  }

  /** Frames of one to some trades, at times the newest first, under the fault of lost frames. */
  protected sendTrades(market: KorbitMarket, trades: readonly Trade[]): void {
    const followers = [...this.sockets].filter(
      ({ state }) => state.topics.trade.get(market)?.live === true,
    );
    if (followers.length === 0) return;
    const tape = this.trades.tape(market);
    for (let from = 0, count: number; from < trades.length; from += count) {
      count = this.random.int(1, MAX_TRADES);
      const part = trades.slice(from, from + count);
      const frame = this.#tradeFrame(market, part, false);
      for (const socket of followers) {
        if (this.#loses() || !socket.send(frame)) continue;
        for (const trade of part) tape.sent(trade);
      }
    }
  }

  /** The first frame of a subscription: how many trades it has is up to the server. */
  #sendLastTrades(socket: SimulatedSocket<KorbitState>, market: KorbitMarket): void {
    const last = this.trades.tape(market).trades.slice(-this.random.int(1, MAX_TRADES));
    if (last.length > 0) socket.send(this.#tradeFrame(market, last, true));
  }

  #tradeFrame(market: KorbitMarket, trades: readonly Trade[], snapshot: boolean): string {
    const shown = trades.map((trade) => this.trades.onSocket(trade));
    // The order is undocumented.
    if (this.random.chance(0.3)) shown.reverse();
    return tradeFrame(market.code, shown, Date.now(), snapshot);
  }

  #send(
    socket: SimulatedSocket<KorbitState>,
    market: KorbitMarket,
    values: readonly string[],
  ): void {
    const { book, timestamp } = market.shown;
    const frame = frameOf(market.code, book);
    if (socket.sendBook(frame, values, false)) this.record(market, timestamp, frame, socket);
  }

  /** Launched and stopped markets, in order of listing. */
  #onList(): KorbitMarket[] {
    return [...this.markets.values()].filter(({ listed, stopped }) => listed || stopped);
  }

  #byCode(code: unknown): KorbitMarket | undefined {
    if (typeof code !== 'string' || code !== code.toLowerCase()) return undefined;
    const market = this.markets.get(code.toUpperCase().replace('_', '-'));
    return market?.code === code && (market.listed || market.stopped) ? market : undefined;
  }

  protected onRest(request: RestRequest): RestReply {
    const answer = this.#answer(request);
    if (answer === null) return { status: 404, body: restError(404, 'NOT_FOUND') };
    const left = this.limits ? this.#calls.take(request.ip) : CALLS_PER_SECOND - 1;
    const headers = {
      Ratelimit: `limit=${CALLS_PER_SECOND}, remaining=${Math.max(0, left)}, reset=1`,
      'Ratelimit-Policy': `${CALLS_PER_SECOND};w=1`,
    };
    if (left < 0) {
      // Status and Retry-After are documented, the message is a guess.
      const body = restError(429, 'TOO_MANY_REQUESTS');
      return { status: 429, body, headers: { ...headers, 'Retry-After': '1' } };
    }
    const reply = answer();
    return { ...reply, headers: { ...headers, ...reply.headers } };
  }

  /** What answers a path; null: no such path. */
  #answer(request: RestRequest): (() => RestReply) | null {
    switch (request.path) {
      case '/v2/currencyPairs':
        return () => this.#currencyPairs();
      case '/v2/orderbook':
        return () => this.#restOf(request, (market) => this.#restBook(market));
      case '/v2/trades':
        return () => this.#restOf(request, (market) => this.#restTrades(request, market));
      default:
        return null;
    }
  }

  #currencyPairs(): RestReply {
    const rows = this.#onList().map((market) => ({
      symbol: market.code,
      status: market.stopped ? 'stopped' : 'launched',
      baseCurrency: market.symbol.toLowerCase(),
      quoteCurrency: market.currency.toLowerCase(),
      minOrderValue: '5000',
      maxOrderValue: '1000000000',
    }));
    return restData(rows, { 'cache-control': 'public, max-age=60' });
  }

  /** What `answer` gives for the market that a request names. */
  #restOf({ query }: RestRequest, answer: (market: KorbitMarket) => RestReply): RestReply {
    const code = query.get('symbol');
    if (code === null) return BAD_REQUEST;
    const market = this.#byCode(code);
    if (market === undefined) return { status: 400, body: restError(400, 'INVALID_CURRENCY_PAIR') };
    return answer(market);
  }

  /** Older trades cannot be requested. */
  #restTrades({ query }: RestRequest, market: KorbitMarket): RestReply {
    const limit = Number(query.get('limit') ?? REST_TRADES);
    if (!Number.isInteger(limit) || limit < 1 || limit > 500) return BAD_REQUEST;
    const page = this.trades.tape(market).page(limit);
    const shown = page.map((trade) => this.trades.byRest(trade));
    const data = tradesText(shown);
    return { status: 200, body: `{"success":true,"data":${data}}` };
  }

  #restBook(market: KorbitMarket): RestReply {
    const { timestamp, book } = market.shown;
    this.record(market, timestamp, frameOf(market.code, book), null);
    const sides = `${sideText('bids', book.bids)},${sideText('asks', book.asks)}`;
    const data = `{"timestamp":${timestamp},${sides}}`;
    return { status: 200, body: `{"success":true,"data":${data}}` };
  }
}

const BAD_REQUEST: RestReply = { status: 400, body: restError(400, 'BAD_REQUEST') };

/** Starts a simulated Korbit (renamed Digital X in 2026; the protocol is the same). */
export async function startKorbitSimulator(options: KorbitOptions = {}): Promise<KorbitSimulator> {
  const settings = {
    exchange: 'KORBIT' as const,
    wsPath: '/v2/public',
    timing: TIMING,
    pairs: PAIRS,
    trades: { ageMs: [10, 40] as const, late: 0.01 },
    deflate: false,
  };
  const server = await new KorbitServer(settings, options).start();
  return server.addStopped(options.stopped ?? STOPPED);
}

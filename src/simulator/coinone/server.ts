import { randomUUID } from 'node:crypto';
import type { StillBook } from '../book/book.js';
import { parseCoinoneRequest, type CoinoneRequest } from './requests.js';
import {
  frameOf,
  INVALID_TOPIC,
  marketRow,
  restBook,
  restError,
  restTrades,
  tradeFrame,
  UNKNOWN_PAIR,
  type Shown,
} from './frames.js';
import { bookSpecOf, parsePair, profileOf, withTicks, type Ticks } from '../book/market-profile.js';
import { Random, seedFrom } from '../random.js';
import { TokenBucket } from '../server/rate-limit.js';
import { SimulatorServer } from '../server/simulator-server.js';
import type {
  RestReply,
  RestRequest,
  SimulatedMarket,
  UpgradeRequest,
  UpgradeVerdict,
} from '../simulator.js';
import type { SimulatedSocket } from '../server/socket.js';
import type { Trade } from '../trade/trade.js';
import {
  PAIRS,
  TIMING,
  type CoinoneFaults,
  type CoinoneOptions,
  type CoinoneSimulator,
  type CoinoneTiming,
} from './options.js';

export type { CoinoneOptions, CoinoneSimulator } from './options.js';

/** Kept a little deeper, so that a removed level is followed by another. */
const BOOK_DEPTH = 20;
/** Open connections of one IP; the next one is closed with 4290 (documented). */
const MAX_CONNECTIONS = 20;
/** Share of frames that show the same sixteen levels as the one before (58 of 285 on BTC). */
const REPEATS = 0.2;

interface CoinoneMarket extends SimulatedMarket {
  shown: Shown;
  /** What was shown before `shown`. */
  before: Shown;
  maintenance: boolean;
  /** Coming repeat of the visible levels, if one is planned. */
  repeat: NodeJS.Timeout | undefined;
}

/** Channels that are simulated. */
type Channel = 'ORDERBOOK' | 'TRADE';

interface CoinoneState {
  /** Last PING, Unix ms; null: none yet. */
  lastPing: number | null;
  /** Subscriptions by channel and pair; `live` once the first book has gone out. */
  readonly topics: Record<Channel, Map<string, { live: boolean }>>;
}

/** Changes a second of the measured books; repeats of the visible levels come on top. */
const CHANGES_PER_SECOND: Readonly<Record<string, number>> = {
  'BTC-KRW': 3.3,
  'XRP-KRW': 2,
  'ETH-KRW': 2,
  'USDT-KRW': 1,
  'SOL-KRW': 1,
  'DOGE-KRW': 1,
};

/** Price steps since 2024-09-30 (`coinone.trap.tick-changes-since-2024-09`) and its samples. */
const TICKS: Ticks = [
  ['10000000', '10000'],
  ['5000000', '5000'],
  ['1000000', '1000'],
  ['500000', '500'],
  ['100000', '100'],
  ['50000', '50'],
  ['10000', '10'],
  ['5000', '5'],
  ['1000', '1'],
  ['500', '0.5'],
  ['100', '0.1'],
  ['50', '0.05'],
  ['10', '0.01'],
  ['5', '0.005'],
  ['1', '0.001'],
  ['0', '0.0001'],
];

/** Coinone's public WebSocket and V2 REST, after `docs/exchanges/coinone.md`. */
class CoinoneServer
  extends SimulatorServer<CoinoneMarket, CoinoneState, CoinoneTiming>
  implements CoinoneSimulator
{
  readonly faults: CoinoneFaults = {
    ...this.commonFaults(),
    maintenance: (pair, on) => (this.market(pair).maintenance = on),
    repeatLevels: (pair) => this.#repeat(this.market(pair)),
    outdatedFrame: (pair) => {
      const market = this.market(pair);
      const { before } = market;
      for (const socket of this.sockets) {
        if (socket.state.topics.ORDERBOOK.get(pair)?.live !== true) continue;
        socket.sendBook(frameOf(market, before.book), [`${before.ms}`, before.id], false);
      }
    },
  };
  readonly #bucket = new TokenBucket(1200, 20);

  protected createMarket(pair: string): CoinoneMarket {
    const { symbol, currency } = parsePair(pair);
    const profile = withTicks(profileOf(symbol, currency), TICKS);
    const seed = seedFrom(this.seed, 'COINONE', pair);
    const book = this.makeBook(pair, bookSpecOf(profile, BOOK_DEPTH, 1n), seed);
    // A quiet book shows the id of its last change, at most half a minute ago.
    const ms = Date.now() - new Random(seedFrom(seed, 'age')).int(100, 30_000);
    const shown = { id: `${ms}001`, ms, book: book.still() };
    return {
      ...{ pair, symbol, currency, profile, book, listed: true },
      ...{ shown, before: shown, maintenance: false, repeat: undefined },
    };
  }

  protected override changesPerSecond(market: CoinoneMarket): number {
    // 0.6 of the common pace gives the 190 to 234 frames/s measured over all 363 books.
    return CHANGES_PER_SECOND[market.pair] ?? market.profile.changesPerSecond * 0.6;
  }

  protected override idleDeadline(socket: SimulatedSocket<CoinoneState>): number | null {
    const { muteDropMs, idleDropMs } = this.timing;
    const byPing = (socket.state.lastPing ?? socket.openedAt) + idleDropMs;
    const byMuteness = socket.openedAt + muteDropMs;
    if (socket.lastIn === null && muteDropMs > 0) {
      return idleDropMs > 0 ? Math.min(byMuteness, byPing) : byMuteness;
    }
    return idleDropMs > 0 ? byPing : null;
  }

  protected judgeUpgrade(request: UpgradeRequest): UpgradeVerdict {
    return { status: request.path === '/' ? 101 : 404 };
  }

  protected openSocket(socket: SimulatedSocket<CoinoneState>): CoinoneState {
    const topics = { ORDERBOOK: new Map(), TRADE: new Map() };
    const state: CoinoneState = { lastPing: null, topics };
    const open = [...this.sockets].filter((other) => other.open && other.ip === socket.ip);
    if (this.limits && open.length > MAX_CONNECTIONS) {
      socket.close(4290);
      return state;
    }
    const data = { session_id: randomUUID() };
    socket.send(JSON.stringify({ response_type: 'CONNECTED', data }), { keepalive: true });
    return state;
  }

  protected onMessage(socket: SimulatedSocket<CoinoneState>, text: string): void {
    const request = parseCoinoneRequest(text);
    if (request.kind === 'error') {
      socket.send(request.text);
    } else if (request.kind === 'ping') {
      socket.state.lastPing = Date.now();
      socket.send('{"response_type":"PONG"}', { keepalive: true });
    } else {
      this.#onTopic(socket, request);
    }
  }

  #onTopic(
    socket: SimulatedSocket<CoinoneState>,
    request: Extract<CoinoneRequest, { topic: unknown }>,
  ): void {
    const { kind, channel, topic, pair } = request;
    // The topic is echoed exactly as it was sent.
    socket.send(JSON.stringify({ response_type: `${kind}D`, channel, data: topic }));
    // The ticker is acknowledged and stays silent.
    const followed = channel === 'TICKER' ? undefined : socket.state.topics[channel as Channel];
    if (kind === 'UNSUBSCRIBE') {
      followed?.delete(pair);
      return;
    }
    const market = this.markets.get(pair);
    if (market?.listed !== true) {
      const wait = this.random.int(0, this.timing.invalidTopicMs);
      socket.later(wait, () => void socket.send(INVALID_TOPIC));
      return;
    }
    if (followed === undefined) return;
    const entry = { live: followed.get(pair)?.live ?? false };
    followed.set(pair, entry);
    socket.in(this.timing.snapshotDelayMs, () => {
      if (followed.get(pair) !== entry) return;
      entry.live = true;
      if (channel === 'TRADE') {
        // Its simulated past ends here.
        this.trades.tape(market);
        return;
      }
      // The current book with an old time; a repeated SUBSCRIBE gets the same id once more.
      this.#send(socket, market, Date.now() - this.timing.firstFrameAgeMs);
    });
  }

  protected onBook(market: CoinoneMarket): void {
    if (!market.listed) return;
    this.trades.follow(market);
    this.#publish(market, market.book.still());
    if (this.rate === 0 || market.repeat !== undefined) return;
    if (!this.random.chance(REPEATS / (1 - REPEATS))) return;
    // A change below the sixteenth level: the visible ones go out again under a new id.
    market.repeat = this.later(this.random.int(20, 200), () => {
      market.repeat = undefined;
      if (market.listed) this.#repeat(market);
    });
  }

  #repeat(market: CoinoneMarket): void {
    this.#publish(market, market.shown.book);
  }

  protected override beat(market: CoinoneMarket): void {
    if (this.random.chance(REPEATS)) this.#repeat(market);
    else super.beat(market);
  }

  #publish(market: CoinoneMarket, book: StillBook): void {
    const { shown } = market;
    market.before = shown;
    market.shown = { ...nextId(shown), book };
    for (const socket of this.sockets) {
      const live = socket.state.topics.ORDERBOOK.get(market.pair)?.live === true;
      if (live) this.#send(socket, market, market.shown.ms);
    }
  }

  #send(socket: SimulatedSocket<CoinoneState>, market: CoinoneMarket, timestamp: number): void {
    const { id, ms, book } = market.shown;
    const frame = frameOf(market, book);
    if (!socket.sendBook(frame, [`${timestamp}`, id], false)) return;
    this.record(market, ms, frame, socket);
  }

  protected tradeId(_market: CoinoneMarket, ms: number, n: number): string {
    return `${ms}${`${n + 1}`.padStart(3, '0')}`;
  }

  protected sendTrades(market: CoinoneMarket, trades: readonly Trade[]): void {
    const tape = this.trades.tape(market);
    const followers = [...this.sockets].filter(
      ({ state }) => state.topics.TRADE.get(market.pair)?.live === true,
    );
    if (followers.length === 0) return;
    for (const trade of trades) {
      const frame = this.#tradeFrame(market, trade);
      for (const socket of followers) if (socket.send(frame)) tape.sent(trade);
    }
  }

  #tradeFrame(market: CoinoneMarket, trade: Trade): string {
    return tradeFrame(market, this.trades.onSocket(trade));
  }

  protected onRest(request: RestRequest): RestReply {
    const [, space, version, call, quote = '', base] = request.path.split('/');
    if (space !== 'public' || version !== 'v2' || quote === '') return PAGE;
    const left = this.limits ? this.#bucket.take(request.ip) : 1199;
    const headers: Record<string, string> = {
      'Content-Type': 'application/json',
      'cf-cache-status': 'DYNAMIC',
      ...(left > 0 ? { 'public-ratelimit-remaining': `${left}` } : {}),
      'public-ratelimit-replenish-rate': '20',
      'public-ratelimit-burst-capacity': '1200',
    };
    if (left < 0) {
      // The HTTP status of this body is unknown; the other errors of Coinone come with 200.
      return { status: 200, body: restError('4', 'Blocked user access'), headers };
    }
    const body = this.#answer(request, call, quote.toUpperCase(), base?.toUpperCase());
    return body === null ? PAGE : { status: 200, body, headers };
  }

  /** Body of a call; null: no such path. */
  #answer(
    request: RestRequest,
    call: string | undefined,
    quote: string,
    base: string | undefined,
  ): string | null {
    const markets = this.listedMarkets().filter(
      (market) => market.currency === quote && (base ?? market.symbol) === market.symbol,
    );
    const unknown = base !== undefined && markets.length === 0;
    const list = { result: 'success', error_code: '0', server_time: Date.now() };
    switch (call) {
      case 'markets':
        if (unknown) return UNKNOWN_PAIR;
        return JSON.stringify({ ...list, markets: markets.map(marketRow) });
      case 'orderbook':
        if (base === undefined) return null;
        return unknown ? UNKNOWN_PAIR : this.#restBook(request, markets[0]!);
      case 'trades':
        if (base === undefined) return null;
        return unknown ? UNKNOWN_PAIR : this.#restTrades(request, markets[0]!);
      default:
        return null;
    }
  }

  /** Older trades cannot be requested. */
  #restTrades({ query }: RestRequest, market: CoinoneMarket): string {
    const size = query.get('size') ?? '200';
    if (!['10', '50', '100', '150', '200'].includes(size)) return WRONG_PARAMETER;
    const page = this.trades.tape(market).page(Number(size));
    return restTrades(
      market,
      page.map((trade) => this.trades.byRest(trade)),
    );
  }

  #restBook(request: RestRequest, market: CoinoneMarket): string {
    const size = request.query.get('size') ?? '15';
    const unit = request.query.get('order_book_unit') ?? '0.0';
    // Grouped books are not simulated, so any other unit counts as wrong.
    if (!['5', '10', '15', '16'].includes(size) || !['0', '0.0'].includes(unit)) {
      return WRONG_PARAMETER;
    }
    const { id, ms, book } = market.shown;
    const asks = book.asks.slice(0, Number(size));
    const bids = book.bids.slice(0, Number(size));
    this.record(market, ms, { asks, bids }, null);
    return restBook(market, id, ms, asks, bids);
  }
}

const WRONG_PARAMETER = restError('107', 'Parameter value is wrong');

/** A wrong path is answered by a page of the site, with status 200. */
const PAGE: RestReply = {
  status: 200,
  body: '<!doctype html><html lang="ko"><head><title>Coinone</title></head><body></body></html>',
  headers: { 'Content-Type': 'text/html; charset=utf-8' },
};

/** An id greater than `last`, of this moment if the clock allows. */
function nextId(last: { id: string; ms: number }): { id: string; ms: number } {
  const now = Date.now();
  if (now > last.ms) return { id: `${now}001`, ms: now };
  const counter = Number(last.id.slice(-3)) + 1;
  if (counter > 999) return { id: `${last.ms + 1}001`, ms: last.ms + 1 };
  return { id: `${last.ms}${`${counter}`.padStart(3, '0')}`, ms: last.ms };
}

/** Starts a simulated Coinone. */
export async function startCoinoneSimulator(
  options: CoinoneOptions = {},
): Promise<CoinoneSimulator> {
  const settings = {
    exchange: 'COINONE' as const,
    wsPath: '/',
    timing: TIMING,
    pairs: PAIRS,
    trades: { ageMs: [80, 95] as const, perMs: 998 },
    deflate: false,
  };
  return new CoinoneServer(settings, options).start();
}

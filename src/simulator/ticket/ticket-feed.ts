import { BookFrame, HOLE, sameLevels, type BookLevel, type StillBook } from '../book/book.js';
import { SimulatorServer } from '../server/simulator-server.js';
import type { RestReply, RestRequest, SimulatedMarket, Timing } from '../simulator.js';
import type { SimulatedSocket } from '../server/socket.js';
import type { ShownTrade, Trade } from '../trade/trade.js';
import { minuteCandles, ticksPage, type TicksDialect } from './history.js';
import { parseTicketRequest, type Channel, type Wanted, type Wording } from './requests.js';

/** Paths of the two REST calls about the past. */
export const TICKS_PATH = '/v1/trades/ticks';
export const CANDLES_PATH = '/v1/candles/minutes/1';

const MISSING = 'Missing request parameter error. Check the required parameters!';

/** Intervals of the ticket protocol, ms; `0` switches one off or means at once. */
export interface FeedTiming extends Timing {
  /** Between a first text `PING` and the first `{"status":"UP"}`. */
  upFirstMs: number;
  /** Between later `UP` messages. `0`: none. */
  upIntervalMs: number;
  /** How long the replaced subscription still delivers after a new request. */
  replaceMs: number;
  /** Between one batch of SNAPSHOT frames and the next. */
  snapshotStepMs: number;
}

/** Both sides as the wire shows them, best first, not padded. */
export interface Shown {
  readonly asks: readonly BookLevel[];
  readonly bids: readonly BookLevel[];
}

/** A market as the feed keeps it. */
export interface FeedMarket extends SimulatedMarket {
  /** Wire name, e.g. `KRW-BTC`. */
  readonly code: string;
  /** The book as last published; REST and SNAPSHOT frames also show it. */
  published: StillBook;
  /** Time of the last frame, in the unit of the exchange's own clock (Upbit ms, Bithumb us). */
  timestamp: number;
  /** Subscriptions that deliver. */
  readonly live: Record<Channel, Set<Subscription>>;
}

/** One code of one subscribe request. */
export interface Subscription {
  readonly socket: SimulatedSocket<FeedState>;
  readonly market: FeedMarket;
  readonly channel: Channel;
  readonly only: Wanted['only'];
}

/** For {@link FeedMarket.live}. */
export function noSubscriptions(): FeedMarket['live'] {
  return { orderbook: new Set(), trade: new Set() };
}

/** What the feed keeps for a socket. */
export interface FeedState {
  /** Subscriptions of the newest request. */
  subscriptions: Subscription[];
  /** Subscriptions that deliver, briefly including replaced ones. */
  readonly live: Set<Subscription>;
  /** Whether `UP` messages have been asked for. */
  up: boolean;
  /** Timer of the SNAPSHOT frames still to come. */
  snapshots: NodeJS.Timeout | undefined;
}

/**
 * What Upbit and Bithumb (generation 2) have in common: requests that replace each other, SNAPSHOT
 * then REALTIME, `PING` and `UP`. Their differences are in their own files.
 */
export abstract class TicketFeed<
  M extends FeedMarket,
  T extends FeedTiming,
> extends SimulatorServer<M, FeedState, T> {
  /** Levels a side in a frame. */
  protected abstract readonly depth: number;
  /** SNAPSHOT frames sent at once before the next `snapshotStepMs`. */
  protected abstract readonly snapshotBatch: number;
  protected abstract readonly wording: Wording;
  /** How trades are requested by REST. */
  protected abstract readonly ticks: Omit<TicksDialect, 'restId'>;

  /** Text of a book frame, with these texts for what differs each time it is sent. */
  protected abstract frameText(
    code: string,
    timestamp: string,
    shown: Shown,
    stream: string,
  ): string;
  /** JSON text of the time of the market's last frame. */
  protected abstract timestampText(market: M): string;
  /** Time of the market's last frame in ms, for the ledger. */
  protected abstract frameTime(market: M): number;
  /** Text of a trade frame. */
  protected abstract tradeText(market: M, trade: ShownTrade, stream: string): string;
  /** Text of a REST trade, as {@link SimulatorServer.trades} shows it by REST. */
  protected abstract tradeRow(market: M, trade: ShownTrade): string;
  /** Text of a REST book. */
  protected abstract restBookText(market: M, shown: Shown, depth: number): string;
  /** A REST error; `name` is its status as a number. */
  protected abstract restError(name: number, message: string): RestReply;
  /** Levels a side of a REST reply for this many markets. */
  protected restDepth(_markets: number): number {
    return this.depth;
  }
  /** Levels as the wire shows them (Bithumb cuts volumes); the default shows them exactly. */
  protected shownLevel(level: BookLevel): BookLevel {
    return level;
  }
  /** Whether a REALTIME frame goes out before this SNAPSHOT. */
  protected realtimeFirst(): boolean {
    return false;
  }
  /** Why a valid request is refused anyway (Upbit limits their rate); null: it is not. */
  protected refuseRequest(_socket: SimulatedSocket<FeedState>): string | null {
    return null;
  }

  /** Whether a later subscription leaves the earlier one running. */
  protected keepsReplaced = false;

  protected openSocket(): FeedState {
    return { subscriptions: [], live: new Set(), up: false, snapshots: undefined };
  }

  protected onMessage(socket: SimulatedSocket<FeedState>, text: string): void {
    if (text === 'PING') {
      this.#startUp(socket);
      return;
    }
    const request = parseTicketRequest(text, this.wording);
    const refusal = 'refusal' in request ? request.refusal : this.refuseRequest(socket);
    if (refusal !== null) this.sendErrorAndClose(socket, refusal);
    // Unknown codes give no subscription and no error.
    else if ('wanted' in request) {
      const subscriptions = request.wanted.flatMap(({ channel, code, only }) => {
        const market = this.byCode(code);
        return market === undefined ? [] : { socket, market, channel, only };
      });
      this.#subscribe(socket, subscriptions);
    }
  }

  protected override onSocketClosed(socket: SimulatedSocket<FeedState>): void {
    this.#end(socket.state.live);
  }

  protected override onListing(market: M): void {
    if (!market.listed) for (const live of Object.values(market.live)) live.clear();
  }

  /** The listed market with that wire name. */
  protected byCode(code: string): M | undefined {
    const [currency, symbol] = code.split('-', 2);
    const market = this.markets.get(`${symbol ?? ''}-${currency ?? ''}`);
    return market?.listed === true && market.code === code ? market : undefined;
  }

  /** Books of `/v1/orderbook`. */
  protected restBooks({ query }: RestRequest): RestReply {
    const names = query.get('markets') ?? '';
    if (names === '') return this.restError(400, MISSING);
    const markets = names.split(',').map((code) => this.byCode(code.toUpperCase()));
    if (markets.includes(undefined)) return this.restError(404, 'Code not found');
    const depth = this.restDepth(markets.length);
    const bodies = (markets as M[]).map((market) => {
      const shown = this.show(market.published, depth);
      this.record(market, this.frameTime(market), shown, null);
      return this.restBookText(market, shown, depth);
    });
    return { status: 200, body: `[${bodies.join(',')}]` };
  }

  /** Trades or minute candles of one market, by the path. */
  protected restHistory({ path, query }: RestRequest): RestReply {
    const code = query.get('market') ?? '';
    if (code === '') return this.restError(400, MISSING);
    const market = this.byCode(code.toUpperCase());
    if (market === undefined) return this.restError(404, 'Code not found');
    const tape = this.trades.tape(market);
    if (path === CANDLES_PATH)
      return { status: 200, body: minuteCandles(market.code, tape, query) };
    const restId = (trade: ShownTrade): string => this.restTradeId(trade);
    const page = ticksPage(tape, query, { ...this.ticks, restId });
    if (page === null) return this.restError(400, 'Invalid parameter');
    const rows = page.map((trade) => this.tradeRow(market, this.trades.byRest(trade)));
    return { status: 200, body: `[${rows.join(',')}]` };
  }

  /** Replaces all subscriptions of a socket by these. */
  #subscribe(socket: SimulatedSocket<FeedState>, subscriptions: Subscription[]): void {
    const { state } = socket;
    socket.cancel(state.snapshots);
    const old = state.subscriptions;
    state.subscriptions = subscriptions;
    // The books of the old request may still send a frame or two.
    if (old.length > 0 && !this.keepsReplaced)
      socket.in(this.timing.replaceMs, () => this.#end(old));
    const send = (from: number): void => {
      const batch = subscriptions.slice(from, from + this.snapshotBatch);
      for (const subscription of batch) this.#begin(subscription);
      const next = from + batch.length;
      if (next >= subscriptions.length) return;
      state.snapshots = socket.later(this.timing.snapshotStepMs, () => send(next));
    };
    state.snapshots = socket.in(this.timing.snapshotDelayMs, () => send(0));
  }

  /** Makes the market's current book the public one, and sends it unless it shows the same levels. */
  protected publish(market: M, timestamp: number): void {
    const before = this.#frame(market);
    this.trades.follow(market);
    market.published = market.book.still();
    const now = this.#frame(market);
    if (sameLevels(now.asks, before.asks) && sameLevels(now.bids, before.bids)) return;
    market.timestamp = timestamp;
    this.sendToAll(market);
  }

  /** Sends the published book as REALTIME to all subscribers of the market. */
  protected sendToAll(market: M): void {
    for (const subscription of market.live.orderbook) this.sendBook(subscription, 'REALTIME');
  }

  /** Sends one frame of the published book to one subscription. */
  protected sendBook(subscription: Subscription, stream: 'SNAPSHOT' | 'REALTIME'): void {
    const market = subscription.market as M;
    const { socket } = subscription;
    const frame = this.#frame(market);
    // Both exchanges send every book as a binary frame.
    if (!socket.sendBook(frame, [this.timestampText(market), stream], true)) return;
    this.record(market, this.frameTime(market), frame, socket);
  }

  protected sendTrades(market: M, trades: readonly Trade[]): void {
    const followers = market.live.trade;
    if (followers.size === 0) return;
    const tape = this.trades.tape(market);
    for (const trade of trades) {
      const frame = this.#tradeFrame(market, trade, 'REALTIME');
      for (const { socket } of followers) if (socket.send(frame)) tape.sent(trade);
    }
  }

  /** Every trade is a separate binary frame. */
  #tradeFrame(market: M, trade: Trade, stream: string): Buffer {
    return Buffer.from(this.tradeText(market, this.trades.onSocket(trade), stream));
  }

  /** The first `depth` levels of a book as the wire shows them. */
  protected show(book: StillBook, depth: number): Shown {
    const side = (levels: readonly BookLevel[]): BookLevel[] =>
      levels.slice(0, depth).map((level) => this.shownLevel(level));
    return { asks: side(book.asks), bids: side(book.bids) };
  }

  /** The published book of a market; its holes are the timestamp, then the stream type. */
  #frame({ code, published }: M): BookFrame {
    return published.frame(() => {
      const shown = this.show(published, this.depth);
      return new BookFrame(shown, this.frameText(code, HOLE, shown, HOLE));
    });
  }

  #begin(subscription: Subscription): void {
    const { market, socket } = subscription;
    if (!socket.open || !market.listed) return;
    if (subscription.channel === 'trade') {
      const { last } = this.trades.tape(market as M);
      const streams = this.realtimeFirst() ? ['REALTIME', 'SNAPSHOT'] : ['SNAPSHOT'];
      for (const stream of subscription.only === 'realtime' ? [] : streams) {
        if (last !== undefined) socket.send(this.#tradeFrame(market as M, last, stream));
      }
      if (subscription.only === 'snapshot') return;
    } else {
      if (this.realtimeFirst()) this.sendBook(subscription, 'REALTIME');
      this.sendBook(subscription, 'SNAPSHOT');
    }
    market.live[subscription.channel].add(subscription);
    socket.state.live.add(subscription);
  }

  #end(subscriptions: Iterable<Subscription>): void {
    for (const subscription of subscriptions) {
      subscription.market.live[subscription.channel].delete(subscription);
      subscription.socket.state.live.delete(subscription);
    }
  }

  #startUp(socket: SimulatedSocket<FeedState>): void {
    if (socket.state.up || this.timing.upIntervalMs === 0) return;
    socket.state.up = true;
    const send = (): void => void socket.send('{"status":"UP"}', { keepalive: true });
    socket.later(this.timing.upFirstMs, () => {
      send();
      socket.every(this.timing.upIntervalMs, send);
    });
  }
}

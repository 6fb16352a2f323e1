import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Exchange } from '../../market/exchange.js';
import { BookLevel, type Book, type BookChanges, type BookSpec } from '../book/book.js';
import { FaultSwitches } from './fault-switches.js';
import { answerHttp, refuseUpgrade } from './http-answer.js';
import { Ledger } from './ledger.js';
import { parsePair } from '../book/market-profile.js';
import { unitsFromText } from '../book/number-text.js';
import { Random, seedFrom } from '../random.js';
import { RandomSteps } from './random-steps.js';
import { SimulatedSocket } from './socket.js';
import { SyntheticBook } from '../book/synthetic-book.js';
import { Tally, type SentSides } from './tally.js';
import { Timers } from './timers.js';
import { Tapes, type TradeRules } from '../trade/tapes.js';
import type { TakerSide, Trade, TradePace } from '../trade/trade.js';
import type {
  Faults,
  RestReply,
  RestRequest,
  SentBook,
  SimulatedMarket,
  Simulator,
  SimulatorOptions,
  Timing,
  UpgradeRequest,
  UpgradeVerdict,
} from '../simulator.js';

/** What an exchange file passes to the base. */
export interface ServerSettings<T extends Timing> {
  readonly exchange: Exchange;
  /** Path of {@link Simulator.wsUrl}, e.g. `/websocket/v1`. */
  readonly wsPath: string;
  /** Measured values of every interval. */
  readonly timing: T;
  /** Pairs listed unless the options name others. */
  readonly pairs: readonly string[];
  /** What is particular to its trades. */
  readonly trades: TradeRules;
  /** Whether permessage-deflate is accepted when a client offers it. */
  readonly deflate: boolean;
  /** Whether REST replies are gzipped when a client accepts that. Default false. */
  readonly gzip?: boolean;
}

/** Trades unless the options say otherwise. */
const TRADES: TradePace = { fills: 2, kept: 20_000 };

/** How often an idle socket is checked again while connections are half open, ms. */
const HALF_OPEN_CHECK_MS = 100;

/**
 * Everything the five simulated exchanges share: port, upgrades, sockets, REST plumbing, ledger,
 * rhythm of the books, faults. An exchange extends it with its markets, messages and routes.
 *
 * `M` is its market, `S` what it keeps per socket, `T` its intervals. Call {@link start} once after
 * construction.
 */
export abstract class SimulatorServer<
  M extends SimulatedMarket,
  S,
  T extends Timing,
> implements Simulator {
  readonly exchange: Exchange;
  abstract readonly faults: Faults;
  readonly tally = new Tally();
  readonly trades: Tapes<M>;
  readonly sent: SentBook[];
  readonly received: Simulator['received'];
  readonly upgrades: Simulator['upgrades'];
  readonly requests: Simulator['requests'];

  /** Intervals in force; an exchange's faults may change them. */
  protected readonly timing: T;
  /** Rate at which books change by themselves, see {@link SimulatorOptions.rate}. */
  protected readonly rate: number;
  /** Whether a {@link SimulatorOptions.pacer} sets the moments of frames. */
  protected readonly paced: boolean;
  protected readonly seed: number;
  /** Whether rate limits are enforced. */
  protected readonly limits: boolean;
  /** Randomness for everything but books, so that traffic does not change what `step` gives. */
  protected readonly random: Random;
  /** Markets by pair, delisted ones included. */
  protected readonly markets = new Map<string, M>();
  protected readonly sockets = new Set<SimulatedSocket<S>>();

  readonly #settings: ServerSettings<T>;
  readonly #options: SimulatorOptions;
  readonly #ledger: Ledger;
  readonly #server: Server;
  readonly #wss: WebSocketServer;
  readonly #timers = new Timers();
  readonly #steps: RandomSteps;
  readonly #switches = new FaultSwitches();
  #sockets = 0;
  #origin = '';
  #closed = false;

  constructor(settings: ServerSettings<T>, options: SimulatorOptions) {
    this.#settings = settings;
    this.#options = options;
    this.exchange = settings.exchange;
    this.rate = options.rate ?? 1;
    if (!Number.isFinite(this.rate) || this.rate < 0) throw new Error('rate must be 0 or more');
    this.paced = options.pacer !== undefined;
    if (this.paced && this.rate !== 0) throw new Error('rate must be 0 beside a pacer');
    this.seed = options.seed ?? 1;
    this.limits = options.limits ?? true;
    this.random = new Random(seedFrom(this.seed, settings.exchange, 'traffic'));
    this.#steps = new RandomSteps(this.random);
    const given = Object.entries(options.timing ?? {}).filter(([, value]) => value !== undefined);
    this.timing = { ...settings.timing, ...Object.fromEntries(given) };
    this.#ledger = new Ledger(settings.exchange, options.ledger ?? 200_000);
    this.sent = this.#ledger.sent;
    this.received = this.#ledger.received;
    this.upgrades = this.#ledger.upgrades;
    this.requests = this.#ledger.requests;
    this.trades = this.#makeTapes();
    this.#server = createServer((request, response) => this.#onRequest(request, response));
    this.#wss = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      autoPong: false,
      perMessageDeflate: settings.deflate,
    });
    this.#server.on('upgrade', (request: IncomingMessage, tcp: Duplex, head: Buffer) =>
      this.#onUpgrade(request, tcp, head),
    );
  }

  // What an exchange adds.

  /** A new market with its first book. */
  protected abstract createMarket(pair: string): M;
  /** State of a socket that has just opened; may already send. */
  protected abstract openSocket(socket: SimulatedSocket<S>): S;
  /** A message of a client. */
  protected abstract onMessage(socket: SimulatedSocket<S>, text: string): void;
  /** A book has changed and must be published. */
  protected abstract onBook(market: M, changes: BookChanges): void;
  /** Answers a REST request. */
  protected abstract onRest(request: RestRequest): RestReply;
  /** Accepts or refuses an upgrade (path, limits, signature ...). */
  protected abstract judgeUpgrade(request: UpgradeRequest): UpgradeVerdict;
  /** Id on the sockets of the trade number `n` (from 0) of a market at `ms`; called once for each. */
  protected abstract tradeId(market: M, ms: number, n: number): string;
  /**
   * Sends the trades of one order to all subscribers of the market's trades; see
   * {@link Tapes.onSocket}.
   */
  protected abstract sendTrades(market: M, trades: readonly Trade[]): void;
  /** Id of a trade by REST. */
  protected restTradeId(trade: { id: string; ms: number }): string {
    return trade.id;
  }
  /** Time that the sockets show for a trade at `ms`, Unix ms. */
  protected tradeMoment(ms: number): number {
    return ms;
  }
  /** A socket is gone. */
  protected onSocketClosed(_socket: SimulatedSocket<S>): void {}
  /** A market was listed (again) or taken off the list; `market.listed` says which. */
  protected onListing(_market: M): void {}
  /**
   * A frame of the market is due, under a {@link SimulatorOptions.pacer}. The default changes the
   * book; an exchange that repeats books does so here now and then.
   */
  protected beat(market: M): void {
    this.step(market.pair);
  }
  /** Changes of a market a second at rate 1. */
  protected changesPerSecond(market: M): number {
    return market.profile.changesPerSecond;
  }
  /** When a socket will be dropped as idle if nothing changes, Unix ms; null: never. */
  protected idleDeadline(socket: SimulatedSocket<S>): number | null {
    if (this.timing.idleDropMs === 0) return null;
    const last = Math.max(socket.openedAt, socket.lastIn ?? 0, socket.lastOut ?? 0);
    return last + this.timing.idleDropMs;
  }

  // Simulator.

  /** Lists the markets, opens the port and starts the books. */
  async start(): Promise<this> {
    for (const pair of this.#options.pairs ?? this.#settings.pairs) this.#addMarket(pair);
    const { port = 0, host = '127.0.0.1' } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, resolve);
    });
    const address = this.#server.address() as AddressInfo;
    this.#origin = `${host.includes(':') ? `[${host}]` : host}:${address.port}`;
    for (const market of this.markets.values()) this.#pace(market);
    return this;
  }

  get restUrl(): string {
    return `http://${this.#origin}`;
  }

  get wsUrl(): string {
    return `ws://${this.#origin}${this.#settings.wsPath}`;
  }

  get env(): Record<string, string> {
    return { [`${this.exchange}_WS_URL`]: this.wsUrl, [`${this.exchange}_REST_URL`]: this.restUrl };
  }

  get pairs(): readonly string[] {
    return this.listedMarkets().map((market) => market.pair);
  }

  onSent(listener: (book: SentBook) => void): () => void {
    return this.#ledger.onSent(listener);
  }

  connections(): number {
    let open = 0;
    for (const socket of this.sockets) if (socket.open) open += 1;
    return open;
  }

  step(pair: string, times = 1): void {
    const market = this.market(pair);
    for (let i = 0; i < times; i++) this.onBook(market, market.book.step());
  }

  setBook(pair: string, asks: [string, string][], bids: [string, string][]): void {
    const market = this.market(pair);
    const parse = ([price, volume]: [string, string]): BookLevel =>
      new BookLevel(unitsFromText(price), unitsFromText(volume));
    const changes = market.book.set(asks.map(parse), bids.map(parse));
    this.trades.skip(market);
    this.onBook(market, changes);
  }

  trade(pair: string, side: TakerSide = 'buy', volumes?: string[]): void {
    if (side !== 'buy' && side !== 'sell') throw new Error("side must be 'buy' or 'sell'");
    const market = this.market(pair);
    this.onBook(market, this.trades.take(market, side, volumes));
  }

  burst(pair: string, count: number): void {
    const market = this.market(pair);
    this.onBook(market, this.trades.burst(market, count));
  }

  list(pair: string): void {
    const known = this.markets.get(pair);
    if (known?.listed === true) return;
    if (known !== undefined) known.listed = true;
    const market = known ?? this.#addMarket(pair);
    this.onListing(market);
    this.#pace(market);
  }

  delist(pair: string): void {
    const market = this.market(pair);
    if (!market.listed) return;
    market.listed = false;
    this.#steps.remove(pair);
    this.#options.pacer?.remove(pair);
    this.onListing(market);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#timers.clearTimers();
    this.#steps.close();
    for (const pair of this.markets.keys()) this.#options.pacer?.remove(pair);
    for (const socket of this.sockets) socket.destroy();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  // For exchange files.

  /** Markets on the list, in order of listing. */
  protected listedMarkets(): M[] {
    return [...this.markets.values()].filter((market) => market.listed);
  }

  /** The market of a pair, listed or not. @throws {Error} when there is none. */
  protected market(pair: string): M {
    const market = this.markets.get(pair);
    if (market === undefined)
      throw new Error(`${this.exchange} has no pair ${JSON.stringify(pair)}`);
    return market;
  }

  /** The book of a new market. */
  protected makeBook(pair: string, spec: BookSpec, seed: number): Book {
    return this.#options.makeBook?.(pair, spec, seed) ?? new SyntheticBook(spec, seed);
  }

  /** Records a sent book, without zero levels, in the ledger. @param changed {@link Tally.count} */
  protected record(
    market: M,
    exchangeTimestamp: number | null,
    sides: SentSides,
    socket: SimulatedSocket<S> | null,
    changed?: boolean,
  ): void {
    const { asks, bids } = sides;
    this.#ledger.book(market, exchangeTimestamp, asks, bids, socket?.id ?? 0);
    if (socket === null) return;
    this.tally.count(market.pair, exchangeTimestamp, sides, socket.id, changed);
  }

  /** Runs `task` once in `ms` unless the simulator closes before. */
  protected later(ms: number, task: () => void): NodeJS.Timeout {
    return this.#timers.later(ms, task);
  }

  /** Sends an error frame, then closes after `timing.errorCloseMs`, as Upbit and Bithumb do. */
  protected sendErrorAndClose(socket: SimulatedSocket<S>, text: string, code = 1000): void {
    if (!socket.send(text)) return;
    socket.closing = true;
    socket.later(this.timing.errorCloseMs, () => socket.close(code));
  }

  /** The fault switches every exchange has. */
  protected commonFaults(): Faults {
    return {
      ...this.#switches.calls(this.sockets),
      setTiming: (name, ms) => this.#setTiming(name, ms),
      tradeFault: (pair, kind, n = 1) => this.trades.plan(this.market(pair), kind, n),
      dropTrades: (chance) => (this.trades.dropChance = chance),
      forgetTrades: (pair) => this.trades.tape(this.market(pair)).forget(),
    };
  }

  // Inner workings.

  #setTiming(name: string, ms: number): void {
    const timing = this.timing as unknown as Record<string, number>;
    if (!(name in timing)) {
      throw new Error(`${this.exchange} has no ${name}; one of: ${Object.keys(timing).join(', ')}`);
    }
    timing[name] = ms;
  }

  #makeTapes(): Tapes<M> {
    const wire = {
      rules: this.#settings.trades,
      moment: (ms: number) => this.tradeMoment(ms),
      id: (market: M, ms: number, n: number) => this.tradeId(market, ms, n),
      restId: (trade: { id: string; ms: number }) => this.restTradeId(trade),
      send: (market: M, trades: readonly Trade[]) => {
        if (market.listed) this.sendTrades(market, trades);
      },
      later: (ms: number, task: () => void) => void this.later(ms, task),
    };
    const random = new Random(seedFrom(this.seed, this.exchange, 'trades'));
    const alive = this.rate > 0 || this.paced;
    return new Tapes(wire, this.#options.trades ?? TRADES, random, alive);
  }

  #addMarket(pair: string): M {
    parsePair(pair);
    const market = this.createMarket(pair);
    this.markets.set(pair, market);
    return market;
  }

  /** Makes a book change by itself. */
  #pace(market: M): void {
    const { pacer } = this.#options;
    const { pair } = market;
    if (pacer !== undefined) pacer.add(pair, () => this.beat(market));
    else {
      const perSecond = this.changesPerSecond(market) * this.rate;
      this.#steps.add(pair, perSecond, (times) => this.step(pair, times));
    }
  }

  #onUpgrade(request: IncomingMessage, tcp: Duplex, head: Buffer): void {
    tcp.on('error', () => tcp.destroy());
    const target = new URL(request.url ?? '/', 'http://simulator');
    const ip = request.socket.remoteAddress ?? '';
    const { headers } = request;
    const query = target.searchParams;
    const verdict: UpgradeVerdict =
      this.#switches.refuseStatus === null
        ? this.#switches.changes.upgrade(
            target.pathname,
            this.judgeUpgrade({ path: target.pathname, query, headers, ip }),
          )
        : { status: this.#switches.refuseStatus };
    const url = request.url ?? '/';
    this.#ledger.upgrade(url, headers, verdict.status);
    if (verdict.status !== 101) {
      refuseUpgrade(tcp, verdict);
      return;
    }
    const addHeaders = (lines: string[]): void => {
      for (const [name, value] of Object.entries(verdict.headers ?? {}))
        lines.push(`${name}: ${value}`);
    };
    // handleUpgrade emits 'headers' synchronously, so this listener serves this upgrade only.
    this.#wss.once('headers', addHeaders);
    this.#wss.handleUpgrade(request, tcp, head, (ws) => this.#onOpen(ws, tcp, { ip, url }));
    this.#wss.off('headers', addHeaders);
  }

  #onOpen(ws: WebSocket, tcp: Duplex, request: { ip: string; url: string }): void {
    this.#sockets += 1;
    const socket = new SimulatedSocket<S>(this.#sockets, ws, tcp, request, this.#switches);
    this.sockets.add(socket);
    ws.on('error', () => ws.terminate());
    ws.on('close', () => {
      this.sockets.delete(socket);
      this.tally.forget(socket.id);
      this.onSocketClosed(socket);
    });
    socket.state = this.openSocket(socket);
    if (this.#switches.changes.pingOnOpen) socket.ping();
    if (this.#switches.changes.greeting !== null) socket.send(this.#switches.changes.greeting);
    ws.on('message', (data: Buffer) => {
      socket.lastIn = Date.now();
      const text = data.toString('utf8');
      this.#ledger.message(socket.id, text);
      if (socket.closing) return;
      const rule = this.#switches.changes.rule(text);
      if (rule?.ignore !== true) this.onMessage(socket, rule?.as ?? text);
      for (const reply of rule?.replies ?? []) socket.send(reply);
      if (rule?.close !== undefined) socket.close(rule.close);
    });
    ws.on('ping', (payload: Buffer) => {
      socket.lastIn = Date.now();
      socket.pong(payload);
    });
    ws.on('pong', () => {
      socket.lastIn = Date.now();
    });
    if (this.#switches.halfOpen) socket.deafen(true);
    this.#watchIdle(socket);
  }

  #watchIdle(socket: SimulatedSocket<S>): void {
    const deadline = this.idleDeadline(socket);
    if (deadline === null) return;
    socket.later(Math.max(1, deadline - Date.now()), () => {
      const now = this.idleDeadline(socket);
      if (now === null) return;
      // A half-open connection stays; its idle time ends with the fault.
      if (this.#switches.halfOpen) socket.later(HALF_OPEN_CHECK_MS, () => this.#watchIdle(socket));
      else if (now <= Date.now()) socket.destroy();
      else this.#watchIdle(socket);
    });
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    request.resume();
    response.on('error', () => response.destroy());
    const url = request.url ?? '/';
    const entry = this.#ledger.request(url);
    const fault = this.#switches.rest;
    if (fault === 'hang') return;
    const answer = (): void => {
      const fixed = typeof fault === 'object' && fault !== null;
      const reply = fixed
        ? fault
        : this.#switches.changes.reply(
            url,
            'user-agent' in request.headers,
            this.#route(request, url),
          );
      entry.status = reply.status;
      answerHttp(request, response, reply, this.#settings.gzip ?? false);
    };
    const delay = fault === 'slow' ? this.timing.restSlowMs : this.timing.restDelayMs;
    if (delay > 0) this.later(delay, answer);
    else answer();
  }

  #route(request: IncomingMessage, url: string): RestReply {
    const mark = url.indexOf('?');
    const path = mark === -1 ? url : url.slice(0, mark);
    const rawQuery = mark === -1 ? '' : url.slice(mark + 1);
    return this.onRest({
      method: request.method ?? 'GET',
      path,
      rawQuery,
      query: new URLSearchParams(rawQuery),
      headers: request.headers,
      ip: request.socket.remoteAddress ?? '',
    });
  }
}

import { BookLevel } from '../book/book.js';
import {
  bithumbFrame,
  bithumbRestBook,
  bithumbTradeFrame,
  bithumbTradeRow,
  DEPTH,
} from './frames.js';
import { bookSpecOf, coinNames, parsePair, profileOf } from '../book/market-profile.js';
import { seedFrom } from '../random.js';
import { Penalty, SlidingLimit, TokenBucket } from '../server/rate-limit.js';
import type { RestReply, RestRequest, UpgradeRequest, UpgradeVerdict } from '../simulator.js';
import { KST_AHEAD_MS } from '../ticket/history.js';
import {
  CANDLES_PATH,
  noSubscriptions,
  TicketFeed,
  TICKS_PATH,
  type FeedMarket,
  type Shown,
} from '../ticket/ticket-feed.js';
import type { ShownTrade } from '../trade/trade.js';
import {
  PAIRS,
  TIMING,
  type BithumbFaults,
  type BithumbOptions,
  type BithumbSimulator,
  type BithumbTimestampForm,
  type BithumbTiming,
} from './options.js';

export type { BithumbOptions, BithumbSimulator } from './options.js';

/** Levels a side of a REST reply for one market, and for several. */
const REST_DEPTH = { one: 30, several: 15 };
/** Kept deeper than the wire, so that removed levels are followed by others. */
const BOOK_DEPTH = 45;
/** Sizes have four decimals: this many units of 1e-8. */
const VOLUME_UNIT = 10_000n;
/** Share of levels that are dust on markets that have any (403 and 1,457 sides in about 14,000). */
const DUST = 0.06;
/** A query of this many characters is refused; 4,264 was, 200 markets are not. */
const MAX_QUERY = 4264;

interface BithumbMarket extends FeedMarket {
  /** The book has changed since the last frame. */
  dirty: boolean;
  /** No frame before this time, ms. */
  quietUntil: number;
  /** The next frame is scheduled. */
  due: boolean;
}

/** Bithumb, generation 2, after `docs/exchanges/bithumb.md`: `/websocket/v1` and REST `/v1`. */
class BithumbServer extends TicketFeed<BithumbMarket, BithumbTiming> implements BithumbSimulator {
  // 493 codes had their first frames some 600 ms after the request.
  protected readonly snapshotBatch = 8;
  protected readonly depth = DEPTH;
  protected readonly ticks = { days: 'daysAgo', ahead: KST_AHEAD_MS };
  protected readonly wording = {
    format: WRONG_FORMAT,
    // Documented as NO_TYPE, measured as WRONG_FORMAT.
    noType: WRONG_FORMAT,
    snakeCase: false,
    unsupported: (type: string) =>
      JSON.stringify({
        error: { name: 'INVALID_PARAM', message: `${type} 은 지원하지 않는 타입입니다.` },
      }),
  };
  readonly faults: BithumbFaults = {
    ...this.commonFaults(),
    timestampForm: (form) => {
      if (!['us', 'us-string', 'ms'].includes(form)) {
        throw new Error("timestampForm must be 'us', 'us-string' or 'ms'");
      }
      this.#form = form;
    },
    dust: (on) => this.#setDust(on),
    repeats: (ratio) => {
      if (!(ratio >= 0 && ratio < 1)) throw new Error('repeats must be at least 0 and below 1');
      this.#repeats = ratio;
    },
    realtimeBeforeSnapshot: (on) => (this.#realtimeFirst = on),
    keepReplaced: (on) => (this.keepsReplaced = on),
  };
  #form: BithumbTimestampForm = 'us';
  #dust = true;
  #repeats = this.rate === 0 && !this.paced ? 0 : 0.5;
  #realtimeFirst = false;
  readonly #connects = new SlidingLimit(10, 1000);
  // "If it persists" is not defined: five refusals within ten seconds here.
  readonly #penalty = new Penalty(5, 10_000);
  readonly #buckets = new TokenBucket(150, 150);

  protected createMarket(pair: string): BithumbMarket {
    const { symbol, currency } = parsePair(pair);
    const profile = profileOf(symbol, currency);
    const spec = bookSpecOf(profile, BOOK_DEPTH, VOLUME_UNIT);
    const dust = this.#dust && hasDust(pair) ? DUST : 0;
    const seed = seedFrom(this.seed, 'BITHUMB', pair);
    const book = this.makeBook(pair, { ...spec, dust }, seed);
    return {
      pair,
      symbol,
      currency,
      profile,
      book,
      listed: true,
      code: `${currency}-${symbol}`,
      published: book.still(),
      timestamp: Date.now() * 1000,
      live: noSubscriptions(),
      dirty: false,
      quietUntil: 0,
      due: false,
    };
  }

  protected override shownLevel(level: BookLevel): BookLevel {
    const rest = level.volume % VOLUME_UNIT;
    if (rest === 0n) return level;
    let shown = this.#shown.get(level);
    if (shown === undefined) {
      shown = new BookLevel(level.price, level.volume - rest);
      this.#shown.set(level, shown);
    }
    return shown;
  }

  /** Levels as shown, cached so that their texts are made only once. */
  readonly #shown = new WeakMap<BookLevel, BookLevel>();

  protected onBook(market: BithumbMarket): void {
    if (!market.listed) return;
    market.dirty = true;
    if (market.due) return;
    const wait = market.quietUntil - Date.now();
    if (this.timing.publishMs === 0 || wait <= 0) this.#slot(market);
    else this.#schedule(market, wait);
  }

  protected override beat(market: BithumbMarket): void {
    if (this.random.chance(this.#repeats)) this.#publish(market, true);
    else super.beat(market);
  }

  #schedule(market: BithumbMarket, ms: number): void {
    market.due = true;
    this.later(ms, () => {
      market.due = false;
      if (market.listed) this.#slot(market);
    });
  }

  /** Sends one frame, a new book or a repeat, and schedules the next. */
  #slot(market: BithumbMarket): void {
    const usual = this.timing.publishMs;
    if (usual === 0) {
      // Without a rhythm the repeats of a change follow at once.
      this.#publish(market, false);
      if (this.paced) return;
      while (this.random.chance(this.#repeats)) this.#publish(market, true);
      return;
    }
    const repeat = market.quietUntil > 0 && this.random.chance(this.#repeats);
    if (!repeat && !market.dirty) return;
    this.#publish(market, repeat);
    const gap = this.random.int(Math.ceil(usual * 0.7), Math.ceil(usual * 1.3));
    market.quietUntil = Date.now() + gap;
    this.#schedule(market, gap);
  }

  #publish(market: BithumbMarket, repeat: boolean): void {
    const us = Date.now() * 1000 + this.random.int(0, 999);
    const timestamp = Math.max(us, market.timestamp + 1);
    if (repeat) {
      market.timestamp = timestamp;
      this.sendToAll(market);
    } else {
      market.dirty = false;
      this.publish(market, timestamp);
    }
  }

  protected readonly frameText = bithumbFrame;

  protected timestampText(market: BithumbMarket): string {
    if (this.#form === 'ms') return `${this.frameTime(market)}`;
    return this.#form === 'us' ? `${market.timestamp}` : `"${market.timestamp}"`;
  }

  protected frameTime(market: BithumbMarket): number {
    return Math.floor(market.timestamp / 1000);
  }

  protected override realtimeFirst(): boolean {
    // Seen once in the measurements; here once in a hundred, or always by the fault.
    return this.#realtimeFirst || (this.rate > 0 && this.random.chance(0.01));
  }

  /** Ms since 2025-09-16 in Korea, above 25 bits of unknown meaning (`bithumb.trade-id.ws`). */
  protected tradeId(_market: BithumbMarket, ms: number, n: number): string {
    return `${(BigInt(ms - ID_EPOCH) << 25n) + BigInt(ID_LOW + n)}`;
  }

  /** Trades of one ms share their id by REST. */
  protected override restTradeId({ ms }: { ms: number }): string {
    return `${ms}0000`;
  }

  protected tradeText(market: BithumbMarket, trade: ShownTrade, stream: string): string {
    return bithumbTradeFrame(market.code, trade, Date.now(), market.profile.price, stream);
  }

  #setDust(on: boolean): void {
    this.#dust = on;
    for (const market of this.markets.values()) {
      const { book } = market;
      book.dust = on && hasDust(market.pair) ? DUST : 0;
      const isDust = (level: BookLevel): boolean => level.volume < VOLUME_UNIT;
      if (on || ![...book.asks, ...book.bids].some(isDust)) continue;
      const clean = (level: BookLevel): BookLevel =>
        isDust(level) ? new BookLevel(level.price, VOLUME_UNIT) : level;
      book.set(book.asks.map(clean), book.bids.map(clean));
      this.onBook(market);
    }
  }

  protected judgeUpgrade(request: UpgradeRequest): UpgradeVerdict {
    if (request.path !== '/websocket/v1') return { status: 404, body: NO_ROUTE };
    if (!this.limits) return { status: 101 };
    if (this.#penalty.remaining(request.ip) > 0) return { status: 429 };
    if (this.#connects.take(request.ip) >= 0) return { status: 101 };
    this.#penalty.refused(request.ip, this.timing.blockMs);
    return { status: 429 };
  }

  protected onRest(request: RestRequest): RestReply {
    const { path } = request;
    const category = /orderbook|trades|candles/.exec(path)?.[0] ?? 'other';
    const left = this.limits ? this.#buckets.take(`${category} ${request.ip}`) : 149;
    const headers = {
      'x-ratelimit-remaining': `${Math.max(0, left)}`,
      'x-ratelimit-requested-tokens': '1',
      'x-ratelimit-burst-capacity': '150',
      'x-ratelimit-replenish-rate': '150',
    };
    // The body of a refusal is unknown; clients can only rely on the status.
    if (left < 0) return { status: 429, body: '', headers };
    return { ...this.#answer(request), headers };
  }

  #answer(request: RestRequest): RestReply {
    const { path, query, rawQuery } = request;
    if (rawQuery.length >= MAX_QUERY) return { status: 414, body: '' };
    if (path === '/v1/market/all') return this.#marketList(query.get('isDetails') === 'true');
    if (path === '/v1/orderbook') return this.restBooks(request);
    if (path === TICKS_PATH || path === CANDLES_PATH) return this.restHistory(request);
    return { status: 404, body: NO_ROUTE };
  }

  protected override restDepth(markets: number): number {
    return markets === 1 ? REST_DEPTH.one : REST_DEPTH.several;
  }

  protected restBookText(market: BithumbMarket, shown: Shown, depth: number): string {
    return bithumbRestBook(market.code, this.frameTime(market), shown, depth);
  }

  protected tradeRow({ code, profile }: BithumbMarket, trade: ShownTrade): string {
    return bithumbTradeRow(code, trade, profile.price);
  }

  /** Errors of generation 2 come with HTTP 200. */
  protected restError(name: number, message: string): RestReply {
    return { status: 200, body: JSON.stringify({ error: { name, message } }) };
  }

  #marketList(details: boolean): RestReply {
    const rows = this.listedMarkets().map(({ code, symbol }) => {
      const { korean, english } = coinNames(symbol);
      const row = { market: code, korean_name: korean, english_name: english };
      return details ? { ...row, market_warning: 'NONE' } : row;
    });
    return { status: 200, body: JSON.stringify(rows) };
  }
}

/** 2025-09-16 00:00 in Korea, Unix ms: where the time in a trade id begins. */
const ID_EPOCH = 1_757_948_400_000;
/** Low 25 bits of the first trade of a ms; those of the captures were 4220214 to 4220452. */
const ID_LOW = 4_220_214;

/** Error frames as captured (`bithumb.error.close-1000`); in all of them the name comes first. */
const WRONG_FORMAT = '{"error":{"name":"WRONG_FORMAT","message":"Format 이 맞지 않습니다."}}';

/** Whether a market naturally has dust: KRW-BTC and about one in nine others (54 of 493). */
function hasDust(pair: string): boolean {
  return pair === 'BTC-KRW' || seedFrom('dust', pair) % 9 === 0;
}

/** Unknown path: the one error without an `error` object (`bithumb.error.unknown-path`). */
const NO_ROUTE = '{"name":"not_found","message":"No Route matched with those values"}';

/** Starts a simulated Bithumb. */
export async function startBithumbSimulator(
  options: BithumbOptions = {},
): Promise<BithumbSimulator> {
  const rate = options.rate ?? 1;
  // Ten times the rate is ten times the frames; without a rhythm a step is published at once.
  const usual = Math.max(1, Math.round(TIMING.publishMs / Math.max(1, rate)));
  const settings = {
    exchange: 'BITHUMB' as const,
    wsPath: '/websocket/v1',
    timing: { ...TIMING, publishMs: rate === 0 ? 0 : usual },
    pairs: PAIRS,
    trades: { ageMs: [260, 313] as const, perMs: 999 },
    deflate: true,
  };
  return new BithumbServer(settings, options).start();
}

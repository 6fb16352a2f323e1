import { seedFrom, Random } from '../random.js';
import { Penalty, SlidingLimit, WindowLimit } from '../server/rate-limit.js';
import { bookSpecOf, coinNames, parsePair, profileOf } from '../book/market-profile.js';
import type { RestReply, RestRequest, UpgradeRequest, UpgradeVerdict } from '../simulator.js';
import type { SimulatedSocket } from '../server/socket.js';
import {
  CANDLES_PATH,
  noSubscriptions,
  TicketFeed,
  TICKS_PATH,
  type FeedMarket,
  type FeedState,
  type Shown,
} from '../ticket/ticket-feed.js';
import type { ShownTrade } from '../trade/trade.js';
import { DEPTH, upbitFrame, upbitRestBook, upbitTradeFrame, upbitTradeRow } from './frames.js';
import {
  PAIRS,
  TIMING,
  type UpbitFaults,
  type UpbitOptions,
  type UpbitSimulator,
  type UpbitTiming,
} from './options.js';

export type { UpbitOptions, UpbitSimulator } from './options.js';

/** Kept deeper than the wire, so that removed levels are followed by others. */
const BOOK_DEPTH = 60;

interface UpbitMarket extends FeedMarket {
  /** Where on the grid this market publishes. */
  readonly phase: number;
  /** Waiting for its next grid point. */
  due: boolean;
}

/** Body of a 429, as quoted in client logs (`upbit.refusal.rest-over-limit`). */
const TOO_MANY = '{"error":{"name":"too_many_requests"}}';

/**
 * Simulated Upbit: public WebSocket `/websocket/v1` and the quotation REST calls. Written from
 * `docs/exchanges/upbit.md`; what is marked unknown there is noted where it is decided here.
 */
class UpbitServer extends TicketFeed<UpbitMarket, UpbitTiming> implements UpbitSimulator {
  protected readonly depth = DEPTH;
  protected readonly snapshotBatch = 50;
  protected readonly ticks = { days: 'days_ago', ahead: 0 };
  // The key orders are those of the captures (`upbit.error.close-1000`).
  protected readonly wording = {
    format: '{"error":{"message":"Format 이 맞지 않습니다.","name":"WRONG_FORMAT"}}',
    noType: '{"error":{"name":"NO_TYPE","message":"type 필드가 존재하지 않습니다."}}',
    snakeCase: true,
    unsupported: (type: string) =>
      JSON.stringify({
        error: { message: `${type} 은 지원하지 않는 타입입니다.`, name: 'INVALID_PARAM' },
      }),
  };
  readonly faults: UpbitFaults = {
    ...this.commonFaults(),
    microsecondTimestamps: (on) => (this.#microseconds = on),
    keepReplaced: (on) => (this.keepsReplaced = on),
  };
  #microseconds = false;
  readonly #connects = new WindowLimit(5);
  readonly #groups = new WindowLimit(10);
  readonly #penalty = new Penalty(10, 10_000);
  readonly #perSecond = new SlidingLimit(5, 1000);
  readonly #perMinute = new SlidingLimit(100, 60_000);

  protected createMarket(pair: string): UpbitMarket {
    const { symbol, currency } = parsePair(pair);
    const profile = profileOf(symbol, currency);
    const spec = bookSpecOf(profile, BOOK_DEPTH, 1n);
    const book = this.makeBook(pair, spec, seedFrom(this.seed, 'UPBIT', pair));
    const random = new Random(seedFrom('phase', this.seed, pair));
    // A quiet book has the time of its last change, seconds or minutes ago.
    const age = Math.floor(random.exponential(1000 / profile.changesPerSecond));
    return {
      pair,
      symbol,
      currency,
      profile,
      book,
      listed: true,
      code: `${currency}-${symbol}`,
      published: book.still(),
      timestamp: Date.now() - Math.min(age, 300_000),
      live: noSubscriptions(),
      phase: random.int(0, 99),
      due: false,
    };
  }

  protected onBook(market: UpbitMarket): void {
    if (!market.listed || market.due) return;
    const grid = this.timing.gridMs;
    const now = Date.now();
    if (grid === 0) {
      this.publish(market, Math.max(now, market.timestamp + 1));
      return;
    }
    const phase = market.phase % grid;
    let point = now - (now % grid) + phase;
    while (point <= now || point <= market.timestamp) point += grid;
    market.due = true;
    this.later(point - now, () => {
      market.due = false;
      if (market.listed) this.publish(market, point);
    });
  }

  protected readonly frameText = upbitFrame;

  protected timestampText({ timestamp }: UpbitMarket): string {
    return this.#microseconds ? `${timestamp}000` : `${timestamp}`;
  }

  protected frameTime({ timestamp }: UpbitMarket): number {
    return timestamp;
  }

  protected tradeId(_market: UpbitMarket, ms: number, n: number): string {
    return `${ms}${`${n}`.padStart(4, '0')}`;
  }

  protected tradeText(market: UpbitMarket, trade: ShownTrade, stream: string): string {
    const { code, profile, published } = market;
    // One in eight as before 2024-11, without the best prices.
    const touch = trade.ms % 8 === 0 ? null : published;
    return upbitTradeFrame(code, trade, Date.now(), profile.price, touch, stream);
  }

  protected override refuseRequest(socket: SimulatedSocket<FeedState>): string | null {
    const key = `${socket.id}`;
    if (!this.limits || (this.#perSecond.take(key) >= 0 && this.#perMinute.take(key) >= 0)) {
      return null;
    }
    // The texts and the close are a guess: only the names are documented.
    return '{"error":{"name":"TOO_MANY_REQUESTS","message":"Too Many Requests"}}';
  }

  protected judgeUpgrade(request: UpgradeRequest): UpgradeVerdict {
    if (request.path !== '/websocket/v1') return { status: 404, body: noRoute };
    if (!this.limits) return { status: 101, headers: remaining('websocket', 300, 4) };
    const left = this.#connects.take(request.ip);
    return left < 0
      ? { status: 429, body: TOO_MANY, headers: remaining('websocket', 300, 0) }
      : { status: 101, headers: remaining('websocket', 300, left) };
  }

  protected onRest(request: RestRequest): RestReply {
    const group = GROUPS[request.path];
    if (group === undefined) return { status: 404, body: noRoute };
    let limits = remaining(group, 600, 9);
    if (this.limits) {
      const blocked = this.#penalty.remaining(request.ip);
      if (blocked > 0) {
        // That the reply has the duration of the block is documented; its exact form is not.
        const seconds = Math.ceil(blocked / 1000);
        const message = `Blocked for ${seconds} seconds due to too many requests.`;
        return { status: 418, body: JSON.stringify({ error: { name: 'im_a_teapot', message } }) };
      }
      const left = this.#groups.take(`${group} ${request.ip}`);
      limits = remaining(group, 600, Math.max(0, left));
      if (left < 0) {
        this.#penalty.refused(request.ip, this.timing.blockMs);
        return { status: 429, body: TOO_MANY, headers: limits };
      }
    }
    const answer = this.#answer(request);
    return {
      ...answer,
      headers: { 'Cache-Control': 'no-cache, no-store, max-age=0, must-revalidate', ...limits },
    };
  }

  #answer(request: RestRequest): RestReply {
    if (request.path === '/v1/market/all') return this.#marketList();
    return request.path === '/v1/orderbook' ? this.restBooks(request) : this.restHistory(request);
  }

  protected restBookText({ code, timestamp }: UpbitMarket, shown: Shown): string {
    return upbitRestBook(code, timestamp, shown);
  }

  protected tradeRow({ code, profile }: UpbitMarket, trade: ShownTrade): string {
    return upbitTradeRow(code, trade, profile.price);
  }

  /** A quotation error. */
  protected restError(name: number, message: string): RestReply {
    return { status: name, body: JSON.stringify({ error: { name, message } }) };
  }

  #marketList(): RestReply {
    const rows = this.listedMarkets().map(({ code, symbol }) => {
      const { korean, english } = coinNames(symbol);
      return { market: code, korean_name: korean, english_name: english };
    });
    return { status: 200, body: JSON.stringify(rows) };
  }
}

/** The rate groups of the paths, by their names on the wire. */
const GROUPS: Readonly<Record<string, string>> = {
  '/v1/market/all': 'market',
  '/v1/orderbook': 'orderbook',
  [TICKS_PATH]: 'crix-trades',
  [CANDLES_PATH]: 'candle',
};
const noRoute = '{"error":{"name":"not_found","message":"no Route matched with those values"}}';
/** Headers with what is left of a limit; `min` is a constant kept for old clients. */
function remaining(group: string, min: number, sec: number): Record<string, string> {
  return { 'Remaining-Req': `group=${group}; min=${min}; sec=${sec}`, 'Limit-By-Ip': 'Yes' };
}

/** Starts a simulated Upbit. */
export async function startUpbitSimulator(options: UpbitOptions = {}): Promise<UpbitSimulator> {
  const rate = options.rate ?? 1;
  // Ten times the rate is ten times the frames; without a rhythm a step is published at once.
  const gridMs = rate === 0 ? 0 : Math.max(1, Math.round(TIMING.gridMs / Math.max(1, rate)));
  const settings = {
    exchange: 'UPBIT' as const,
    wsPath: '/websocket/v1',
    timing: { ...TIMING, gridMs },
    pairs: PAIRS,
    // 6 of 298 trades came after a newer one.
    trades: { ageMs: [35, 60] as const, perMs: 999, late: 0.02 },
    deflate: true,
    gzip: true,
  };
  return new UpbitServer(settings, options).start();
}

import { parseExactJson } from '../../market/exact-json.js';
import { marketName, type Pair, pairText } from '../../market/market.js';
import type { Sides } from '../../market/order-book.js';
import type { ExchangeAdapter, FeedContext } from '../feed.js';
import { exchangeTime, tellsOrder } from '../exchange-time.js';
import { SIZE_MANNER } from '../adaptive-limit.js';
import { RateLimiter } from '../rate-limiter.js';
import { namesIn, SubscribeRequests } from '../refused-requests.js';
import { fetchBody } from '../rest-books.js';
import type { RestClient } from '../rest.js';
import {
  optionalText,
  readLevelObjects,
  wireArray,
  WireError,
  wireObject,
  type WireObject,
  wireText,
} from '../wire.js';
import { WSController } from '../ws-controller.js';
import { WSFeed } from '../ws-feed.js';
import type { WSProfile } from '../ws-profile.js';
import { refusalKind } from '../refusal.js';
import { listFrom, type ListForm } from './list-from.js';

/** Facts: `korbit.connect.*` and `korbit.ws.*`. */
export const KORBIT_PROFILE: WSProfile = {
  // 193 symbols on one socket were all served; no limit is documented.
  maxPairs: 10_000,
  pingEveryMs: 15_000,
  // The server pings every 30 s itself; 75 to 90 s without anything mean dead
  // (`korbit.ws.client-advice`).
  silentAfterMs: 75_000,
  firstBookWithinMs: 10_000,
  // None is documented; requests in halves are the only time when there are many.
  messageLimits: [{ count: 20, ms: 1000 }],
  maxPayload: 4 * 1024 * 1024,
};

/**
 * Korbit (now Digital X), v2: requests are JSON arrays, symbols lower case `btc_krw`; success is
 * silent without a `requestId`; messages with `status` are answers, all others data; every frame is
 * the whole book. A refused symbol fails its whole request, so the others are asked for again, in
 * halves when the refusal does not say which it means ({@link SubscribeRequests}).
 */
export class KorbitController extends WSController {
  #nextId = 1;
  /** Most symbols of one request. */
  readonly #most = this.context.limits.limit('WS_REQUEST', KORBIT_PROFILE.maxPairs, SIZE_MANNER);
  readonly #requests = new SubscribeRequests((size) =>
    this.#most.refused(`a request of ${size} symbols was refused, its halves were not`, size),
  );

  protected override getWSUrl(): string {
    return this.context.urls.wsUrl;
  }

  protected override getMessage(): readonly string[] {
    return this.#subscribes([...this.pairs.values()]);
  }

  protected override getChangeMessage(
    added: readonly Pair[],
    removed: readonly Pair[],
  ): readonly string[] {
    return [
      ...(removed.length > 0 ? [this.#request('unsubscribe', removed)] : []),
      ...this.#subscribes(added),
    ];
  }

  protected override resetConnection(): void {
    this.#requests.clear();
  }

  protected override handleMessage(data: Buffer): void {
    const message = wireObject(parseExactJson(data.toString('utf8')), 'the message');
    if ('status' in message) this.#answer(message);
    else if (message['type'] === 'orderbook') this.#book(message);
  }

  #subscribes(pairs: readonly Pair[]): string[] {
    const most = this.#most.value;
    const messages: string[] = [];
    for (let from = 0; from < pairs.length; from += most)
      messages.push(this.#request('subscribe', pairs.slice(from, from + most)));
    return messages;
  }

  #request(
    method: 'subscribe' | 'unsubscribe',
    pairs: readonly Pair[],
    half: object | null = null,
  ): string {
    const requestId = this.#nextId++;
    if (method === 'subscribe') this.#requests.open(String(requestId), pairs, half);
    return JSON.stringify([{ requestId, method, type: 'orderbook', symbols: pairs.map(symbolOf) }]);
  }

  /** `{"symbol":"btc_krw","timestamp":…,"type":"orderbook","snapshot":true,"data":{"timestamp":…,"asks":[{"price":"116506000","qty":"0.27522"},…],"bids":[…]}}` */
  #book(message: WireObject): void {
    const pair = pairOf(wireText(message['symbol'], 'symbol'));
    try {
      const book = wireObject(message['data'], 'data');
      this.deliver(
        pairText(pair),
        {
          asks: readLevelObjects('ask', book['asks'], 'price', 'qty'),
          bids: readLevelObjects('bid', book['bids'], 'price', 'qty'),
        },
        exchangeTime(book['timestamp']),
        undefined,
        tellsOrder(book['timestamp']) ? undefined : null,
      );
    } catch (error) {
      throw error instanceof Error ? new WireError(error.message, pair) : error;
    }
  }

  /**
   * A refusal reads `The symbol does not exist (nope_krw)` with code `INVALID_SYMBOL`
   * (`korbit.answer.invalid-symbol`).
   */
  #answer(message: WireObject): void {
    const id = optionalText(message['requestId']) ?? '';
    if (message['status'] === 'success') {
      for (const { pair, reason } of this.#requests.accepted(id)) this.refuse(pair, reason);
      return;
    }
    const code = optionalText(message['code']);
    const text = optionalText(message['message']);
    const reason = [code, text].filter((t) => t !== null).join(': ');
    if (refusalKind(0, reason) === 'RATE') {
      this.refusedBy(reason);
      return;
    }
    const named = namesIn(reason);
    const after = this.#requests.refused(
      id,
      reason,
      (pair) => named.has(symbolOf(pair)),
      code === 'INVALID_SYMBOL',
    );
    if (after === null || after.refused.length === 0)
      this.context.host.log('EXCHANGE_ERROR', null, { reason });
    if (after === null) return;
    for (const { pair, reason: words } of after.refused) this.refuse(pair, words);
    for (const { pairs, half } of after.again) {
      const carried = pairs.filter((pair) => this.pairs.has(pairText(pair)));
      if (carried.length > 0) this.send([this.#request('subscribe', carried, half)]);
    }
    if (after.hopeless) this.reconnect('REFUSED', reason);
  }
}

function symbolOf(pair: Pair): string {
  return pair.code ?? `${pair.symbol}_${pair.currency}`.toLowerCase();
}

function pairOf(symbol: string): Pair {
  const line = symbol.lastIndexOf('_');
  if (line <= 0 || line === symbol.length - 1)
    throw new WireError(`symbol is "${symbol}"; expected e.g. btc_krw`);
  const pair = {
    symbol: marketName(symbol.slice(0, line)),
    currency: marketName(symbol.slice(line + 1)),
  };
  return symbolOf(pair) === symbol ? pair : { ...pair, code: symbol };
}

async function fetchBook(rest: RestClient, pairs: readonly Pair[]): Promise<Map<string, Sides>> {
  const pair = pairs[0]!;
  return fetchBody(rest, `/v2/orderbook?symbol=${encodeURIComponent(symbolOf(pair))}`, (body) => {
    const book = wireObject(wireObject(body, 'the answer')['data'], 'data');
    const sides = {
      asks: readLevelObjects('ask', book['asks'], 'price', 'qty'),
      bids: readLevelObjects('bid', book['bids'], 'price', 'qty'),
    };
    return new Map([[pairText(pair), sides]]);
  });
}

const LIST: ListForm = {
  path: '/v2/currencyPairs',
  rows: (body) => wireArray(wireObject(body, 'the answer')['data'], 'data'),
  read: (row) => {
    const pair = pairOf(wireText(row['symbol'], 'symbol'));
    // Older answers have no status; then presence means listed (`korbit.market-list.status`).
    if ((row['status'] ?? 'launched') !== 'launched') return null;
    return { ...pair, koreanName: null, englishName: null };
  },
};

/** Korbit. Only launched pairs are listed: a stopped one gives one empty book and then nothing. */
export const korbit: ExchangeAdapter = {
  exchange: 'KORBIT',
  // "Some messages may be dropped when the network is slow or traffic heavy"
  // (`korbit.book.messages-dropped`).
  completeness: 'MAY_DROP',
  ordersByTime: true,
  // One market a call, 50 calls a second (`korbit.limit.public-50-per-second`).
  restBooks: { batch: 1, everyMs: 500, depth: 30, fetch: fetchBook },
  listMarkets: (rest, onOdd) => listFrom(rest, LIST, onOdd),
  createFeed: (context: FeedContext) => {
    const connects = new RateLimiter([{ count: 2, ms: 1000 }]);
    const capacity = context.limits.socketCapacity(KORBIT_PROFILE.maxPairs);
    return new WSFeed(() => new KorbitController(context, KORBIT_PROFILE, connects), capacity);
  },
};

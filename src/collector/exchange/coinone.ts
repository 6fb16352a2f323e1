import { type ExactJson, parseExactJson } from '../../market/exact-json.js';
import type { GapCause } from '../../market/gap.js';
import { type Pair, pairText } from '../../market/market.js';
import type { Sides } from '../../market/order-book.js';
import type { ExchangeAdapter, FeedContext } from '../feed.js';
import { RateLimiter } from '../rate-limiter.js';
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
import { listFrom, type ListForm } from './list-from.js';

/** Facts: `coinone.subscribe.*` and `coinone.ws.*`. */
export const COINONE_PROFILE: WSProfile = {
  // 363 topics on one socket were all served; no limit is documented.
  maxPairs: 10_000,
  // A socket that never sends anything is dropped after 60 s; 30 minutes after the last PING else.
  pingEveryMs: 20_000,
  silentAfterMs: 60_000,
  // All 363 pairs had their first book within 1.15 s; 5 s is generous
  // (`coinone.error.names-no-topic`).
  firstBookWithinMs: 5000,
  // No limit is documented, and 363 messages in 4 ms were accepted once; 50 a second cost 7 s at most
  // and stay well inside what a server with a limit may take.
  messageLimits: [{ count: 50, ms: 1000 }],
  maxPayload: 1024 * 1024,
};

/**
 * Error code of a topic that does not exist; it does not say which one
 * (`coinone.error.invalid-topic`).
 */
const INVALID_TOPIC = '160012';

/**
 * Coinone: text frames, one SUBSCRIBE a pair after the CONNECTED greeting, whole books of 16 levels.
 * An acknowledgement proves nothing: an unknown pair is acknowledged first and refused right after
 * by an error that does not name it, so only a pair without a book is known to be refused.
 */
export class CoinoneController extends WSController {
  /** UNSUBSCRIBE requests that have no answer yet. */
  #unsubscribing = 0;

  protected override getWSUrl(): string {
    return this.context.urls.wsUrl;
  }

  protected override getMessage(): readonly string[] {
    return [...this.pairs.values()].map((pair) => request('SUBSCRIBE', pair));
  }

  protected override getChangeMessage(
    added: readonly Pair[],
    removed: readonly Pair[],
  ): readonly string[] {
    this.#unsubscribing += removed.length;
    return [
      ...removed.map((pair) => request('UNSUBSCRIBE', pair)),
      ...added.map((pair) => request('SUBSCRIBE', pair)),
    ];
  }

  protected override getKeepAliveMessage(): string {
    return '{"request_type":"PING"}';
  }

  protected override get subscribesOnGreeting(): boolean {
    return true;
  }

  protected override resetConnection(): void {
    this.#unsubscribing = 0;
  }

  /** 4290 = more than 20 connections of one address (`coinone.ws.connections-20`). */
  protected override closeCause(code: number): GapCause {
    return code === 4290 ? 'RATE_LIMITED' : 'DISCONNECTED';
  }

  protected override handleMessage(data: Buffer): void {
    const message = wireObject(parseExactJson(data.toString('utf8')), 'the message');
    switch (message['response_type'] ?? message['r']) {
      case 'CONNECTED':
        this.subscribe();
        break;
      case 'DATA':
        if ((message['channel'] ?? message['c']) === 'ORDERBOOK') this.#book(message);
        break;
      case 'ERROR':
        this.#error(message);
        break;
      case 'UNSUBSCRIBED':
        this.#unsubscribing = Math.max(0, this.#unsubscribing - 1);
        break;
      // SUBSCRIBED and PONG need nothing.
    }
  }

  /**
   * A whole book. `asks` come worst first (`coinone.book.asks-worst-first`), readSide puts them
   * best first. Order is by
   * `id`: equal = a repeat after a second SUBSCRIBE, smaller = older than what is known. Its last three
   * digits count the books of one ms; the others are the book's time, for the first frame's `timestamp`
   * is 10 s old.
   */
  #book(message: WireObject): void {
    const book = wireObject(message['data'] ?? message['d'], 'data');
    const pair: Pair = {
      symbol: wireText(book['target_currency'] ?? book['tc'], 'target_currency').toUpperCase(),
      currency: wireText(book['quote_currency'] ?? book['qc'], 'quote_currency').toUpperCase(),
    };
    const code = pairText(pair);
    try {
      const id = optionalText(book['id'] ?? book['i']) ?? '';
      const place = /^\d{16}$/.test(id) ? Number(id) / 1000 : undefined;
      const short = 'a' in book;
      const [price, volume] = short ? (['p', 'q'] as const) : (['price', 'qty'] as const);
      const sides = {
        asks: readLevelObjects('ask', book[short ? 'a' : 'asks'], price, volume),
        bids: readLevelObjects('bid', book[short ? 'b' : 'bids'], price, volume),
      };
      const time = place === undefined ? undefined : Math.floor(place);
      this.deliver(code, sides, time, undefined, place);
    } catch (error) {
      throw error instanceof Error ? new WireError(error.message, pair) : error;
    }
  }

  #error(message: WireObject): void {
    const code = optionalText(message['error_code']) ?? '';
    const field = optionalText(message['field']);
    const reason =
      `${code} ${optionalText(message['message']) ?? ''}${field === null ? '' : ` (${field})`}`.trim();
    const only = this.awaiting;
    // The error names no pair; where just one pair waits for its first book and no UNSUBSCRIBE for
    // its answer, it can mean no other.
    const certain = only.length === 1 && this.#unsubscribing === 0;
    if (code === INVALID_TOPIC && certain) this.refuse(only[0]!, reason);
    else if (code === INVALID_TOPIC) this.context.host.log('EXCHANGE_ERROR', null, { reason });
    else this.refusedBy(reason);
  }
}

function request(type: 'SUBSCRIBE' | 'UNSUBSCRIBE', pair: Pair): string {
  return JSON.stringify({
    request_type: type,
    channel: 'ORDERBOOK',
    topic: { quote_currency: pair.currency, target_currency: pair.code ?? pair.symbol },
    format: 'DEFAULT',
  });
}

async function fetchBook(rest: RestClient, pairs: readonly Pair[]): Promise<Map<string, Sides>> {
  const { symbol, currency, code } = pairs[0]!;
  const path = `/public/v2/orderbook/${encodeURIComponent(currency)}/${encodeURIComponent(code ?? symbol)}?size=16`;
  return fetchBody(rest, path, (body) => {
    const book = successOf(body);
    const sides = {
      asks: readLevelObjects('ask', book['asks'], 'price', 'qty'),
      bids: readLevelObjects('bid', book['bids'], 'price', 'qty'),
    };
    return new Map([[pairText({ symbol, currency }), sides]]);
  });
}

/** The body of a good answer; errors come with HTTP 200 (`coinone.error.rest-errors-in-200`). */
function successOf(body: ExactJson): WireObject {
  const answer = wireObject(body, 'the answer');
  if (answer['result'] === 'success') return answer;
  throw new WireError(
    `error ${optionalText(answer['error_code'])}: ${optionalText(answer['error_msg'])}`,
  );
}

const LIST: ListForm = {
  path: '/public/v2/markets/KRW',
  rows: (body) => wireArray(successOf(body)['markets'], 'markets'),
  read: (row) => {
    const symbol = wireText(row['target_currency'], 'target_currency');
    const currency = wireText(row['quote_currency'], 'quote_currency').toUpperCase();
    // Either case is understood (`coinone.subscribe.topic`), so only a mixed one has to be kept.
    const mixed = symbol !== symbol.toUpperCase() && symbol !== symbol.toLowerCase();
    const names = { koreanName: null, englishName: null };
    return { symbol, currency, ...(mixed ? { code: symbol } : {}), ...names };
  },
};

/** Coinone; only KRW has markets (`coinone.endpoint.only-krw`). */
export const coinone: ExchangeAdapter = {
  exchange: 'COINONE',
  completeness: 'ORDERED',
  // By their `id`, of which the time is a part.
  ordersByTime: true,
  // One market a call, 1,200 calls a minute (`coinone.ws.rest-1200-per-minute`).
  restBooks: { batch: 1, everyMs: 500, depth: 16, fetch: fetchBook },
  listMarkets: (rest, onOdd) => listFrom(rest, LIST, onOdd),
  createFeed: (context: FeedContext) => {
    const connects = new RateLimiter([{ count: 2, ms: 1000 }]);
    const capacity = context.limits.socketCapacity(COINONE_PROFILE.maxPairs);
    return new WSFeed(() => new CoinoneController(context, COINONE_PROFILE, connects), capacity);
  },
};

import { type Pair, pairText } from '../../../market/market.js';
import { SIZE_MANNER } from '../../limits/adaptive-limit.js';
import { faultOf } from '../../exchange-error.js';
import { WSController } from '../../socket/ws-controller.js';
import type { WSProfile } from '../../socket/ws-connection.js';
import { readQuotedJson } from '../../wire/quoted-json.js';
import { optionalText, wireObject, type WireObject } from '../../wire/wire.js';
import { bookRequest, readBook, readTrades, symbolOf } from './messages.js';
import { namesIn, SubscribeRequests } from './requests.js';

/** Facts: `korbit.connect.*` and `korbit.ws.*`. */
export const KORBIT_PROFILE: WSProfile = {
  // 193 symbols on one socket were all served; no limit is documented.
  maxPairs: 10_000,
  pingEveryMs: 15_000,
  // The server itself pings every 30 s; 75 to 90 s of silence mean dead
  // (`korbit.ws.client-advice`).
  silentAfterMs: 75_000,
  firstBookWithinMs: 10_000,
  // None is documented; only split requests ever make many messages.
  messageLimits: [{ count: 20, ms: 1000 }],
  maxPayload: 4 * 1024 * 1024,
  known: {
    keys: new Set([
      'symbol',
      'timestamp',
      'type',
      'snapshot',
      'data',
      'asks',
      'bids',
      'price',
      'qty',
      'status',
      'code',
      'message',
      'requestId',
    ]),
    times: { timestamp: [13] },
    levels: { asks: 30, bids: 30 },
  },
};

/**
 * Korbit (now Digital X), v2: requests are JSON arrays, symbols lower case `btc_krw`; success is
 * silent without a `requestId`; messages with `status` are answers, all others data; every frame is
 * a whole book. A refused symbol fails its whole request, so the others are requested again, by
 * halves if the refusal does not say which it means ({@link SubscribeRequests}).
 */
export class KorbitController extends WSController {
  #nextId = 1;
  /** Trade subscriptions not answered yet. */
  readonly #tradeRequests = new Map<string, readonly Pair[]>();
  /** Maximum symbols per request. */
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

  protected override readonly tradeSign = /"type"\s*:\s*"trade"/;

  protected override getTradesMessage(pairs: readonly Pair[]): readonly string[] {
    const requestId = this.#nextId++;
    this.#tradeRequests.set(String(requestId), pairs);
    return [bookRequest(requestId, 'subscribe', pairs, 'trade')];
  }

  protected override getTradesEnd(pairs: readonly Pair[]): readonly string[] {
    return [bookRequest(this.#nextId++, 'unsubscribe', pairs, 'trade')];
  }

  protected override resetConnection(): void {
    this.#tradeRequests.clear();
    this.#requests.clear();
  }

  protected override handleMessage(data: Buffer): void {
    readQuotedJson(data.toString('utf8'), (message) =>
      this.#handle(wireObject(message, 'the message')),
    );
  }

  #handle(message: WireObject): void {
    if ('status' in message) this.#answer(message);
    else if (message['type'] === 'orderbook') this.#book(message);
    else if (message['type'] === 'trade' && this.context.trades) {
      const { pair, trades, snapshot } = readTrades(message);
      this.deliverTrades(pairText(pair), trades, snapshot);
    } else {
      const what = JSON.stringify(message['type'] ?? Object.keys(message));
      this.context.host.odd('UNKNOWN_MESSAGE', what, what);
    }
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
    return bookRequest(requestId, method, pairs);
  }

  #book(message: WireObject): void {
    const { pair, sides, exchangeTimestamp, ordered } = readBook(message);
    const place = ordered ? undefined : null;
    this.deliver(pairText(pair), sides, exchangeTimestamp, undefined, place);
  }

  /** A refused pair fails its whole request: the others are requested again, by halves. */
  #tradesRefused(pairs: readonly Pair[], message: WireObject): void {
    const words = ['code', 'message'].map((key) => optionalText(message[key]));
    const reason = words.filter((text) => text !== null).join(': ');
    if (faultOf(0, reason) === 'RATE') {
      this.refusedBy(reason);
      return;
    }
    if (pairs.length === 1) {
      this.context.host.log('EXCHANGE_ERROR', pairs[0]!, { reason });
      return;
    }
    const middle = pairs.length >> 1;
    for (const half of [pairs.slice(0, middle), pairs.slice(middle)]) {
      this.send(this.getTradesMessage(half));
    }
  }

  /** The pair is refused individually, or is one too many for this socket and moves to another. */
  #giveUp(pair: Pair, words: string): void {
    if (this.serving && this.carrierHost !== null && faultOf(0, words) === 'SIZE')
      this.turnAway([pair], words);
    else this.refuse(pair, words);
  }

  /**
   * A refusal reads `The symbol does not exist (nope_krw)` with code `INVALID_SYMBOL`
   * (`korbit.answer.invalid-symbol`).
   */
  #answer(message: WireObject): void {
    const id = optionalText(message['requestId']) ?? '';
    const traded = this.#tradeRequests.get(id);
    if (traded !== undefined) {
      this.#tradeRequests.delete(id);
      if (message['status'] !== 'success') this.#tradesRefused(traded, message);
      return;
    }
    if (message['status'] === 'success') {
      for (const { pair, reason } of this.#requests.accepted(id)) this.#giveUp(pair, reason);
      return;
    }
    const code = optionalText(message['code']);
    const text = optionalText(message['message']);
    const reason = [code, text].filter((t) => t !== null).join(': ');
    if (faultOf(0, reason) === 'RATE') {
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
    for (const { pair, reason: words } of after.refused) this.#giveUp(pair, words);
    for (const { pairs, half } of after.again) {
      const carried = pairs.filter((pair) => this.pairs.has(pairText(pair)));
      if (carried.length > 0) this.send([this.#request('subscribe', carried, half)]);
    }
    if (after.hopeless) this.reconnect('REFUSED', reason);
  }
}

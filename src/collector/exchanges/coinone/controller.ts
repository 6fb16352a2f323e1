import type { GapCause } from '../../../market/gap.js';
import { type Pair, pairText } from '../../../market/market.js';
import { WSController } from '../../socket/ws-controller.js';
import type { WSProfile } from '../../socket/ws-connection.js';
import { type Json, readQuotedJson } from '../../wire/quoted-json.js';
import { optionalText, wireObject, type WireObject } from '../../wire/wire.js';
import { PING, readBook, readCoinoneTrade, topicRequest } from './messages.js';

/** Facts: `coinone.subscribe.*` and `coinone.ws.*`. */
export const COINONE_PROFILE: WSProfile = {
  // 363 topics on one socket were all served; no limit is documented.
  maxPairs: 10_000,
  // A socket that never sends anything is dropped after 60 s, otherwise 30 minutes after the last PING.
  pingEveryMs: 20_000,
  silentAfterMs: 60_000,
  // All 363 pairs had their first book within 1.15 s; 5 s is generous
  // (`coinone.error.names-no-topic`).
  firstBookWithinMs: 5000,
  // No limit is documented, and 363 messages in 4 ms were once accepted; 50 a second take 7 s at
  // most and stay well within any plausible limit.
  messageLimits: [{ count: 50, ms: 1000 }],
  maxPayload: 1024 * 1024,
  known: {
    keys: new Set([
      'response_type',
      'channel',
      'data',
      'session_id',
      'quote_currency',
      'target_currency',
      'timestamp',
      'id',
      'asks',
      'bids',
      'price',
      'qty',
      'error_code',
      'message',
      'field',
    ]),
    times: { timestamp: [13], id: [16] },
    levels: { asks: 16, bids: 16 },
  },
};

/** Error code for a nonexistent topic, which it does not name (`coinone.error.invalid-topic`). */
const INVALID_TOPIC = '160012';

/**
 * Coinone: text frames, one SUBSCRIBE per pair after the CONNECTED greeting, whole books of 16
 * levels. An acknowledgement proves nothing: an unknown pair is acknowledged first and refused
 * right after by an error that does not name it, so a refusal shows only in a missing book.
 */
export class CoinoneController extends WSController {
  /** UNSUBSCRIBE requests not answered yet. */
  #unsubscribing = 0;

  protected override getWSUrl(): string {
    return this.context.urls.wsUrl;
  }

  protected override getMessage(): readonly string[] {
    return [...this.pairs.values()].map((pair) => topicRequest('SUBSCRIBE', pair));
  }

  protected override getChangeMessage(
    added: readonly Pair[],
    removed: readonly Pair[],
  ): readonly string[] {
    this.#unsubscribing += removed.length;
    return [
      ...removed.map((pair) => topicRequest('UNSUBSCRIBE', pair)),
      ...added.map((pair) => topicRequest('SUBSCRIBE', pair)),
    ];
  }

  /**
   * A repeated SUBSCRIBE sends the book again (`coinone.subscribe.add-up`). Unsubscribing all pairs
   * first would leave each without messages for seconds after its gap has closed.
   */
  protected override getAgainMessage(pairs: readonly Pair[]): readonly string[] {
    return this.getChangeMessage(pairs, []);
  }

  protected override readonly tradeSign = /"c(hannel)?"\s*:\s*"TRADE"/;

  protected override getTradesMessage(pairs: readonly Pair[]): readonly string[] {
    return pairs.map((pair) => topicRequest('SUBSCRIBE', pair, 'TRADE'));
  }

  protected override getTradesEnd(pairs: readonly Pair[]): readonly string[] {
    this.#unsubscribing += pairs.length;
    return pairs.map((pair) => topicRequest('UNSUBSCRIBE', pair, 'TRADE'));
  }

  protected override getKeepAliveMessage(): string {
    return PING;
  }

  protected override get subscribesOnGreeting(): boolean {
    return true;
  }

  protected override resetConnection(): void {
    this.#unsubscribing = 0;
  }

  /** 4290 = more than 20 connections from one address (`coinone.ws.connections-20`). */
  protected override closeCause(code: number): GapCause {
    return code === 4290 ? 'RATE_LIMITED' : 'DISCONNECTED';
  }

  protected override handleMessage(data: Buffer): void {
    readQuotedJson(data.toString('utf8'), (message) =>
      this.#handle(wireObject(message, 'the message')),
    );
  }

  #handle(message: WireObject): void {
    switch (message['response_type'] ?? message['r']) {
      case 'CONNECTED':
        this.subscribe();
        break;
      case 'DATA':
        this.#data(message, message['channel'] ?? message['c']);
        break;
      case 'ERROR':
        this.#error(message);
        break;
      case 'UNSUBSCRIBED':
        this.#unsubscribing = Math.max(0, this.#unsubscribing - 1);
        break;
      case 'SUBSCRIBED':
      case 'PONG':
        break;
      default: {
        const what = JSON.stringify(message['response_type'] ?? Object.keys(message));
        this.context.host.odd('UNKNOWN_MESSAGE', what, what);
      }
    }
  }

  #data(message: WireObject, channel: Json | undefined): void {
    if (channel === 'ORDERBOOK') this.#book(message);
    else if (channel === 'TRADE' && this.context.trades) {
      const { pair, trade } = readCoinoneTrade(message);
      this.deliverTrades(pairText(pair), [trade]);
    }
  }

  #book(message: WireObject): void {
    const { pair, sides, exchangeTimestamp, place } = readBook(message);
    this.deliver(pairText(pair), sides, exchangeTimestamp, undefined, place);
  }

  #error(message: WireObject): void {
    const code = optionalText(message['error_code']) ?? '';
    const field = optionalText(message['field']);
    const reason =
      `${code} ${optionalText(message['message']) ?? ''}${field === null ? '' : ` (${field})`}`.trim();
    const only = this.awaiting;
    // The error names no pair; if exactly one pair awaits its first book and no UNSUBSCRIBE its
    // answer, it can mean no other.
    const certain = only.length === 1 && this.#unsubscribing === 0;
    if (code === INVALID_TOPIC && certain) this.refuse(only[0]!, reason);
    else if (code === INVALID_TOPIC) this.context.host.log('EXCHANGE_ERROR', null, { reason });
    else this.refusedBy(reason);
  }
}

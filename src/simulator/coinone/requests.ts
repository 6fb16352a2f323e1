/** Reading of Coinone's client messages (`coinone.subscribe.one-topic-per-message`). */
import { INVALID_REQUEST, invalidType } from './frames.js';
import { isObject } from '../simulator.js';

/** What a client asked for. */
export type CoinoneRequest =
  | { readonly kind: 'ping' }
  /** `text` is the ERROR frame. */
  | { readonly kind: 'error'; readonly text: string }
  | {
      readonly kind: 'SUBSCRIBE' | 'UNSUBSCRIBE';
      readonly channel: string;
      /** The topic as it was sent, to be echoed. */
      readonly topic: unknown;
      /** `BTC-KRW`; values of a topic are case-insensitive. */
      readonly pair: string;
    };

const CHANNELS = ['ORDERBOOK', 'TICKER', 'TRADE'];

function error(text: string): CoinoneRequest {
  return { kind: 'error', text };
}

/** Checks in the order of the keys; docs/exchanges does not say which of two mistakes is named. */
export function parseCoinoneRequest(text: string): CoinoneRequest {
  let request: unknown;
  try {
    request = JSON.parse(text);
  } catch {
    return error(INVALID_REQUEST);
  }
  if (!isObject(request)) return error(INVALID_REQUEST);
  const { request_type: type, channel, topic, format = 'DEFAULT' } = request;
  if (type === undefined) return error(INVALID_REQUEST);
  if (type === 'PING') return { kind: 'ping' };
  if (type !== 'SUBSCRIBE' && type !== 'UNSUBSCRIBE') return error(invalidType('request_type'));
  const quote = isObject(topic) ? topic['quote_currency'] : undefined;
  const target = isObject(topic) ? topic['target_currency'] : undefined;
  if (channel === undefined || typeof quote !== 'string' || typeof target !== 'string') {
    return error(INVALID_REQUEST);
  }
  if (typeof channel !== 'string' || !CHANNELS.includes(channel)) {
    return error(invalidType('channel'));
  }
  if (format !== 'DEFAULT') return error(invalidType('format'));
  return { kind: type, channel, topic, pair: `${target}-${quote}`.toUpperCase() };
}

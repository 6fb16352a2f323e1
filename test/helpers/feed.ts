import type { Feed, FeedContext } from '../../src/collector/feed.js';
import { LimitBoard } from '../../src/collector/limits/limit-board.js';
import { adapters } from '../../src/collector/exchanges/registry.js';
import { RestClient } from '../../src/collector/rest/rest-client.js';
import type { Exchange } from '../../src/market/exchange.js';
import type { Pair } from '../../src/market/market.js';
import { RecordingHost } from './recording-host.js';

/** `BTC-KRW` as a pair. */
export function pair(code: string): Pair {
  const [symbol, currency] = code.split('-') as [string, string];
  return { symbol, currency };
}

/** A real feed of an exchange pointed at a server of the test. */
export function feedOf(
  exchange: Exchange,
  urls: { wsUrl?: string; restUrl?: string },
  settings: Partial<FeedContext> & { bithumbTransport?: 'rest' | 'ws' } = {},
): { feed: Feed; host: RecordingHost } {
  const host = new RecordingHost();
  const restUrl = urls.restUrl ?? 'http://127.0.0.1:9';
  const context: FeedContext = {
    exchange,
    urls: { wsUrl: urls.wsUrl ?? 'ws://127.0.0.1:9', restUrl },
    host,
    rest: new RestClient(restUrl, 2000),
    limits: new LimitBoard(),
    clock: Date.now,
    random: () => 0,
    gopaxKeys: null,
    bithumbPollMs: 20,
    trades: false,
    ...settings,
  };
  const feed = adapters(settings.bithumbTransport ?? 'ws')[exchange].createFeed(context);
  return { feed, host };
}

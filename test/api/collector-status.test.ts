import { afterEach, describe, expect, it } from '@jest/globals';
import { market } from './helpers/books.js';
import { statusOf } from './helpers/memory-control.js';
import { serve, type TestServer } from './helpers/server.js';
import { answers, wsClient } from './helpers/ws.js';

let server: TestServer;
afterEach(() => server.api.close());

describe('collectorStatus', () => {
  it('gives the matching collectors as they are, then every change of state at once', async () => {
    server = await serve();
    server.control.put(statusOf(market('UPBIT', 'BTC'), { lastBookAt: Date.now() }));
    server.control.put(statusOf(market('UPBIT', 'ETH')));
    server.control.put(statusOf(market('KORBIT', 'BTC')));
    const client = wsClient(server.url);
    const changes = answers(
      client,
      'subscription { collectorStatus(exchange: UPBIT) { symbol state error age } }',
    );
    const next = async (): Promise<Record<string, unknown>> => {
      const { value } = (await changes.next()) as {
        value: { data: { collectorStatus: Record<string, unknown> } };
      };
      return value.data.collectorStatus;
    };
    expect([await next(), await next()].map((c) => [c['symbol'], c['state']])).toEqual([
      ['BTC', 'LIVE'],
      ['ETH', 'LIVE'],
    ]);
    server.bus.status.publish(statusOf(market('KORBIT', 'BTC'), { state: 'STALE' }));
    server.bus.status.publish(
      statusOf(market('UPBIT', 'ETH'), { state: 'RECONNECTING', error: 'gone', lastBookAt: null }),
    );
    expect(await next()).toEqual({
      symbol: 'ETH',
      state: 'RECONNECTING',
      error: 'gone',
      age: null,
    });
    await client.dispose();
  });
});

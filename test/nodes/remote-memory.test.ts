import { expect, it } from '@jest/globals';
import { MarketHandle } from '../../src/market/market.js';
import { askOpenGaps, RemoteMemory } from '../../src/nodes/remote-memory.js';
import { serveMemory } from '../../src/nodes/memory-service.js';
import type { Questions } from '../../src/store/reader-protocol.js';
import type { Store } from '../../src/store/store-types.js';
import { until } from '../helpers/wait.js';
import { natsLog } from '../nats/support.js';
import { describeWithNats } from './nats-server.js';

describeWithNats("the recorder's memory of stored trades", () => {
  const log = natsLog();

  it('is asked in turn after a start of many markets, and nothing else waits for that', async () => {
    const asked: ((answer: null) => void)[] = [];
    const history = {
      newestTrade: () => new Promise<null>((resolve) => asked.push(resolve)),
    } as unknown as Questions;
    const reader = { gaps: async () => ({ items: [], more: false }) };
    const service = serveMemory(log.bus, { reader } as unknown as Store, history, async () => {});
    const memory = await RemoteMemory.open({
      bus: log.bus,
      exchange: 'UPBIT',
      aliveAt: null,
      closed: false,
      writes: () => false,
      written: async () => {},
      setRecording: () => undefined,
      redate: () => undefined,
    });
    const markets = Array.from(
      { length: 100 },
      (_, i) => new MarketHandle('UPBIT', { symbol: `M${i}`, currency: 'KRW' }),
    );
    let answered = 0;
    const all = markets.map((market) => memory.newestTrade(market).then(() => answered++));
    await until(() => asked.length === 16, 'the first questions');
    expect(await askOpenGaps(log.bus, 'UPBIT')).toEqual([]);
    expect([asked.length, answered]).toEqual([16, 0]);
    for (let i = 0; i < markets.length; i++) {
      await until(() => asked.length > i, 'the next question');
      expect(asked.length - answered).toBeLessThanOrEqual(16 + 1);
      asked[i]!(null);
    }
    await Promise.all(all);
    service.unsubscribe();
  });
});

import { afterEach, expect, it, jest } from '@jest/globals';
import { Cluster } from './cluster.js';
import { describeWithNats } from './nats-server.js';

jest.setTimeout(120_000);

describeWithNats('several nodes', () => {
  let cluster: Cluster | undefined;

  afterEach(async () => {
    await cluster?.close();
    cluster = undefined;
  });

  it('are LIVE again within 5 s when their collector dies, and when it stands still, which then stops', async () => {
    cluster = await Cluster.start();
    cluster.step();
    const core = cluster.node('core', 'recorder,api');
    const first = cluster.node('first', 'collector');
    await cluster.live(core);
    const second = cluster.node('second', 'collector');
    await cluster.said(second, 'UPBIT] following as standby');
    // By turns each is the primary of some exchanges; then one is killed.
    await cluster.said(first, 'second takes it', 30_000);
    await cluster.live(core);

    const killed = Date.now();
    await first.end('SIGKILL');
    await cluster.live(core, (node) => node === 'second');
    expect(Date.now() - killed).toBeLessThan(5_000);

    const third = cluster.node('third', 'collector');
    await cluster.said(third, 'GOPAX] following as standby');
    const stopped = Date.now();
    second.signal('SIGSTOP');
    await cluster.live(core, (node) => node === 'third');
    expect(Date.now() - stopped).toBeLessThan(5_000);
    second.signal('SIGCONT');
    await cluster.said(second, 'no longer records');
  });
});

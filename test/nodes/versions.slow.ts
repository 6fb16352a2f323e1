import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { jetstream } from '@nats-io/jetstream';
import { eventually } from '../helpers/wait.js';
import { Cluster } from './cluster.js';
import { describeWithNats } from './nats-server.js';

jest.setTimeout(120_000);

describeWithNats('nodes and what others send', () => {
  let cluster: Cluster;
  let nc: NatsConnection;

  beforeEach(async () => {
    cluster = await Cluster.start();
    nc = await connect({ servers: cluster.nats.url });
    cluster.node('store', 'recorder,api');
    await cluster.nodes.get('store')!.url();
    cluster.node('a', 'collector');
    cluster.step();
    await cluster.live(cluster.nodes.get('store')!);
  });
  afterEach(async () => {
    await nc.close();
    await cluster.close();
  });

  it('go on when it is nonsense, and say so', async () => {
    const [store, collector] = [cluster.nodes.get('store')!, cluster.nodes.get('a')!];
    const outside = ['node.x', 'stored.report', 'stored.commit', 'memory', 'wishes.UPBIT'];
    const ofExchange = ['report', 'status', 'control', 'lost'].map((kind) => `${kind}.UPBIT`);
    const texts = [
      '',
      'x',
      '5',
      'null',
      '{}',
      '{"v":2}',
      '{"stats":null}',
      '{"node":"y","statuses":[{}]}',
    ];
    for (const subject of [...outside, ...ofExchange])
      for (const text of texts) nc.publish(subject, text);
    for (const subject of ['log.theirs', 'book.NEW.X', 'trade.a.b.c'])
      for (const text of ['x', '{}', '5']) await jetstream(nc).publish(subject, text);
    await nc.flush();
    await cluster.said(store, 'cannot be read and is left out: log.theirs');
    expect(store.output).toMatch(/is left out: log\.theirs \d+ \(/);
    await cluster.said(collector, 'cannot be read and is left out: node.x');
    const { storedBooks } = (await store.health()).store;
    await eventually(
      () => store.health(),
      (health) => health.store.storedBooks > storedBooks + 50,
      'more books',
    );
    await cluster.live(store);
    expect([store.ended, collector.ended]).toEqual([false, false]);
  });

  it('begin and take over where a market ends with it', async () => {
    const subject = 'book.UPBIT.BTC.KRW';
    cluster.stand();
    for (const text of ['null', '{}', '{"t":1,"e":1,"g":false,"p":0,"w":0,"a":[[1,2]],"b":[]}'])
      await jetstream(nc).publish(subject, text);
    const store = cluster.nodes.get('store')!;
    await cluster.said(store, `is left out: ${subject}`);
    await store.end('SIGKILL');
    const [again] = [cluster.node('store', 'recorder,api'), cluster.node('b', 'collector')];
    await again.url();
    await cluster.said(cluster.nodes.get('b')!, 'following as standby');
    await cluster.nodes.get('a')!.end('SIGKILL');
    cluster.step();
    await cluster.live(again, (node) => node === 'b');
  });

  it('stop in one line at a message of a newer version, which waits in the log', async () => {
    const store = cluster.nodes.get('store')!;
    await jetstream(nc).publish('alive.UPBIT', JSON.stringify({ v: 2, t: Date.now(), node: 'b' }));
    await store.gone();
    expect(store.code).toBe(1);
    const line =
      'a message on the bus is of version 2, and this node reads up to version 1; update it: recorders first';
    expect(store.output).toContain(line);
    const again = cluster.node('store', 'recorder,api');
    await again.gone();
    expect(again.output).toContain(line);
    expect(cluster.nodes.get('a')!.ended).toBe(false);
  });
});

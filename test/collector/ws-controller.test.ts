import type { Socket } from 'node:net';
import { describe, expect } from '@jest/globals';
import { LimitBoard } from '../../src/collector/limits/limit-board.js';
import type { Feed, FeedContext } from '../../src/collector/feed.js';
import { RateLimiter } from '../../src/collector/limits/rate-limiter.js';
import { type Pair, pairText } from '../../src/market/market.js';
import { RestClient } from '../../src/collector/rest/rest-client.js';
import { WSController } from '../../src/collector/socket/ws-controller.js';
import type { WSProfile } from '../../src/collector/socket/ws-connection.js';
import { type UpbitSimulator, startUpbitSimulator } from '../../src/simulator/upbit/server.js';
import { atOnce as it, closeAfterTest } from '../helpers/at-once.js';
import { feedOf, pair } from '../helpers/feed.js';
import { type FrameServer, frameServer } from '../helpers/frame-server.js';
import { RecordingHost } from '../helpers/recording-host.js';
import { until } from '../helpers/wait.js';

/** The least a subclass gives: where, what to send, how to read. */
class EchoController extends WSController {
  protected override getWSUrl(): string {
    return this.context.urls.wsUrl;
  }
  protected override getMessage(): readonly string[] {
    return [JSON.stringify([...this.pairs.keys()])];
  }
  giveUp(): void {
    this.reconnect('RESYNC', 'asked');
  }
  protected override handleMessage(data: Buffer): void {
    this.deliver(data.toString(), { asks: [['2', '1']], bids: [['1', '1']] }, null);
  }
}

/** Has the book of B-KRW at hand, as GOPAX has those of stopped pairs. */
class KeepingController extends EchoController {
  protected override getChangeMessage(added: readonly Pair[]): readonly string[] {
    this.handleMessage(Buffer.from('B-KRW'));
    return added.map(pairText).filter((code) => code !== 'B-KRW');
  }
}

const PROFILE: WSProfile = {
  maxPairs: 10,
  pingEveryMs: 50,
  silentAfterMs: 300,
  firstBookWithinMs: 200,
  messageLimits: [],
  maxPayload: 1000,
};

function controller(
  wsUrl: string,
  profile: Partial<WSProfile> = {},
  Controller = EchoController,
): { it: EchoController; host: RecordingHost } {
  const host = new RecordingHost();
  const context: FeedContext = {
    exchange: 'UPBIT',
    urls: { wsUrl, restUrl: '' },
    host,
    rest: new RestClient(''),
    clock: Date.now,
    random: () => 0,
    limits: new LimitBoard(),
    gopaxKeys: null,
    bithumbPollMs: 100,
    trades: false,
  };
  const made = new Controller(context, { ...PROFILE, ...profile }, new RateLimiter([]));
  closeAfterTest(() => made.close());
  return { it: made, host };
}

async function server(): Promise<FrameServer> {
  const made = await frameServer();
  closeAfterTest(() => made.close());
  return made;
}

describe('WSController', () => {
  it('resubscribes all pairs after a lost connection and reports since when it was lost', async () => {
    const s = await server();
    const { it: c, host } = controller(s.url);
    c.add([pair('A-KRW'), pair('B-KRW')]);
    await until(() => s.received.length === 1, 'the subscription');
    s.send('A-KRW');
    await until(() => host.books.length === 1, 'the book');
    const before = Date.now();
    s.sockets[0]!.terminate();
    await until(() => s.received.length === 2, 'the second subscription');
    expect(s.received[1]).toBe('["A-KRW","B-KRW"]');
    expect(host.downs).toHaveLength(1);
    expect(host.downs[0]).toMatchObject({
      codes: ['A-KRW', 'B-KRW'],
      outage: { cause: 'DISCONNECTED' },
    });
    expect(host.downs[0]!.outage.since).toBeLessThanOrEqual(before + 50);
    expect(host.reconnects).toBe(1);
    expect(host.events).toEqual(['WS_CONNECTED', 'WS_CLOSED', 'RECONNECTING', 'WS_CONNECTED']);
  });

  it('misses the first book of a pair that was asked for, not of one whose book was at hand', async () => {
    const s = await server();
    const { it: c, host } = controller(s.url, {}, KeepingController);
    c.add([pair('A-KRW')]);
    await until(() => s.received.length === 1, 'the subscription');
    s.send('A-KRW');
    await until(() => host.books.length === 1, 'the book');
    c.add([pair('B-KRW'), pair('C-KRW')]);
    expect(host.of('B-KRW')).toHaveLength(1);
    await until(() => host.missing.length > 0, 'a pair without a book');
    expect(host.missing).toEqual(['C-KRW']);
    expect(s.received.slice(1)).toEqual(['C-KRW']);
  });

  it('hands no book on after a standstill before a ping of then is answered; then asks for all again', async () => {
    const s = await server();
    const { it: c, host } = controller(s.url, { pingEveryMs: Infinity });
    c.add([pair('A-KRW'), pair('B-KRW')]);
    await until(() => s.received.length === 1, 'the subscription');
    s.send('A-KRW');
    await until(() => host.books.length === 1, 'the book');
    // What the server sends before it gets to the ping lay in the buffers.
    c.standstill();
    s.sockets[0]!.pong('an older one');
    s.send('A-KRW');
    await until(() => s.received.length === 2, 'the books asked for again');
    expect(host.books).toHaveLength(1);
    expect(s.received[1]).toBe('["A-KRW","B-KRW"]');
    s.send('A-KRW');
    await until(() => host.books.length === 2, 'the book of now');
    expect(host.reconnects).toBe(0);
  });

  it('connects again when that ping is not answered', async () => {
    const made = await frameServer(undefined, { autoPong: false });
    closeAfterTest(() => made.close());
    const { it: c, host } = controller(made.url, {
      pingEveryMs: Infinity,
      silentAfterMs: 60_000,
    });
    c.add([pair('A-KRW')]);
    await until(() => made.received.length === 1, 'the subscription');
    made.send('A-KRW');
    await until(() => host.books.length === 1, 'the book');
    c.standstill();
    await until(() => made.received.length === 2, 'the second subscription', 12_000);
    expect(host.downs).toMatchObject([{ codes: ['A-KRW'], outage: { cause: 'STANDSTILL' } }]);
    made.send('A-KRW');
    await until(() => host.books.length === 2, 'the book');
  }, 20_000);

  it('waits longer each time a server drops it at once', async () => {
    const s = await server();
    const { it: c, host } = controller(s.url);
    const waits = (): number[] =>
      host.logs
        .filter((l) => l.event === 'RECONNECTING')
        .map((l) => (l.params as { waitMs: number }).waitMs);
    c.add([pair('A-KRW')]);
    for (let i = 1; i <= 3; i++) {
      await until(() => s.sockets.length === 1, 'a connection');
      s.send('A-KRW');
      s.sockets[0]!.close(1001, 'going away');
      await until(() => waits().length === i, 'the wait');
    }
    expect(waits()).toEqual([500, 1000, 2000]);
    expect(host.downs[0]!.outage.detail).toBe('close code 1001: going away');
  });

  it('notices a socket that neither speaks nor pongs', async () => {
    const s = await server();
    const { it: c, host } = controller(s.url);
    c.add([pair('A-KRW')]);
    await until(() => s.sockets.length === 1, 'a connection');
    // The peer stops reading: pings are never seen, nothing comes back, the connection stands.
    s.sockets[0]!.pause();
    await until(() => host.downs.length === 1, 'the alarm');
    expect(host.events).toContain('WS_SILENT');
    expect(host.downs[0]!.outage.detail).toMatch(/no sign of life/);
  });

  it('keeps a quiet socket that pongs, and reports the pair without a first book once', async () => {
    const s = await server();
    const { it: c, host } = controller(s.url);
    c.add([pair('A-KRW'), pair('B-KRW')]);
    await until(() => s.received.length === 1, 'the subscription');
    s.send('A-KRW');
    await until(() => host.missing.length === 1, 'the report');
    await expect(
      until(() => host.missing.length > 1 || host.downs.length > 0, 'none', 500),
    ).rejects.toThrow();
    expect(host.missing).toEqual(['B-KRW']);
  });

  it('survives a frame beyond the largest size', async () => {
    const s = await server();
    const { it: c, host } = controller(s.url);
    c.add([pair('A-KRW')]);
    await until(() => s.sockets.length === 1, 'a connection');
    s.send('x'.repeat(5000));
    await until(() => host.downs.length === 1, 'the loss');
    await until(() => s.sockets.length === 1, 'a new connection');
  });

  it('hands nothing on any more once it has given a connection up, and starts a pair only again', async () => {
    const s = await server();
    const { it: c, host } = controller(s.url);
    c.add([pair('A-KRW')]);
    await until(() => s.received.length === 1, 'the subscription');
    s.send('A-KRW');
    await until(() => host.books.length === 1, 'the book');
    c.giveUp();
    s.send('A-KRW');
    await until(() => s.received.length === 2, 'the second subscription');
    expect(host.books).toHaveLength(1);
    expect(host.downs[0]!.outage).toMatchObject({ cause: 'RESYNC', detail: 'asked' });
  });

  it('cuts a peer that says it closes but keeps the connection open', async () => {
    const s = await server();
    const { it: c, host } = controller(s.url);
    c.add([pair('A-KRW')]);
    await until(() => s.received.length === 1, 'the subscription');
    // A close frame alone (opcode 8, code 1000), and no end of the TCP connection.
    (s.sockets[0] as unknown as { _socket: Socket })._socket.write(Buffer.from([0x88, 2, 3, 0xe8]));
    await until(() => host.downs.length === 1, 'the loss', 5000);
  });

  it('reports an address that cannot be used and keeps trying', async () => {
    const { it: c, host } = controller('ws://127.0.0.1:9/#fragment');
    c.add([pair('A-KRW')]);
    await until(() => host.attempts >= 2, 'two attempts');
    expect(host.downs[0]!.outage.cause).toBe('CONNECT_FAILED');
  });

  it('goes on trying while no server listens', async () => {
    const { it: c, host } = controller('ws://127.0.0.1:9');
    c.add([pair('A-KRW')]);
    await until(() => host.attempts >= 2, 'two attempts');
    expect(host.downs[0]).toMatchObject({ outage: { cause: 'CONNECT_FAILED', since: null } });
    expect(host.events).toContain('WS_ERROR');
  });

  it('says nothing any more once it is closed, also in the middle of connecting', async () => {
    const s = await server();
    const { it: c, host } = controller(s.url);
    c.add([pair('A-KRW')]);
    await c.close();
    expect(host.books).toEqual([]);
    expect(host.downs).toEqual([]);
  });
});

describe('a feed at the Upbit simulator', () => {
  async function start(
    pairs: string[],
  ): Promise<{ simulator: UpbitSimulator; feed: Feed; host: RecordingHost }> {
    const simulator = await startUpbitSimulator({ rate: 0 });
    const { wsUrl, restUrl } = simulator;
    const { feed, host } = feedOf('UPBIT', { wsUrl, restUrl });
    closeAfterTest(() => simulator.close());
    closeAfterTest(() => feed.close());
    feed.add(pairs.map(pair));
    await until(() => pairs.every((code) => host.of(code).length > 0), 'a book of each');
    return { simulator, feed, host };
  }

  it('adds and removes pairs without a new connection', async () => {
    const { simulator, feed, host } = await start(['BTC-KRW']);
    feed.add([pair('ETH-KRW')]);
    await until(() => host.of('ETH-KRW').length > 0, 'the added pair');
    simulator.step('BTC-KRW');
    await until(() => host.of('BTC-KRW').length > 1, 'the old pair');
    expect(simulator.upgrades).toHaveLength(1);
    expect(host.downs).toEqual([]);
    expect(simulator.upgrades[0]!.headers['origin']).toBeUndefined();
  });

  it('learns RATE_LIMITED from a refused upgrade and waits five seconds or more', async () => {
    const { simulator, host } = await start(['BTC-KRW']);
    simulator.faults.refuseUpgrades(429);
    simulator.faults.dropConnections();
    await until(() => host.downs.length === 2, 'the refusal');
    expect(host.downs[1]!.outage).toMatchObject({
      cause: 'RATE_LIMITED',
      detail: 'the connection was refused with HTTP 429',
    });
    const wait = host.logs.filter((l) => l.event === 'RECONNECTING').at(-1)!.params as {
      waitMs: number;
    };
    expect(wait.waitMs).toBeGreaterThanOrEqual(5000);
  });

  it('recovers from half a frame', async () => {
    const { simulator, host } = await start(['BTC-KRW']);
    simulator.faults.tearFrame();
    await until(() => host.downs.length === 1 && host.reconnects === 1, 'the reconnection');
    await until(() => host.of('BTC-KRW').length > 1, 'the snapshot');
    expect(host.unreadables).toEqual([]);
  });

  it('is closed once its sockets are gone, also those of pairs that were stopped before', async () => {
    const { simulator, feed } = await start(['BTC-KRW']);
    // The peer answers no closing handshake, so the socket is cut after a second.
    simulator.faults.halfOpen(true);
    const before = performance.now();
    feed.remove([pair('BTC-KRW')]);
    await feed.close();
    expect(performance.now() - before).toBeGreaterThan(900);
  });
});

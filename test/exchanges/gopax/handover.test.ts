import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LimitBoard } from '../../../src/collector/limits/limit-board.js';
import { GOPAX_PROFILE } from '../../../src/collector/exchanges/gopax/controller.js';
import {
  GopaxHandover,
  type HandoverTimes,
} from '../../../src/collector/exchanges/gopax/handover.js';
import type { FeedContext } from '../../../src/collector/feed.js';
import { RateLimiter } from '../../../src/collector/limits/rate-limiter.js';
import { RestClient } from '../../../src/collector/rest/rest-client.js';
import { pair } from '../../helpers/feed.js';
import { type FrameServer, frameServer } from '../../helpers/frame-server.js';
import { RecordingHost } from '../../helpers/recording-host.js';
import { until } from '../../helpers/wait.js';

const A = pair('AAA-KRW');
const B = pair('BBB-KRW');
const UNREADABLE_A =
  '{"i":-1,"n":"OrderBookEvent","o":{"ask":[],"bid":[{"price":"x"}],"tradingPairName":"AAA-KRW"}}';

const entry = (id: number, price: number, volume: string): string =>
  `{"entryId":${id},"price":${price},"volume":${volume},"updatedAt":${1790138146 + id / 1000}}`;
const snapshot = (code: string, maxEntryId: number, volume = '1'): string =>
  `{"i":"${code}","n":"SubscribeToOrderBook","o":{"ask":[${entry(maxEntryId, 200, volume)}],"bid":[${entry(maxEntryId, 100, volume)}],"tradingPairName":"${code}","maxEntryId":${maxEntryId}}}`;
const delta = (code: string, id: number, volume: string): string =>
  `{"i":-1,"n":"OrderBookEvent","o":{"ask":[],"bid":[${entry(id, 100, volume)}],"tradingPairName":"${code}"}}`;

let server: FrameServer;
let host: RecordingHost;
let carrier: GopaxHandover;

/** Has A and B carried. @param firstBookWithinMs when a book that has not come is missed */
function start(times: Partial<HandoverTimes> = {}, firstBookWithinMs = 10_000): void {
  const context: FeedContext = {
    exchange: 'GOPAX',
    urls: { wsUrl: server.url, restUrl: 'http://127.0.0.1:9' },
    host,
    rest: new RestClient('http://127.0.0.1:9', 1000),
    clock: Date.now,
    random: () => 0,
    limits: new LimitBoard(),
    gopaxKeys: null,
    bithumbPollMs: 100,
    trades: false,
  };
  const profile = { ...GOPAX_PROFILE, firstBookWithinMs };
  carrier = new GopaxHandover(context, profile, new RateLimiter([]), {
    maxAgeMs: 3_600_000,
    settleMs: 3_600_000,
    pauseMs: 60_000,
    proofMs: 10_000,
    ...times,
  });
  carrier.add([A, B]);
}
async function carry(times: Partial<HandoverTimes> = {}): Promise<void> {
  start(times);
  await until(() => server.received.length === 2, 'the subscriptions');
  old().send(snapshot('AAA-KRW', 10));
  old().send(snapshot('BBB-KRW', 10));
  await until(() => host.books.length === 2, 'the first books');
}
const old = () => server.sockets[0]!;
const replacement = () => server.sockets[1]!;
const bids = (code: string): string[] => host.of(code).map((book) => book.bids[0]![1]);
const downs = (): string[] => host.downs.map((d) => `${d.outage.cause} ${d.codes.join()}`);

beforeEach(async () => {
  server = await frameServer();
  host = new RecordingHost();
});
afterEach(async () => {
  await carrier.close();
  await server.close();
});

describe('GOPAX handover', () => {
  it('gives a gap to the pair in doubt only, and moves the others over without a seam', async () => {
    await carry();
    old().send(UNREADABLE_A);
    await until(() => server.received.length === 4, 'the replacement');
    expect(downs()).toEqual(['RESYNC AAA-KRW']);
    expect(host.unreadables[0]!.code).toBe('AAA-KRW');
    old().send(delta('AAA-KRW', 11, '66'));
    old().send(delta('BBB-KRW', 12, '2'));
    await until(() => bids('BBB-KRW').length === 2, 'the delta on the old connection');
    replacement().send(snapshot('BBB-KRW', 11));
    replacement().send(snapshot('AAA-KRW', 13, '7'));
    await until(() => bids('AAA-KRW').length === 2, 'the pair in doubt');
    // The replacement's book of B is behind what the old connection said, so B stays there.
    old().send(delta('BBB-KRW', 13, '3'));
    await until(() => bids('BBB-KRW').length === 3, 'the next delta on the old connection');
    replacement().send(delta('BBB-KRW', 12, '2'));
    replacement().send(delta('BBB-KRW', 13, '3'));
    await until(() => server.sockets.length === 1, 'the end of the old connection');
    server.sockets[0]!.send(delta('BBB-KRW', 14, '4'));
    await until(() => bids('BBB-KRW').at(-1) === '4', 'the first delta after');
    expect(bids('BBB-KRW')).toEqual(['1', '2', '3', '3', '4']);
    expect(bids('AAA-KRW')).toEqual(['1', '7']);
    expect(downs()).toHaveLength(1);
    expect(host.reconnects).toBe(0);
  });

  it('puts every pair in doubt by a message that names none', async () => {
    await carry();
    old().send('{"i":-1,"n":"OrderBookEvent"');
    await until(() => server.received.length === 4, 'the replacement');
    expect(downs()).toEqual(['RESYNC AAA-KRW,BBB-KRW']);
    replacement().send(snapshot('AAA-KRW', 20, '5'));
    replacement().send(snapshot('BBB-KRW', 20, '6'));
    await until(() => server.sockets.length === 1, 'the end of the old connection');
    expect([bids('AAA-KRW').at(-1), bids('BBB-KRW').at(-1)]).toEqual(['5', '6']);
  });

  it('takes pairs back from a replacement that is lost, without a gap for those not in doubt', async () => {
    await carry();
    old().send(UNREADABLE_A);
    await until(() => server.received.length === 4, 'the replacement');
    old().send(delta('BBB-KRW', 12, '2'));
    await until(() => bids('BBB-KRW').length === 2, 'B ahead of the replacement');
    replacement().send(snapshot('BBB-KRW', 11, '1'));
    replacement().send(snapshot('AAA-KRW', 11, '7'));
    await until(() => bids('AAA-KRW').length === 2, 'the pair in doubt');
    replacement().terminate();
    await until(() => host.events.filter((e) => e === 'WS_CLOSED').length === 1, 'the loss');
    old().send(delta('BBB-KRW', 14, '9'));
    await until(() => bids('BBB-KRW').at(-1) === '9', 'B on the old connection');
    expect(downs()).toEqual(['RESYNC AAA-KRW', 'DISCONNECTED AAA-KRW']);
    expect(bids('AAA-KRW')).toEqual(['1', '7']);
  });

  it('does not take a pair back whose book on the replacement was another one', async () => {
    await carry();
    old().send(UNREADABLE_A);
    await until(() => server.received.length === 4, 'the replacement');
    // The old connection has missed a change of B, which nothing on it shows.
    replacement().send(snapshot('BBB-KRW', 12, '5'));
    await until(() => bids('BBB-KRW').length === 2, 'B on the replacement');
    expect(downs()).toEqual(['RESYNC AAA-KRW', 'RESYNC BBB-KRW']);
    replacement().terminate();
    await until(() => host.downs.length === 3, 'the loss');
    old().send(delta('BBB-KRW', 14, '9'));
    await until(() => server.received.length === 6, 'the next replacement');
    replacement().send(snapshot('BBB-KRW', 14, '9'));
    await until(() => bids('BBB-KRW').length === 3, 'B on the next replacement');
    expect(bids('BBB-KRW')).toEqual(['1', '5', '9']);
    expect(downs()[2]).toBe('DISCONNECTED BBB-KRW');
    expect(downs()).toHaveLength(3);
  });

  it('takes a pair back without a gap whose book on the replacement was the same', async () => {
    await carry();
    old().send(UNREADABLE_A);
    await until(() => server.received.length === 4, 'the replacement');
    replacement().send(snapshot('BBB-KRW', 12));
    await until(() => bids('BBB-KRW').length === 2, 'B on the replacement');
    replacement().terminate();
    await until(() => bids('BBB-KRW').length === 3, 'B taken back');
    old().send(delta('BBB-KRW', 14, '9'));
    await until(() => bids('BBB-KRW').length === 4, 'the delta on the old connection');
    expect(bids('BBB-KRW')).toEqual(['1', '1', '1', '9']);
    expect(downs()).toEqual(['RESYNC AAA-KRW']);
  });

  it('goes on with the replacement when the old connection is lost meanwhile', async () => {
    await carry();
    old().send(UNREADABLE_A);
    await until(() => server.received.length === 4, 'the replacement');
    old().send(delta('BBB-KRW', 15, '2'));
    await until(() => bids('BBB-KRW').length === 2, 'the delta');
    replacement().send(snapshot('AAA-KRW', 14, '5'));
    await until(() => bids('AAA-KRW').length === 2, 'the pair in doubt');
    old().terminate();
    await until(() => host.downs.length === 2, 'the loss');
    expect(downs()[1]).toBe('DISCONNECTED BBB-KRW');
    server.sockets[0]!.send(snapshot('BBB-KRW', 16, '8'));
    await until(() => bids('BBB-KRW').at(-1) === '8', 'B on the replacement');
    expect(server.targets).toHaveLength(2);
  });

  it('gives a gap to a pair whose old connection is lost while the new one is behind it', async () => {
    await carry();
    old().send(UNREADABLE_A);
    await until(() => server.received.length === 4, 'the replacement');
    old().send(delta('BBB-KRW', 15, '2'));
    await until(() => bids('BBB-KRW').length === 2, 'the delta');
    replacement().send(snapshot('BBB-KRW', 14));
    replacement().send(snapshot('AAA-KRW', 14, '5'));
    await until(() => bids('AAA-KRW').length === 2, 'the pair in doubt');
    old().terminate();
    await until(() => bids('BBB-KRW').length === 3, 'B on the replacement');
    expect(downs()).toEqual(['RESYNC AAA-KRW', 'DISCONNECTED BBB-KRW']);
    server.sockets[0]!.send(delta('BBB-KRW', 15, '2'));
    await until(() => bids('BBB-KRW').length === 4, 'the delta on the replacement');
    expect(bids('BBB-KRW')).toEqual(['1', '2', '1', '2']);
    expect(downs()).toHaveLength(2);
  });

  it('replaces a connection before the exchange would close it for its age, without any gap', async () => {
    await carry({ maxAgeMs: 50 });
    await until(() => server.received.length >= 4, 'the replacement');
    replacement().send(snapshot('AAA-KRW', 20));
    replacement().send(snapshot('BBB-KRW', 20));
    await until(() => server.targets.length >= 3, 'the next one');
    expect(downs()).toEqual([]);
  });

  it('gives a gap where the old connection was lost unnoticed, though the books are the same', async () => {
    await carry({ maxAgeMs: 50, proofMs: 100 });
    const heardBy = Date.now();
    old().pause();
    await until(() => server.received.length === 4, 'the replacement');
    replacement().send(snapshot('AAA-KRW', 12));
    replacement().send(snapshot('BBB-KRW', 12));
    await until(() => host.books.length === 4, 'the books of the replacement');
    expect(downs()).toEqual(['DISCONNECTED AAA-KRW,BBB-KRW']);
    expect(host.downs[0]!.outage.since).toBeLessThanOrEqual(heardBy);
  });

  it('takes what comes on the old connection for the answer of a server that answers no pings', async () => {
    await server.close();
    server = await frameServer(undefined, { autoPong: false });
    await carry({ maxAgeMs: 50, proofMs: 100 });
    await until(() => server.received.length === 4, 'the replacement');
    replacement().send(snapshot('AAA-KRW', 12));
    replacement().send(snapshot('BBB-KRW', 12));
    replacement().send('{"n":"Later","o":{}}');
    await until(() => host.oddities.length === 1, 'all of it');
    const first = old();
    await until(() => {
      first.send('"primus::ping::1790139005374"');
      return server.targets.length >= 3;
    }, 'the next replacement');
    expect(downs()).toEqual([]);
  });

  it('gives a gap where a book has changed and changed back that the old connection did not see', async () => {
    await carry({ maxAgeMs: 50 });
    old().pause();
    await until(() => server.received.length === 4, 'the replacement');
    replacement().send(snapshot('AAA-KRW', 12));
    replacement().send(snapshot('BBB-KRW', 12));
    replacement().send(delta('BBB-KRW', 13, '2'));
    replacement().send(delta('BBB-KRW', 14, '1'));
    replacement().send('{"n":"Later","o":{}}');
    await until(() => host.oddities.length === 1, 'all of it');
    expect(host.books).toHaveLength(2);
    old().resume();
    await until(() => server.targets.length >= 3, 'the next replacement');
    expect(downs()).toEqual(['RESYNC BBB-KRW']);
  });

  it('gives a gap where the two connections differ when a pair moves over', async () => {
    await carry({ maxAgeMs: 50 });
    await until(() => server.received.length >= 4, 'the replacement');
    // The old connection is ahead, and yet has missed the change before.
    old().send(delta('BBB-KRW', 21, '3'));
    await until(() => bids('BBB-KRW').length === 2, 'the delta on the old connection');
    replacement().send(snapshot('AAA-KRW', 20));
    const ask = entry(19, 150, '5');
    const whole = snapshot('BBB-KRW', 20).replace('"ask":[', `"ask":[${ask},`);
    replacement().send(whole);
    replacement().send(delta('BBB-KRW', 21, '3'));
    await until(() => bids('BBB-KRW').length === 3, 'B on the replacement');
    expect(host.downs[0]).toMatchObject({ codes: ['BBB-KRW'], outage: { since: null } });
    expect(downs()).toEqual(['RESYNC BBB-KRW']);
    expect(host.of('BBB-KRW').at(-1)!.asks[0]).toEqual(['150', '5']);
  });

  it('does not wait for ever for a book that stays behind', async () => {
    await carry({ settleMs: 20 });
    old().send(UNREADABLE_A);
    await until(() => server.received.length === 4, 'the replacement');
    old().send(delta('BBB-KRW', 99, '2'));
    await until(() => bids('BBB-KRW').length === 2, 'the delta');
    replacement().send(snapshot('AAA-KRW', 20, '7'));
    replacement().send(snapshot('BBB-KRW', 20, '3'));
    await until(() => server.sockets.length === 1, 'the end of the old connection');
    expect(bids('BBB-KRW').at(-1)).toBe('3');
  });

  it('carries pairs that are started and stopped during a handover', async () => {
    await carry();
    old().send(UNREADABLE_A);
    await until(() => server.received.length === 4, 'the replacement');
    carrier.remove([A]);
    carrier.add([pair('CCC-KRW')]);
    await until(() => server.received.length === 5, 'the subscription on the replacement');
    replacement().send(snapshot('CCC-KRW', 20, '6'));
    replacement().send(snapshot('BBB-KRW', 20, '4'));
    await until(() => server.sockets.length === 1, 'the end of the old connection');
    expect(bids('CCC-KRW')).toEqual(['6']);
    expect(carrier.has(A)).toBe(false);
    expect(carrier.free).toBe(47);
  });

  it('does not doubt the others for what cannot be read about a pair that was stopped', async () => {
    await carry();
    carrier.remove([A]);
    old().send(UNREADABLE_A);
    old().send(delta('BBB-KRW', 12, '2'));
    await until(() => bids('BBB-KRW').length === 2, 'the next delta');
    expect(host.unreadables).toHaveLength(1);
    expect(downs()).toEqual([]);
    expect(server.targets).toHaveLength(1);
  });

  it('does not believe a kept book of a stopped pair whose message could not be read', async () => {
    await carry();
    carrier.remove([A]);
    old().send(UNREADABLE_A);
    await until(() => host.unreadables.length === 1, 'the unreadable message');
    carrier.add([A]);
    await until(() => server.targets.length === 2, 'the replacement');
    expect(bids('AAA-KRW')).toEqual(['1']);
    await until(() => server.received.length === 4, 'the subscriptions');
    replacement().send(snapshot('AAA-KRW', 20, '7'));
    await until(() => bids('AAA-KRW').length === 2, 'the new book');
    expect(bids('AAA-KRW')).toEqual(['1', '7']);
  });

  it('tells nothing of what one connection cannot read about a pair that the other one serves', async () => {
    await carry();
    old().send(UNREADABLE_A);
    await until(() => server.received.length === 4, 'the replacement');
    old().send(delta('BBB-KRW', 12, '2'));
    await until(() => bids('BBB-KRW').length === 2, 'B ahead of the replacement');
    replacement().send(snapshot('BBB-KRW', 11));
    replacement().send(snapshot('AAA-KRW', 11, '7'));
    await until(() => bids('AAA-KRW').length === 2, 'the pair in doubt');
    expect(host.unreadables).toHaveLength(1);
    old().send(UNREADABLE_A);
    old().send(delta('BBB-KRW', 13, '3'));
    await until(() => bids('BBB-KRW').length === 3, 'the next delta');
    expect(host.unreadables).toHaveLength(2);
    expect(host.unreadables.map((u) => u.code)).toEqual(['AAA-KRW', null]);
  });

  it('asks for a book that did not come on another connection, without a gap for the others', async () => {
    answer((code, connection) => code === 'BBB-KRW' || connection > 1);
    start({}, 500);
    await until(() => bids('AAA-KRW').length === 1, 'the book on the second connection');
    await until(() => server.sockets.length === 1, 'the end of the first connection');
    server.send(delta('BBB-KRW', 12, '2'));
    await until(() => bids('BBB-KRW').at(-1) === '2', 'the next delta');
    expect(bids('BBB-KRW')).toEqual(['1', '1', '2']);
    expect(downs()).toEqual([]);
    expect(host.missing).toContain('AAA-KRW');
    expect(server.targets).toHaveLength(2);
  });

  it('asks ever later for a book that never comes, until its pair is stopped', async () => {
    const [within, pause] = [100, 400];
    const opened = answer((code) => code === 'BBB-KRW');
    start({ pauseMs: pause }, within);
    await until(() => opened.length === 4, 'the fourth connection');
    // The first time at once; a wait is at least half of the doubled time.
    for (const [i, least] of [within, within + pause / 2, within + pause].entries())
      expect(opened[i + 1]! - opened[i]!).toBeGreaterThanOrEqual(least - 2);
    carrier.remove([A]);
    await until(() => server.sockets.length === 1, 'the end of the connection before');
    expect(downs()).toEqual([]);
  });
});

/** Answers subscriptions. @param serves whether a pair has its book on the nth connection @returns when each was opened */
function answer(serves: (code: string, connection: number) => boolean): number[] {
  const opened: number[] = [];
  server.onSocket((socket) => {
    const connection = opened.push(performance.now());
    socket.on('message', (data: Buffer) => {
      const { i } = JSON.parse(data.toString()) as { i: string };
      if (serves(i, connection)) socket.send(snapshot(i, 10));
    });
  });
  return opened;
}

import { isUtf8 } from 'node:buffer';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LimitBoard } from '../../src/collector/limits/limit-board.js';
import type { FeedContext } from '../../src/collector/feed.js';
import {
  COINONE_PROFILE,
  CoinoneController,
} from '../../src/collector/exchanges/coinone/controller.js';
import { GOPAX_PROFILE, GopaxController } from '../../src/collector/exchanges/gopax/controller.js';
import {
  KORBIT_PROFILE,
  KorbitController,
} from '../../src/collector/exchanges/korbit/controller.js';
import { UpbitProtocolController } from '../../src/collector/exchanges/upbit-protocol/controller.js';
import { UPBIT_PROFILE } from '../../src/collector/exchanges/upbit/adapter.js';
import { RateLimiter } from '../../src/collector/limits/rate-limiter.js';
import { RestClient } from '../../src/collector/rest/rest-client.js';
import type { WSController } from '../../src/collector/socket/ws-controller.js';
import { parseExactJson } from '../../src/market/exact-json.js';
import { feedOf, pair } from '../helpers/feed.js';
import { fixtureLines } from '../helpers/fixtures.js';
import { type FrameServer, frameServer } from '../helpers/frame-server.js';
import { RecordingHost } from '../helpers/recording-host.js';
import { until } from '../helpers/wait.js';

const BTC = pair('BTC-KRW');

/** The smallest good frame of each protocol, with a price that tells which frame it was. */
const PROTOCOLS: readonly {
  readonly name: string;
  readonly make: (context: FeedContext) => WSController;
  readonly greeting?: string;
  readonly good: (price: number) => string;
  readonly recorded: string;
  /** Good frames after which the newest one must have been read. */
  readonly goods?: number;
}[] = [
  {
    name: 'Upbit and Bithumb',
    make: (context) => new UpbitProtocolController(context, UPBIT_PROFILE, new RateLimiter([])),
    good: (price) =>
      `{"type":"orderbook","code":"KRW-BTC","timestamp":1790134742106,"orderbook_units":[{"ask_price":${price},"bid_price":1,"ask_size":2.0E-4,"bid_size":3}]}`,
    recorded: 'upbit/session.jsonl',
  },
  {
    name: 'Coinone',
    make: (context) => new CoinoneController(context, COINONE_PROFILE, new RateLimiter([])),
    greeting: '{"response_type":"CONNECTED","data":{"session_id":"x"}}',
    good: (price) =>
      `{"response_type":"DATA","channel":"ORDERBOOK","data":{"quote_currency":"KRW","target_currency":"BTC","timestamp":1,"id":"9999999999999${price}","asks":[{"price":"${price}","qty":"2"}],"bids":[{"price":"1","qty":"3"}]}}`,
    recorded: 'coinone/session.jsonl',
    // A damaged `id` may be the greatest; two good ones prove it wrong.
    goods: 3,
  },
  {
    name: 'Korbit',
    make: (context) => new KorbitController(context, KORBIT_PROFILE, new RateLimiter([])),
    good: (price) =>
      `{"symbol":"btc_krw","timestamp":2,"type":"orderbook","data":{"timestamp":1,"asks":[{"price":"${price}","qty":"2"}],"bids":[{"price":"1","qty":"3"}]}}`,
    recorded: 'korbit/books.jsonl',
  },
  {
    name: 'GOPAX',
    make: (context) =>
      new GopaxController(context, GOPAX_PROFILE, new RateLimiter([]), {
        inDoubt: () => undefined,
        mayResync: () => false,
        proven: () => undefined,
      }),
    good: (price) =>
      `{"i":"BTC-KRW","n":"SubscribeToOrderBook","o":{"tradingPairName":"BTC-KRW","maxEntryId":1,"ask":[{"entryId":1,"price":${price},"volume":2,"updatedAt":1.5}],"bid":[{"entryId":1,"price":1,"volume":3,"updatedAt":1.5}]}}`,
    recorded: 'gopax/session.jsonl',
  },
];

/** A value anywhere inside JSON is replaced by another; the places are picked by numbers. */
function damaged(json: unknown, steps: readonly number[], by: unknown): unknown {
  if (steps.length === 0 || typeof json !== 'object' || json === null) return by;
  const keys = Object.keys(json);
  if (keys.length === 0) return by;
  const key = keys[steps[0]! % keys.length]!;
  const copy = (Array.isArray(json) ? [...(json as unknown[])] : { ...json }) as Record<
    string,
    unknown
  >;
  copy[key] = damaged(copy[key], steps.slice(1), by);
  return copy;
}

/** Bytes, text, JSON, good frames cut or with one value that is something else. */
function hostile(frames: readonly string[]): fc.Arbitrary<Buffer> {
  const frame = fc.constantFrom(...frames);
  const odd = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom('-1', '1e999', '', 'NaN', null, [], {}, true, '٣', '1'.repeat(300)),
  );
  return fc.oneof(
    fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
    fc.json({ maxDepth: 3 }).map((text) => Buffer.from(text)),
    fc.tuple(frame, fc.double({ min: 0, max: 1, noNaN: true })).map(([text, share]) => {
      const bytes = Buffer.from(text);
      return bytes.subarray(0, Math.floor(bytes.length * share));
    }),
    fc.tuple(frame, fc.nat(), fc.nat({ max: 255 })).map(([text, at, byte]) => {
      const bytes = Buffer.from(text);
      bytes[at % bytes.length] = byte;
      return bytes;
    }),
    fc
      .tuple(frame, fc.array(fc.nat({ max: 30 }), { minLength: 1, maxLength: 6 }), odd)
      .map(([text, steps, by]) =>
        Buffer.from(JSON.stringify(damaged(JSON.parse(text), steps, by))),
      ),
  );
}

const DECIMAL = /^(0|[1-9]\d*)(\.\d*[1-9])?$/;

/** Expects of every book what the store relies on. */
function expectSound(host: RecordingHost): void {
  for (const book of host.books.splice(0)) {
    for (const [name, levels] of [
      ['asks', book.asks],
      ['bids', book.bids],
    ] as const) {
      levels.forEach(([price, volume], i) => {
        if (!DECIMAL.test(price) || !DECIMAL.test(volume) || volume === '0' || price === '0') {
          throw new Error(`${name} hold ${price} ${volume}`);
        }
        const before = levels[i - 1];
        if (before === undefined) return;
        const falls = Number(price) < Number(before[0]);
        if (price === before[0] || (falls && name === 'asks')) throw new Error(`${name} disorder`);
      });
    }
  }
}

let server: FrameServer;
let controller: WSController;
const uncaught: unknown[] = [];
const note = (error: unknown): void => void uncaught.push(error);
beforeEach(() => {
  uncaught.length = 0;
  process.on('uncaughtException', note);
  process.on('unhandledRejection', note);
});
afterEach(() => {
  process.off('uncaughtException', note);
  process.off('unhandledRejection', note);
});

describe('arbitrary bytes over a real socket never end the handler of', () => {
  afterEach(async () => {
    await controller.close();
    await server.close();
  });

  it.each(PROTOCOLS)(
    '$name: the next good book is read, on the same connection',
    async (protocol) => {
      server = await frameServer(protocol.greeting);
      const host = new RecordingHost();
      controller = protocol.make({
        exchange: 'UPBIT',
        urls: { wsUrl: server.url, restUrl: '' },
        host,
        rest: new RestClient(''),
        clock: Date.now,
        random: () => 0,
        limits: new LimitBoard(),
        gopaxKeys: null,
        bithumbPollMs: 100,
        trades: false,
      });
      controller.add([BTC]);
      await until(() => server.received.length > 0, 'the subscription');
      const frames = [
        protocol.good(7),
        ...fixtureLines(protocol.recorded).filter((l) => isJson(l)),
      ];
      let price = 100;
      // Without a book Coinone's error of an unknown topic would mean this pair, rightly.
      server.send(protocol.good(price), true);
      await until(() => host.books.length === 1, 'the first book');
      await fc.assert(
        fc.asyncProperty(
          fc.array(hostile(frames), { minLength: 1, maxLength: 40 }),
          fc.boolean(),
          async (messages, binary) => {
            // Text that is no UTF-8 ends the connection by the protocol itself (RFC 6455, 8.1).
            for (const message of messages)
              server.sockets[0]!.send(message, { binary: binary || !isUtf8(message) });
            const { goods = 1 } = protocol;
            for (let i = 0; i < goods; i++) server.send(protocol.good(++price), true);
            await until(
              () => host.books.some((book) => book.asks[0]?.[0] === String(price)),
              'the good book',
              5000,
            );
            expectSound(host);
          },
        ),
        { numRuns: 40, endOnFailure: true },
      );
      expect(uncaught).toEqual([]);
      expect(host.unreadables.length).toBeGreaterThan(100);
      for (const { reason } of host.unreadables) expect(reason).not.toMatch(/undefined|of null/);
      expect(host.downs).toEqual([]);
      expect(server.headers).toHaveLength(1);
    },
  );
});

describe('arbitrary bytes in answers', () => {
  it('never end the poller of Bithumb: the next good book is read', async () => {
    const good =
      '[{"market":"KRW-BTC","timestamp":1790134742106,"orderbook_units":[{"ask_price":7,"bid_price":1,"ask_size":2,"bid_size":3}]}]';
    let body: Buffer = Buffer.from(good);
    let status = 200;
    let answers = 0;
    const http: Server = createServer((_request, response) => {
      answers++;
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(body);
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    const restUrl = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    const { feed, host } = feedOf(
      'BITHUMB',
      { restUrl },
      { bithumbTransport: 'rest', bithumbPollMs: 1 },
    );
    try {
      feed.add([BTC]);
      await until(() => host.books.length > 0, 'the first book');
      await fc.assert(
        fc.asyncProperty(
          hostile([good]).filter((bytes) => !bytes.includes('"404"')),
          fc.constantFrom(200, 200, 400, 500, 503),
          async (bytes, code) => {
            [body, status] = [bytes, code];
            const asked = answers;
            await until(() => answers > asked + 1, 'a poll');
            [body, status] = [Buffer.from(good), 200];
            host.books.length = 0;
            await until(() => host.books.length > 0, 'the good book');
            expectSound(host);
          },
        ),
        // Each refusal pauses the poller for a while.
        { numRuns: 6, endOnFailure: true },
      );
      expect(uncaught).toEqual([]);
    } finally {
      await feed.close();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    }
  }, 60_000);
});

describe('the JSON reader', () => {
  it('agrees with JSON.parse on what is JSON, and keeps numbers as text', () => {
    // The same text with its numbers in quotes, for a reader that knows floats only.
    const quoted = (text: string): string =>
      text.replace(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g, (token) =>
        token.startsWith('"') ? token : `"${token}"`,
      );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.string(),
          fc.json().map((t) => t.slice(0, -1)),
        ),
        (text) => {
          if (!isJson(text)) {
            expect(() => parseExactJson(text)).toThrow(/not JSON/);
            return;
          }
          expect(parseExactJson(text)).toEqual(JSON.parse(quoted(text)));
        },
      ),
      { numRuns: 500 },
    );
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

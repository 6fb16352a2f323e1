import { describe, expect, it } from '@jest/globals';
import { readUnitBook } from '../../src/collector/exchanges/upbit-protocol/messages.js';
import { FrameReader } from '../../src/collector/exchanges/upbit-protocol/frame-reader.js';
import { parseExactJson } from '../../src/market/exact-json.js';
import { pairText } from '../../src/market/market.js';
import { fixture, fixtureLines } from '../helpers/fixtures.js';

const general = (text: string): unknown => {
  const { pair, sides, exchangeTimestamp } = readUnitBook(parseExactJson(text));
  return { code: pairText(pair), sides, exchangeTimestamp };
};
const read = (reader: FrameReader, text: string): unknown => reader.read(Buffer.from(text));

describe('FrameReader', () => {
  it('reads recorded frames like the general reader, first and repeated', () => {
    const reader = new FrameReader(() => true);
    const frames = [
      ...fixtureLines('upbit/session.jsonl').slice(1, 3),
      ...fixtureLines('bithumb/session.jsonl').slice(1, 4),
      fixture('bithumb/timestamp-text.json').trim(),
    ];
    for (const frame of [...frames, ...frames]) {
      expect(read(reader, frame)).toEqual(general(frame));
    }
  });

  it('follows a book whose units change, move, appear, vanish and turn to zero (seeded)', () => {
    let seed = 11;
    const random = (n: number): number => {
      seed = (seed * 1664525 + 1013904223) % 4294967296;
      return Math.floor((seed / 4294967296) * n);
    };
    const sizes = [
      '0.02054761',
      '7.9276E-4',
      '0',
      '25752275.55420627',
      '1',
      '5.0E-4',
      '0.00077720',
    ];
    const reader = new FrameReader(() => true);
    let touch = 500;
    for (let i = 0; i < 2000; i++) {
      if (random(5) === 0) touch += random(3) - 1;
      const depth = random(20) === 0 ? random(30) : 15;
      const units = Array.from({ length: depth }, (_, u) => {
        const size = (side: number): string =>
          sizes[(u * 7 + side + (random(12) === 0 ? random(7) : 0)) % 7]!;
        return `{"ask_price":1.${touch + u}E8,"bid_price":${touch - 1 - u}00000.0,"ask_size":${size(0)},"bid_size":${size(3)}}`;
      });
      const frame = `{"type":"orderbook","code":"KRW-BTC","timestamp":${1790134742106 + i},"orderbook_units":[${units.join(',')}],"stream_type":"REALTIME","level":0}`;
      expect(read(reader, frame)).toEqual(general(frame));
    }
  });

  it('agrees with the general reader on damaged frames or leaves them to it (seeded)', () => {
    let seed = 5;
    const random = (n: number): number => {
      seed = (seed * 1664525 + 1013904223) % 4294967296;
      return Math.floor((seed / 4294967296) * n);
    };
    const frame = fixtureLines('upbit/session.jsonl')[1]!;
    // Only names as they are kept are ever asked for.
    const reader = new FrameReader((code) => code === code.toUpperCase());
    let agreed = 0;
    for (let i = 0; i < 20_000; i++) {
      const bytes = Buffer.from(frame);
      for (let n = random(3); n >= 0; n--) {
        const at = random(bytes.length);
        bytes[at] =
          random(4) === 0 ? random(256) : '0123456789.,:{}[]"eE+-\\'.charCodeAt(random(22));
      }
      const from = random(10) === 0 ? random(bytes.length) : 0;
      const to = random(10) === 0 ? random(bytes.length) : bytes.length;
      const damaged = Buffer.concat([
        bytes.subarray(0, from),
        bytes.subarray(Math.min(from, to), to),
      ]);
      const fast = reader.read(damaged);
      if (fast === null) continue;
      expect(fast).toEqual(general(damaged.toString('utf8')));
      agreed++;
    }
    expect(agreed).toBeGreaterThan(1000);
  });

  it.each([
    [
      'the SIMPLE format',
      '{"ty":"orderbook","cd":"KRW-BTC","tms":1618678262640,"tas":1.5,"tbs":2.25,"obu":[{"ap":127.0,"bp":126.0,"as":1.50000001,"bs":0.25}],"st":"REALTIME","lv":0}',
    ],
    [
      'another key order',
      '{"type":"orderbook","code":"KRW-BTC","timestamp":1,"orderbook_units":[{"bid_price":1,"ask_price":2,"ask_size":1,"bid_size":1}]}',
    ],
    [
      'white space',
      '{"type":"orderbook","code":"KRW-BTC","timestamp":1,"orderbook_units":[ {"ask_price":2,"bid_price":1,"ask_size":1,"bid_size":1} ]}',
    ],
    [
      'levels out of order',
      '{"type":"orderbook","code":"KRW-BTC","timestamp":1,"orderbook_units":[{"ask_price":3,"bid_price":1,"ask_size":1,"bid_size":1},{"ask_price":2,"bid_price":0.5,"ask_size":1,"bid_size":1}]}',
    ],
    ['another stream', '{"type":"ticker","code":"KRW-BTC","timestamp":1}'],
    ['an error', '{"error":{"name":"NO_TICKET","message":"units\\":["}}'],
    ['no book at all', 'hello'],
    [
      'a list of books',
      '[{"type":"orderbook","code":"KRW-BTC","timestamp":1,"orderbook_units":[]},{"type":"orderbook"}]',
    ],
  ])('leaves %s to the general reader', (_name, frame) => {
    expect(read(new FrameReader(() => true), frame)).toBeNull();
  });

  it.each(['', ',"x":1', '}}', '},"orderbook_units":1', '}\n'])(
    'leaves a frame that ends in %p to the general reader',
    (end) => {
      const frame = `{"type":"orderbook","code":"KRW-BTC","timestamp":1,"orderbook_units":[{"ask_price":2,"bid_price":1,"ask_size":1,"bid_size":1}]${end}`;
      expect(read(new FrameReader(() => true), frame)).toBeNull();
    },
  );

  it('gives the same arrays again for sides that did not change', () => {
    const reader = new FrameReader(() => true);
    const frame = (size: string, time: number): Buffer =>
      Buffer.from(
        `{"type":"orderbook","code":"KRW-BTC","timestamp":${time},"orderbook_units":[{"ask_price":2,"bid_price":1,"ask_size":${size},"bid_size":0.00077720}],"level":0}`,
      );
    const first = reader.read(frame('1', 1790134742106))!;
    const second = reader.read(frame('1.5', 1790134742107))!;
    expect(second.sides.bids).toBe(first.sides.bids);
    expect(second.sides.asks).toEqual([['2', '1.5']]);
    expect(first.sides.asks).toEqual([['2', '1']]);
  });

  it('leaves books of other markets to the general reader and remembers nothing of them', () => {
    const reader = new FrameReader((code) => code === 'BTC-KRW');
    const frame = (code: string): Buffer =>
      Buffer.from(
        `{"type":"orderbook","code":"${code}","timestamp":1790134742106,"orderbook_units":[{"ask_price":2,"bid_price":1,"ask_size":1,"bid_size":1}]}`,
      );
    expect(reader.read(frame('KRW-BTC'))).not.toBeNull();
    for (const code of ['KRW-ETH', 'KRW', '-BTC', 'KRW-'])
      expect(reader.read(frame(code))).toBeNull();
  });
});

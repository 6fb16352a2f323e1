import { describe, expect, it } from '@jest/globals';
import { readUnitBook } from '../../src/collector/exchange/unit-book.js';
import { UnitBookReader } from '../../src/collector/exchange/unit-book-reader.js';
import { parseExactJson } from '../../src/market/exact-json.js';
import { fixture, fixtureLines } from '../helpers/fixtures.js';

const general = (text: string): unknown => readUnitBook(parseExactJson(text));

describe('UnitBookReader', () => {
  it('reads recorded frames like the general reader, first and repeated', () => {
    const reader = new UnitBookReader();
    const frames = [
      ...fixtureLines('upbit/ws_simple_2021-04-17_orderbook.raw.jsonl'),
      ...fixtureLines('upbit/ws_session_2026-09-23_trimmed.jsonl').slice(1, 4),
      ...fixtureLines('bithumb/ws_session_2026-09-23_trimmed.jsonl').slice(1, 4),
      fixture('bithumb/ws_orderbook_ccxt_2026-07-10_string_timestamp.json').trim(),
    ];
    for (const frame of [...frames, ...frames]) {
      expect(reader.read(frame)).toEqual(general(frame));
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
    const reader = new UnitBookReader();
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
      expect(reader.read(frame)).toEqual(general(frame));
    }
  });

  it.each([
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
    expect(new UnitBookReader().read(frame)).toBeNull();
  });

  it.each(['', '}', ',"x":1', '}}', '},"orderbook_units":1'])(
    'refuses a frame that ends in %p',
    (end) => {
      const frame = `{"type":"orderbook","code":"KRW-BTC","timestamp":1,"orderbook_units":[{"ask_price":2,"bid_price":1,"ask_size":1,"bid_size":1}]${end}`;
      if (end === '}') expect(new UnitBookReader().read(frame)).toEqual(general(frame));
      else expect(() => new UnitBookReader().read(frame)).toThrow();
    },
  );
});

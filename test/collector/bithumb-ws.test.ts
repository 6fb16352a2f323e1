import { describe, expect, it } from '@jest/globals';
import { readUnitBook } from '../../src/collector/exchanges/upbit-protocol/messages.js';
import { parseExactJson } from '../../src/market/exact-json.js';
import { fixture, fixtureLines } from '../helpers/fixtures.js';

const recorded = fixtureLines('bithumb/session.jsonl');
const read = (text: string): ReturnType<typeof readUnitBook> => readUnitBook(parseExactJson(text));

describe('Bithumb WebSocket books', () => {
  it('stamped in µs as a number are read as ms', () => {
    expect(read(recorded[1]!).exchangeTimestamp).toBe(1790233505546);
  });

  it('stamped in µs as text are read as ms', () => {
    const book = read(fixture('bithumb/timestamp-text.json'));
    expect(book.exchangeTimestamp).toBe(1783757882348);
    expect(book.sides.asks).toEqual([['96340000', '0.0008']]);
  });

  it('stamped in ms (documentation) are read as ms', () => {
    const book = read(fixture('bithumb/timestamp-ms.json'));
    expect(book.exchangeTimestamp).toBe(1726030007672);
    expect(book.sides.asks).toHaveLength(15);
  });

  it('lose levels of size 0, though their price is real', () => {
    const book = read(recorded[3]!);
    expect(book.sides.asks.map(([price]) => price)).not.toContain('126215000');
    expect(book.sides.bids.map(([price]) => price)).toContain('126201000');
  });

  it('in the SIMPLE format are read', () => {
    // The sample was cut after the units; the keys that follow are those of
    // `bithumb.book.default-keys`.
    const book = read(
      recorded[4]!.replace(/}$/, ',"lv":1,"tms":1790233505564033,"st":"SNAPSHOT"}'),
    );
    expect(book.sides.asks[0]).toEqual(['126279000', '0.0913']);
  });
});

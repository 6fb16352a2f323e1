import { describe, expect, it } from '@jest/globals';
import { readUnitBook } from '../../../src/collector/exchanges/upbit-protocol/messages.js';
import { parseExactJson } from '../../../src/market/exact-json.js';
import { fixture, fixtureLines } from '../../helpers/fixtures.js';

const recorded = fixtureLines('bithumb/session.jsonl');
const read = (text: string): ReturnType<typeof readUnitBook> => readUnitBook(parseExactJson(text));

describe('Bithumb WebSocket books', () => {
  it('stamped in µs as a number are read as ms', () => {
    expect(read(recorded[1]!).exchangeTimestamp).toBe(1767225600123);
  });

  it('stamped in µs as text are read as ms', () => {
    const book = read(fixture('bithumb/timestamp-text.json'));
    expect(book.exchangeTimestamp).toBe(1767225600456);
    expect(book.sides.asks).toEqual([['100002000', '0.25']]);
  });

  it('stamped in ms (documentation) are read as ms', () => {
    const book = read(fixture('bithumb/timestamp-ms.json'));
    expect(book.exchangeTimestamp).toBe(1767225600567);
    expect(book.sides.asks).toHaveLength(15);
  });

  it('lose levels of size 0, though their price is real', () => {
    const book = read(recorded[3]!);
    expect(book.sides.asks.map(([price]) => price)).not.toContain('100003000');
    expect(book.sides.bids.map(([price]) => price)).toContain('100000000');
  });

  it('in the SIMPLE format are read', () => {
    // The message ends after the units; the keys that follow are those of
    // `bithumb.book.default-keys`.
    const book = read(
      recorded[4]!.replace(/}$/, ',"lv":1,"tms":1767225600345678,"st":"SNAPSHOT"}'),
    );
    expect(book.sides.asks[0]).toEqual(['100002000', '0.25']);
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeLevels } from '../../src/market/level-text.js';
import type { Level } from '../../src/market/order-book.js';
import {
  decodeBook,
  decodeMessage,
  encodeBook,
  encodeMessage,
  NewerMessageError,
  sideTexts,
} from '../../src/nats/messages.js';

const decimal = fc.stringMatching(/^(0|[1-9]\d{0,11})\.\d{0,9}[1-9]$/);
const side = fc.array(fc.tuple(decimal, decimal), { maxLength: 4 });
const sides = fc.record({ asks: side, bids: side }).map(sideTexts);

describe('a book in the log', () => {
  it('comes back as it was, with what its writer says that changed, or without', () => {
    const time = fc.nat(2 ** 42);
    const head = fc.record({ t: time, e: fc.option(time), g: fc.boolean(), p: time, w: time });
    fc.assert(
      fc.property(head, sides, fc.option(sides), (rest, levels, changes) => {
        const message = { ...rest, ...levels, changes };
        expect(decodeBook(encodeBook(message))).toEqual(message);
      }),
    );
  });

  it('is read from any JSON that has it, whoever wrote that', () => {
    const asks: Level[] = [['10.5', '1']];
    const message = { b: [], a: asks, w: 0, p: 7, g: true, e: null, t: 5, more: '한' };
    const read = decodeBook(encodeMessage(message));
    expect(read).toMatchObject({ t: 5, e: null, g: true, p: 7, w: 0, changes: null, bids: '[]' });
    expect(decodeLevels(read.asks)).toEqual(asks);
  });

  it.each([
    '{"v":2,"t":1,"e":1,"g":false,"p":0,"w":0,"a":[],"b":[]}',
    '{"t":1,"e":1,"g":false,"p":0,"w":0,"a":[["2","1"]],"b":[["1","1"]],"v":2}',
    '{"t":1,"e":1,"g":false,"p":0,"w":0,"x":[],"y":[],"a":[],"b":[],"v":2}',
    '{"v":2,"levels":"packed"}',
  ])('of a newer version is named, not misread: %s', (text) => {
    expect(() => decodeBook(Buffer.from(text))).toThrow(NewerMessageError);
    expect(() => decodeMessage(Buffer.from(text))).toThrow(
      'a message on the bus is of version 2, and this node reads up to version 1; update it',
    );
  });

  it.each([
    ['nothing', ''],
    ['no JSON', '{"t":1,"e":1,"g":false,"p":0,"w":0,"a":[['],
    ['no sides', '{"t":1,"e":1,"g":false,"p":0,"w":0,"a":1,"b":2}'],
    ['one side', '{"t":1,"e":1,"g":false,"p":0,"w":0,"a":[]}'],
    ['another thing', '{"start":1}'],
    ['no number before it', '{"t":1,"e":1,"g":false,"a":[],"b":[]}'],
  ])('is refused where there is %s', (_what, text) => {
    expect(() => decodeBook(Buffer.from(text))).toThrow();
  });
});

import { describe, expect, it } from '@jest/globals';
import { type ExactJson, JsonFormatError, parseExactJson } from '../../src/market/exact-json.js';
import { fixtureLines } from '../helpers/fixtures.js';

/** What JSON.parse gives, with each number as `String(number)`, for texts whose numbers survive that. */
function loosely(value: unknown): unknown {
  if (typeof value === 'number') return String(value);
  if (Array.isArray(value)) return value.map(loosely);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, loosely(v)]));
  }
  return value;
}

function plain(value: ExactJson): unknown {
  return JSON.parse(JSON.stringify(value));
}

describe('parseExactJson', () => {
  it('keeps every digit of a number, which JSON.parse does not', () => {
    const text =
      '{"ask_size":25752275.55420627123,"p":1.16539E8,"n":-0.5e-3,"i":12345678901234567890}';
    expect(plain(parseExactJson(text))).toEqual({
      ask_size: '25752275.55420627123',
      p: '1.16539E8',
      n: '-0.5e-3',
      i: '12345678901234567890',
    });
  });

  it.each(['korbit/books.jsonl', 'coinone/session.jsonl'])(
    'reads recorded frames of %s like JSON.parse',
    (file) => {
      for (const line of fixtureLines(file)) {
        expect(plain(parseExactJson(line))).toEqual(loosely(JSON.parse(line)));
      }
    },
  );

  it('reads escapes, empty containers, white space and words', () => {
    const text = ' {"a\\u0041\\n\\"":[ ] , "b" : { } ,"c":[true,false,null,"호가 \\uD55C"]}\r\n\t';
    expect(plain(parseExactJson(text))).toEqual(JSON.parse(text));
  });

  it('is not fooled by __proto__', () => {
    const value = parseExactJson('{"__proto__":1,"__proto__":{"polluted":1}}') as {
      [key: string]: ExactJson;
    };
    expect(Object.keys(value)).toEqual(['__proto__']);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it.each([
    '',
    ' ',
    '{',
    '[',
    '"',
    '"\\',
    '{"a"',
    '{"a":',
    '{"a":1',
    '{"a":1,}',
    '[1,]',
    '[1 2]',
    '01',
    '-',
    '1.',
    '1e',
    'tru',
    'nul',
    'hello',
    '{a:1}',
    "{'a':1}",
    '1 1',
    '"a\nb"',
    '"\\x"',
    '[1}',
    '{"a":1]',
    '+1',
    'NaN',
  ])('refuses %p', (text) => {
    expect(() => parseExactJson(text)).toThrow(JsonFormatError);
  });

  it('refuses deep nesting instead of overflowing the stack', () => {
    expect(() => parseExactJson('['.repeat(100_000))).toThrow(/nested deeper than 32/);
    expect(() => parseExactJson('{"a":'.repeat(100_000))).toThrow(/nested deeper than 32/);
  });
});

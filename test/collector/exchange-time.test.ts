import { describe, expect, it } from '@jest/globals';
import { believedTime, exchangeTime, showsOrder } from '../../src/collector/wire/exchange-time.js';

const MS = 1_790_134_742_106;

describe('exchangeTime', () => {
  it.each([
    ['ms', '1790134742106', MS],
    ['µs', '1790134742106638', MS],
    ['ns', '1790134742106638123', MS],
    ['s', '1790134742', 1_790_134_742_000],
    ['s with a fraction', '1790134742.1', 1_790_134_742_100],
    ['s with more digits than ms', '1790134742.106638', MS],
    ['ms with a fraction', '1790134742106.638', MS],
    ['an exponent', '1.790134742106E12', MS],
    ['an exponent of s', '1.790134742106e9', MS],
    ['ISO 8601 in UTC', '2026-09-23T03:39:02.106Z', MS],
    ['ISO 8601 with an offset', '2026-09-23T12:39:02.106+09:00', MS],
    ['ISO 8601 without a fraction', '2026-09-23 12:39:02+0900', 1_790_134_742_000],
  ])('reads %s', (_what, text, time) => {
    expect(exchangeTime(text)).toBe(time);
  });

  it.each([
    ['missing', undefined],
    ['null', null],
    ['true', true],
    ['an object', {}],
    ['a list', ['1790134742106']],
    ['empty', ''],
    ['words', 'now'],
    ['negative', '-1790134742106'],
    ['beyond any unit', '1'.repeat(25)],
    ['ISO 8601 without a zone', '2026-09-23T12:39:02.106'],
    ['no day of the calendar', '2026-13-45T12:39:02Z'],
  ])('gives nothing for a time that is %s', (_what, value) => {
    expect(exchangeTime(value)).toBeUndefined();
  });
});

describe('showsOrder', () => {
  it.each(['1790134742106', '1790134742106638', '1790134742106638123', '1790134742106.638'])(
    'is true of %s: plain digits as fine as ms',
    (text) => expect(showsOrder(text)).toBe(true),
  );

  it.each(['1790134742', '1790134742.5', '1.790134742106E12', '2026-09-23T03:39:02Z', null, {}])(
    'is false of %s: coarse, or not the usual form',
    (value) => expect(showsOrder(value)).toBe(false),
  );
});

describe('believedTime', () => {
  const day = 86_400_000;

  it('believes what can be the time of a book received now', () => {
    for (const time of [MS, MS - 300 * day, MS + 3_600_000]) {
      expect(believedTime(time, MS)).toBe(time);
    }
    expect(believedTime(null, MS)).toBeNull();
  });

  it('believes neither zero nor a far time', () => {
    for (const time of [0, MS - 400 * day, MS + 2 * day, undefined]) {
      expect(believedTime(time, MS)).toBeUndefined();
    }
  });
});

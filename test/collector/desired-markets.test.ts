import { describe, expect, it } from '@jest/globals';
import { DesiredMarkets } from '../../src/collector/desired-markets.js';
import { type CollectPattern, parseCollect } from '../../src/market/collect-pattern.js';
import { pairText } from '../../src/market/market.js';
import { pair } from '../helpers/feed.js';

const patterns = (text: string): readonly CollectPattern[] => {
  const read = parseCollect(text);
  if (!read.ok) throw new Error(read.problems.join());
  return read.patterns;
};
const LISTED = ['BTC-KRW', 'ETH-KRW', 'XRP-KRW', 'ETH-BTC'].map(pair);
const desired = (collect: string): DesiredMarkets => new DesiredMarkets('UPBIT', patterns(collect));
const wanted = (of: DesiredMarkets, listed = LISTED): string[] =>
  of.wanted(listed).map(pairText).sort();
const pattern = (text: string): CollectPattern => patterns(text)[0]!;

describe('DesiredMarkets', () => {
  it('takes COLLECT where no mutation spoke', () => {
    expect(wanted(desired('*-KRW'))).toEqual(['BTC-KRW', 'ETH-KRW', 'XRP-KRW']);
    expect(wanted(desired('BITHUMB:*-*'))).toEqual([]);
    expect(wanted(desired('UPBIT:NEW-KRW'))).toEqual(['NEW-KRW']);
    expect(wanted(desired(''))).toEqual([]);
  });

  it('lets the newest mutation about a market decide, by name or by pattern', () => {
    const of = desired('*-KRW');
    of.setPattern(pattern('*-*'), false);
    expect(wanted(of)).toEqual([]);
    of.setMarket(pair('ETH-KRW'), true);
    expect(wanted(of)).toEqual(['ETH-KRW']);
    of.setPattern(pattern('UPBIT:ETH-*'), true);
    of.setMarket(pair('ETH-KRW'), false);
    expect(wanted(of)).toEqual(['ETH-BTC']);
    of.setPattern(pattern('*-KRW'), true);
    expect(wanted(of)).toEqual(['BTC-KRW', 'ETH-BTC', 'ETH-KRW', 'XRP-KRW']);
    of.setPattern(pattern('*-*'), false);
    expect(wanted(of)).toEqual([]);
  });

  it('leaves other exchanges out of it', () => {
    const of = desired('*-KRW');
    of.setPattern(pattern('BITHUMB:*-*'), false);
    expect(wanted(of)).toHaveLength(3);
  });

  it('wants what is listed later and matches, and keeps what was stopped by pattern stopped', () => {
    const of = desired('');
    of.setPattern(pattern('*-KRW'), true);
    of.setPattern(pattern('NEW-*'), false);
    expect(wanted(of, [...LISTED, pair('NEWER-KRW'), pair('NEW-KRW')])).toEqual([
      'BTC-KRW',
      'ETH-KRW',
      'NEWER-KRW',
      'XRP-KRW',
    ]);
  });

  it('distinguishes markets asked for by name from those that a pattern brings', () => {
    const of = desired('BTC-KRW,*-BTC');
    of.setMarket(pair('XRP-KRW'), true);
    of.setMarket(pair('SOL-KRW'), false);
    expect(['BTC-KRW', 'XRP-KRW', 'ETH-BTC', 'SOL-KRW'].map((c) => of.names(pair(c)))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    of.setPattern(pattern('BTC-KRW'), false);
    expect(of.names(pair('BTC-KRW'))).toBe(false);
  });
});

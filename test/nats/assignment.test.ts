import { describe, expect, it } from '@jest/globals';
import { parseBusAddress } from '../../src/market/bus-address.js';
import { dutyOf, rankNodes } from '../../src/nats/assignment.js';
import { marketSubject, SubjectReader } from '../../src/nats/subjects.js';

describe('what nodes agree on without asking', () => {
  it('moves no shard but those of a node that goes', () => {
    const nodes = ['a', 'b', 'c', 'd'];
    for (const shard of ['UPBIT', 'BITHUMB', 'COINONE', 'KORBIT', 'GOPAX']) {
      const [first, second, ...rest] = rankNodes(shard, nodes);
      expect(rankNodes(shard, [...nodes].reverse())[0]).toBe(first);
      const without = nodes.filter((node) => node !== first);
      expect(rankNodes(shard, without)).toEqual([second, ...rest]);
    }
  });

  describe('of a shard', () => {
    const [best, second, last] = rankNodes('UPBIT', ['a', 'b', 'c']) as [string, string, string];
    const collectors = (...ready: string[]) =>
      [best, second, last].map((node) => ({ node, ready: ready.includes(node) }));
    const duties = (holder: string | null, of: ReturnType<typeof collectors>): string[] =>
      of.map(({ node }) => dutyOf('UPBIT', node, of, holder));

    it('lets one that is ready take it when its holder is gone, and the best when none is', () => {
      expect(duties(null, collectors(last))).toEqual(['WAIT', 'WAIT', 'TAKE']);
      expect(duties(null, collectors(second, last))).toEqual(['WAIT', 'TAKE', 'WAIT']);
      expect(duties(null, collectors())).toEqual(['TAKE', 'WAIT', 'WAIT']);
    });

    it('lets the best take it when those that are ready leave it free', () => {
      const of = collectors(last);
      const after = (ms: number): string[] =>
        of.map(({ node }) => dutyOf('UPBIT', node, of, null, ms));
      expect(after(4_000)).toEqual(['WAIT', 'WAIT', 'TAKE']);
      expect(after(6_000)).toEqual(['TAKE', 'WAIT', 'TAKE']);
    });

    it('lets one more take it after each while in which nobody does: the best may be unable to', () => {
      const of = collectors();
      const after = (ms: number): string[] =>
        of.map(({ node }) => dutyOf('UPBIT', node, of, null, ms));
      expect(after(9_000)).toEqual(['TAKE', 'WAIT', 'WAIT']);
      expect(after(11_000)).toEqual(['TAKE', 'TAKE', 'WAIT']);
      expect(after(16_000)).toEqual(['TAKE', 'TAKE', 'TAKE']);
    });

    it('lets one that was started again leave it to another that is ready', () => {
      const holder = (...ready: string[]): string =>
        dutyOf('UPBIT', best, collectors(...ready), best);
      expect(holder(last)).toBe('GIVE_BACK');
      expect(holder()).toBe('TAKE');
      expect(holder(best)).toBe('TAKE');
    });

    it('lets a standby go only when the better one is ready', () => {
      expect(duties(last, collectors(last)).slice(0, 2)).toEqual(['FOLLOW', 'WAIT']);
      expect(duties(last, collectors(last, best)).slice(0, 2)).toEqual(['FOLLOW', 'LEAVE']);
    });
  });

  it('makes one token of any symbol, and reads it again', () => {
    for (const symbol of ['BTC', 'USDC.E', '코인', 'A_B', "X'Y!"]) {
      const market = { exchange: 'UPBIT' as const, symbol, currency: 'KRW' };
      const subject = marketSubject('book', market);
      expect(subject.split('.')).toHaveLength(4);
      expect(subject).toMatch(/^[\x21-\x7e]+$/);
      expect(new SubjectReader().read(subject)).toMatchObject({ kind: 'book', market });
    }
  });

  it('reads addresses of servers, and shows no password', () => {
    expect(parseBusAddress('nats://u:p%40@one,two:5000')).toEqual({
      servers: ['one:4222', 'two:5000'],
      user: 'u',
      password: 'p@',
      shown: 'nats://one:4222,two:5000',
    });
    for (const wrong of ['http://one', 'nats://', 'nats://one/path', 'one:4222'])
      expect(parseBusAddress(wrong)).toBeNull();
  });
});

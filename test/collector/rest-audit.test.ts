import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { RestAudit } from '../../src/collector/rest/rest-audit.js';
import type { RestClient } from '../../src/collector/rest/rest-client.js';
import type { Pair } from '../../src/market/market.js';
import type { Sides } from '../../src/market/order-book.js';
import { pairText } from '../../src/market/market.js';
import { pair } from '../helpers/feed.js';

const book = (volume: string): Sides => ({ asks: [['2', volume]], bids: [['1', volume]] });

/** The calls that the host got, in order. */
let calls: string[];
/** Pairs that are silent, with their streamed books. */
let silent: Map<string, Sides>;
/** Answers a call for some pairs. */
let answer: (pairs: readonly Pair[]) => Map<string, Sides>;
let audit: RestAudit;

beforeEach(() => {
  jest.useFakeTimers();
  calls = [];
  silent = new Map([['AAA-KRW', book('1')]]);
  const say =
    (what: string) =>
    (of: Pair): void => {
      calls.push(`${what} ${pairText(of)}`);
    };
  audit = new RestAudit(
    { batch: 2, everyMs: 1000, depth: 5, fetch: async (_rest, pairs) => answer(pairs) },
    undefined as unknown as RestClient,
    0,
    0,
    {
      current: (of) => silent.get(pairText(of)),
      watch: () => () => undefined,
      silent: (of) => silent.has(pairText(of)),
      auditable: () => [],
      quiet: say('quiet'),
      unproven: say('unproven'),
      lost: (of) => {
        if (silent.has(pairText(of))) say('lost')(of);
      },
      audited: () => undefined,
      failed: say('failed'),
    },
  );
  audit.start();
});
afterEach(() => {
  audit.close();
  jest.useRealTimers();
});

describe('a silent market', () => {
  it('whose book by REST is the streamed one is quiet', async () => {
    answer = () => new Map([['AAA-KRW', book('1')]]);
    audit.suspect(pair('AAA-KRW'));
    await jest.advanceTimersByTimeAsync(1_000);
    expect(calls).toEqual(['quiet AAA-KRW']);
  });

  it('whose book by REST differs is lost only if nothing comes in the next two seconds', async () => {
    answer = () => new Map([['AAA-KRW', book('7')]]);
    audit.suspect(pair('AAA-KRW'));
    await jest.advanceTimersByTimeAsync(2_900);
    expect(calls).toEqual([]);
    await jest.advanceTimersByTimeAsync(200);
    expect(calls).toEqual(['lost AAA-KRW']);
    calls = [];
    audit.suspect(pair('AAA-KRW'));
    await jest.advanceTimersByTimeAsync(1_500);
    silent.clear();
    await jest.advanceTimersByTimeAsync(5_000);
    expect(calls).toEqual([]);
  });

  it('is not called unproven for another of its batch, but when it fails alone', async () => {
    silent.set('BAD-KRW', book('1'));
    answer = (pairs) => {
      if (pairs.some(({ symbol }) => symbol === 'BAD')) throw new Error('unknown code');
      return new Map([['AAA-KRW', book('1')]]);
    };
    audit.suspect(pair('AAA-KRW'));
    audit.suspect(pair('BAD-KRW'));
    await jest.advanceTimersByTimeAsync(60_000);
    expect(calls.filter((what) => !what.startsWith('failed'))).toEqual([
      'quiet AAA-KRW',
      'unproven BAD-KRW',
      'unproven BAD-KRW',
      'lost BAD-KRW',
    ]);
  });
});

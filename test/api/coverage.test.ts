import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { graphql } from '../gql/index.js';
import { market } from './helpers/books.js';
import { codeOf, serve, type TestServer } from './helpers/server.js';

const CoverageQuery = graphql(`
  query CoverageOf($from: DateTime, $to: DateTime, $first: Int, $after: String) {
    coverage(exchange: UPBIT, from: $from, to: $to) {
      exchange
      symbol
      currency
      from
      to
      percent
      stopped {
        start
        end
      }
      recordedMs
      coveredMs
      frames
      changedBooks
      repeats
      longestSilenceMs
      gaps {
        edges {
          node {
            symbol
            start
          }
        }
      }
      minutes(first: $first, after: $after) {
        edges {
          node {
            minute
            frames
            changedBooks
            repeats
            longestSilenceMs
          }
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  }
`);

const UPBIT = market('UPBIT');
let server: TestServer;

beforeEach(async () => {
  server = await serve();
});
afterEach(() => server.api.close());

describe('coverage', () => {
  it('gives the share covered, the totals, the gaps of the window and the minutes', async () => {
    server.reader.coverageRecords = [0, 60_000, 120_000].map((minute) => {
      return { market: UPBIT, minute, frames: 6, changed: 4, repeats: 2, longestSilenceMs: 800 };
    });
    const gap = { market: UPBIT, cause: 'STALE', detail: null, attempts: 0 } as const;
    server.reader.allGaps = [
      { ...gap, start: 1_000, end: 2_000 },
      { ...gap, start: 999_000, end: null },
      { ...gap, market: market('GOPAX'), start: 1_000, end: 2_000 },
    ];
    const variables = { from: '1970-01-01T00:00:00Z', to: '1970-01-01T00:04:00Z', first: 2 };
    const { data } = await server.run(CoverageQuery, variables);
    expect(data?.coverage).toMatchObject({
      exchange: 'UPBIT',
      symbol: 'BTC',
      currency: 'KRW',
      from: '1970-01-01T00:00:00.000Z',
      to: '1970-01-01T00:04:00.000Z',
      percent: 56.25,
      stopped: [{ start: '1970-01-01T00:00:30.000Z', end: '1970-01-01T00:01:00.000Z' }],
      recordedMs: '180000',
      coveredMs: '135000',
      frames: '18',
      changedBooks: '12',
      repeats: '6',
      longestSilenceMs: '800',
      gaps: { edges: [{ node: { symbol: 'BTC', start: '1970-01-01T00:00:01.000Z' } }] },
    });
    const { edges, pageInfo } = data!.coverage.minutes;
    expect(edges.map(({ node }) => node.minute)).toEqual([
      '1970-01-01T00:00:00.000Z',
      '1970-01-01T00:01:00.000Z',
    ]);
    expect(pageInfo.hasNextPage).toBe(true);
    const rest = await server.run(CoverageQuery, { ...variables, after: pageInfo.endCursor });
    expect(rest.data!.coverage.minutes.edges).toEqual([
      {
        node: {
          minute: '1970-01-01T00:02:00.000Z',
          frames: 6,
          changedBooks: 4,
          repeats: 2,
          longestSilenceMs: '800',
        },
      },
    ]);
  });

  it('is 0 percent of an empty window', async () => {
    const { data } = await server.run(CoverageQuery, {});
    expect(data?.coverage).toMatchObject({ percent: 0, frames: '0', from: data?.coverage.to });
  });

  it('refuses a window that ends before it begins', async () => {
    const { errors } = await server.post(
      '{ coverage(exchange: UPBIT, from: 1790000000000, to: 1780000000000) { percent } }',
    );
    expect(errors?.[0]).toMatchObject({
      message: expect.stringContaining('to: must not be before'),
    });
  });
});

describe('recordingStrips', () => {
  it('covers the last 24 hours, and refuses windows and parts that cannot be', async () => {
    const { data } = await server.post(
      '{ recordingStrips { exchange from to recordedFrom slots { time recordedMs percent gaps } causes { cause } } }',
    );
    const [strip] = data!['recordingStrips'] as { from: string; to: string; slots: object[] }[];
    expect(Date.parse(strip!.to) - Date.parse(strip!.from)).toBe(86_400_000);
    expect(strip!.slots[0]).toMatchObject({ recordedMs: '0', percent: null });
    for (const args of [
      'slots: 0',
      'slots: 501',
      'from: "2026-01-01T00:00:00Z", to: "2026-03-01T00:00:00Z"',
      'from: "2999-01-01T00:00:00Z"',
    ]) {
      const answer = await server.post(`{ recordingStrips(${args}) { exchange } }`);
      expect([args, codeOf(answer)]).toEqual([args, 'BAD_USER_INPUT']);
    }
  });
});

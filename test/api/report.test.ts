import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { market } from './helpers/books.js';
import { serve, type TestServer } from './helpers/server.js';

let server: TestServer;
beforeEach(async () => {
  server = await serve();
});
afterEach(() => server.api.close());

const QUERY = `query ($date: String, $first: Int = 100) {
  report(date: $date) {
    date clockSteps marketCount
    markets(first: $first) { exchange symbol percent gaps { cause count ms } audits }
  }
}`;

it('gives the report of a day', async () => {
  expect(await server.post(QUERY)).toEqual({ data: { report: null } });
  const one = {
    market: market('UPBIT'),
    recordedMs: 1_000,
    coveredMs: 750,
    percent: 75,
    frames: 5,
    changed: 3,
    repeats: 2,
    longestSilenceMs: 90,
    gaps: [{ cause: 'STALE', count: 1, ms: 250 }],
    audits: 4,
    auditDifferences: 0,
    lateBooks: 0,
  } as const;
  const from = Date.UTC(2026, 8, 1);
  server.reader.report = {
    date: '2026-09-01',
    from,
    to: from + 1_000,
    clockSteps: 2,
    markets: [one, one],
  };
  const { data } = await server.post(QUERY, { date: '2026-09-01', first: 1 });
  expect(data).toEqual({
    report: {
      date: '2026-09-01',
      clockSteps: 2,
      marketCount: 2,
      markets: [
        {
          exchange: 'UPBIT',
          symbol: 'BTC',
          percent: 75,
          gaps: [{ cause: 'STALE', count: 1, ms: '250' }],
          audits: 4,
        },
      ],
    },
  });
  expect(server.reader.reportDays).toEqual([undefined, from]);
});

it('refuses what is no day', async () => {
  const { errors } = await server.post(QUERY, { date: '2026-02-30' });
  expect(errors).toMatchObject([
    { message: expect.stringContaining('must be a day such as'), extensions: { argument: 'date' } },
  ]);
});

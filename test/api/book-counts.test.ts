import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { statusOf } from './helpers/memory-control.js';
import { market } from './helpers/books.js';
import { codeOf, serve, type TestServer } from './helpers/server.js';

let server: TestServer;
beforeEach(async () => {
  server = await serve();
  for (const exchange of ['UPBIT', 'GOPAX'] as const)
    server.control.put(statusOf(market(exchange)));
});
afterEach(() => server.api.close());

const ask = (args: string) =>
  server.post(`{ bookCounts(${args}) { exchange symbol currency counts } }`);
const TWO = 'markets: [{ exchange: UPBIT, symbol: "btc" }, { exchange: GOPAX, symbol: "BTC" }]';
const WINDOW = 'from: 1790000000000, to: 1790000005000';

it('answers for many markets at once, in the order in which they were named', async () => {
  const { data } = await ask(`${TWO}, ${WINDOW}, step: 2000`);
  expect(data!['bookCounts']).toEqual([
    { exchange: 'UPBIT', symbol: 'BTC', currency: 'KRW', counts: [7, 7, 7] },
    { exchange: 'GOPAX', symbol: 'BTC', currency: 'KRW', counts: [7, 7, 7] },
  ]);
  expect(server.reader.counted).toEqual([
    {
      markets: [market('UPBIT'), market('GOPAX')],
      from: 1_790_000_000_000,
      to: 1_790_000_005_000,
      step: 2_000,
    },
  ]);
});

it.each([
  ['no market', `markets: [], ${WINDOW}, step: 2000`, 'markets: must name from 1'],
  ['a step of nothing', `${TWO}, ${WINDOW}, step: 99`, 'step: must be 100 or more; was 99'],
  [
    'no window',
    `${TWO}, from: 1790000000000, to: 1790000000000, step: 2000`,
    'to: must be after from',
  ],
  [
    'more than ten minutes',
    `${TWO}, from: 1790000000000, to: 1790000600001, step: 2000`,
    'from: must be at most ten minutes',
  ],
])('refuses %s', async (_what, args, message) => {
  const answer = await ask(args);
  expect([codeOf(answer), answer.errors![0]!.message]).toEqual([
    'BAD_USER_INPUT',
    expect.stringContaining(message),
  ]);
});

it('bounds the points of an operation', async () => {
  const many = Array.from({ length: 29 }, () => '{ exchange: UPBIT, symbol: "BTC" }').join();
  const answer = await ask(`markets: [${many}], from: 1790000000000, to: 1790000600000, step: 100`);
  expect(codeOf(answer)).toBe('QUERY_TOO_COMPLEX');
});

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { book, market } from './helpers/books.js';
import { serve, type TestServer } from './helpers/server.js';

let server: TestServer;
beforeEach(async () => {
  server = await serve();
  server.reader.stored = [1, 2, 3, 4, 5].map((sequence) => book(market('UPBIT'), sequence));
});
afterEach(() => server.api.close());

interface Page {
  readonly edges: { cursor: string; node: { sequence: string } }[];
  readonly pageInfo: Record<string, unknown>;
}

async function page(args: string): Promise<Page> {
  const { data, errors } = await server.post(
    `{ books(exchange: UPBIT, ${args}) {
      edges { cursor node { sequence asks(depth: 1) { price } } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    } }`,
  );
  expect(errors).toBeUndefined();
  return data!['books'] as Page;
}

const numbers = ({ edges }: Page): number[] => edges.map(({ node }) => Number(node.sequence));

describe('books', () => {
  it('are read forward', async () => {
    const first = await page('first: 2');
    expect(numbers(first)).toEqual([1, 2]);
    expect(first.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
    const next = await page(`first: 5, after: "${String(first.pageInfo['endCursor'])}"`);
    expect(numbers(next)).toEqual([3, 4, 5]);
    expect(next.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
  });

  it('are read backward from the newest', async () => {
    const last = await page('last: 2');
    expect(numbers(last)).toEqual([4, 5]);
    expect(last.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
    const before = await page(`before: "${String(last.pageInfo['startCursor'])}"`);
    expect(numbers(before)).toEqual([1, 2, 3]);
    expect(before.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
    expect(before.pageInfo['startCursor']).toBe(before.edges[0]!.cursor);
  });

  it('of a window only', async () => {
    expect(numbers(await page('from: "1700000000002", to: "1700000000004"'))).toEqual([2, 3]);
  });

  it.each([
    ['first: 1, last: 1', /give either first, to read forward, or last, to read backward/],
    ['last: 0', /last: must be from 1 to 1000/],
    ['before: "x"', /before: must be the startCursor/],
    ['after: "x"', /after: must be the endCursor/],
  ])('refuse %s', async (args, message) => {
    const { errors } = await server.post(
      `{ books(exchange: UPBIT, ${args}) { edges { cursor } } }`,
    );
    expect(errors).toMatchObject([
      { message: expect.stringMatching(message), extensions: { code: 'BAD_USER_INPUT' } },
    ]);
  });
});

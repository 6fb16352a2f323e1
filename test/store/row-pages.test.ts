import { expect, it } from '@jest/globals';
import { type BookSource, rowPages } from '../../src/store/book-source.js';

/** How many rows are asked for, page by page, where each row has so many characters of levels. */
async function asked(characters: (page: number) => number, pages: number): Promise<number[]> {
  const limits: number[] = [];
  const next = (limit: number): Promise<unknown[]> => {
    limits.push(limit);
    const side = ' '.repeat(characters(limits.length) / 2);
    return Promise.resolve(
      Array(limits.length > pages ? 0 : limit).fill({ asks: side, bids: side }),
    );
  };
  const source = { next } as unknown as BookSource;
  for await (const rows of rowPages(source, 1_000, 4_000)) expect(rows).not.toEqual([]);
  return limits;
}

it('reads more rows at a time where there are many, as long as they are little text', async () => {
  expect(await asked(() => 200, 4)).toEqual([1_000, 2_000, 4_000, 4_000, 4_000]);
  // Whole books of 48 KB, from the beginning and later on.
  expect(await asked(() => 48_000, 3)).toEqual([1_000, 83, 83, 83]);
  expect(await asked((page) => (page < 4 ? 200 : 48_000), 5)).toEqual([
    1_000, 2_000, 4_000, 4_000, 83, 83,
  ]);
  expect(await asked((page) => (page < 2 ? 48_000 : 200), 4)).toEqual([1_000, 83, 166, 332, 664]);
  expect(await asked(() => 2_000, 3)).toEqual([1_000, 2_000, 2_000, 2_000]);
});

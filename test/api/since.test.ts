import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BookRoutes } from '../../src/live/book-routes.js';
import { BookTail } from '../../src/live/book-tail.js';
import { ExactBooks } from '../../src/live/sources/exact-books.js';
import { Bus } from '../../src/bus.js';
import { marketKey } from '../../src/market/market.js';
import { MarketSelection } from '../../src/market/market-selection.js';
import type { BookPage } from '../../src/store/reader-types.js';
import { seeded, temporaryFolder } from '../store/support.js';
import { book, market, publish } from './helpers/books.js';
import { TRANSPORTS, valueOf } from './helpers/live.js';
import { MemoryReader } from './helpers/memory-reader.js';
import { FIELDS, type RecordedServer, serveRecorded, shown } from './helpers/recorded.js';
import { codeOf, serve } from './helpers/server.js';
import { turn, until } from './helpers/until.js';

const MARKETS = [market('UPBIT'), market('UPBIT', 'ETH'), market('GOPAX')];
const SINCE = `subscription ($since: BigInt) { orderbook(since: $since) { ${FIELDS} } }`;
const TOLD =
  'subscription ($since: BigInt) { orderbook(since: $since) { sequence skipped gapBefore { exchange cause start end detail } } }';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let recorded: RecordedServer | undefined;
const open = async (options = {}): Promise<RecordedServer> => {
  recorded = await serveRecorded(join(folder.path, 'books.db'), options);
  return recorded;
};
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(async () => {
  await recorded?.close();
  recorded = undefined;
  await folder.remove();
});

describe.each(TRANSPORTS)('a reader with since over %s', (_name, subscribe) => {
  it('gets every book exactly once, in order, however often it comes again', async () => {
    const recorded = await open();
    const random = seeded(11);
    const pick = (n: number): number => Math.floor(random() * n);
    for (let i = 0; i < 100; i++) recorded.next(MARKETS[pick(3)]!);

    let publishing = true;
    const publisher = (async () => {
      for (let i = 0; i < 300; i++) {
        recorded.next(MARKETS[pick(3)]!);
        if (i % 7 === 0) await turn();
        if (i % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 8));
      }
      publishing = false;
    })();

    const got: Record<string, unknown>[] = [];
    let visits = 0;
    while (publishing || got.length < recorded.published.length) {
      visits++;
      const live = await subscribe(recorded.server.url, SINCE, {
        since: got.at(-1)?.['sequence'] ?? '0',
      });
      const count = Math.min(1 + pick(60), recorded.published.length - got.length);
      for (let i = 0; i < count; i++) got.push(valueOf(await live.next()));
      await live.leave();
    }
    await publisher;
    expect(visits).toBeGreaterThan(5);
    expect(got).toEqual(recorded.published.map(shown));
    await until('all have left', () => recorded.server.api.readers === 0);
  });

  it('goes on with what was stored before a restart, then with what is new', async () => {
    const first = await open();
    const before = [1, 2, 3, 4].map(() => first.next(MARKETS[0]!));
    await first.close();
    const recorded = await open();
    const live = await subscribe(recorded.server.url, SINCE, {
      since: String(before[1]!.sequence),
    });
    expect(valueOf(await live.next())).toEqual(shown(before[2]!));
    expect(valueOf(await live.next())).toEqual(shown(before[3]!));
    const after = recorded.next(MARKETS[0]!, { afterGap: true });
    expect(valueOf(await live.next())).toEqual(shown(after));
    await live.leave();
  });

  it('narrows to the markets asked for, and completes when the server closes', async () => {
    const recorded = await open();
    recorded.next(MARKETS[0]!);
    const wanted = recorded.next(MARKETS[2]!);
    const query = `subscription { orderbooks(pattern: "GOPAX:*-KRW", since: 0) { ${FIELDS} } }`;
    const live = await subscribe(recorded.server.url, query);
    expect(valueOf(await live.next())).toEqual(shown(wanted));
    const closed = recorded.server.api.close();
    expect(await live.next()).toBeNull();
    await closed;
    await live.leave();
  });
});

describe('gapBefore', () => {
  const [, subscribe] = TRANSPORTS[0]!;

  it('names the gap that ended with a book, live and out of the store alike', async () => {
    const recorded = await open();
    const first = recorded.next(MARKETS[0]!, { at: 1_000_000 });
    const gap = {
      market: MARKETS[0]!,
      start: 1_000_000,
      cause: 'DISCONNECTED' as const,
      detail: 'code 1006',
      attempts: 2,
    };
    const live = await subscribe(recorded.server.url, TOLD, { since: String(first.sequence) });
    await until('the reader is there', () => recorded.server.api.readers === 1);
    recorded.bus.gaps.publish({ ...gap, end: null });
    recorded.bus.gaps.publish({ ...gap, end: 1_005_000 });
    const second = recorded.next(MARKETS[0]!, { at: 1_005_000, afterGap: true });
    const third = recorded.next(MARKETS[0]!, { at: 1_006_000 });
    const expected = [
      {
        sequence: String(second.sequence),
        skipped: 0,
        gapBefore: {
          exchange: 'UPBIT',
          cause: 'DISCONNECTED',
          start: new Date(1_000_000).toISOString(),
          end: new Date(1_005_000).toISOString(),
          detail: 'code 1006',
        },
      },
      { sequence: String(third.sequence), skipped: 0, gapBefore: null },
    ];
    expect([valueOf(await live.next()), valueOf(await live.next())]).toEqual(expected);
    await live.leave();
    await until('all is stored', () => recorded.store.stats().queuedBooks === 0);
    const again = await subscribe(recorded.server.url, TOLD, { since: String(first.sequence) });
    expect([valueOf(await again.next()), valueOf(await again.next())]).toEqual(expected);
    await again.leave();
  });

  it.each(['kept again', 'still not kept'])(
    'names what the store could not keep before the tail began (the next book is %s)',
    async (next) => {
      const recorded = await open({ maxQueuedBooks: 1 });
      const [first, lost] = [recorded.next(MARKETS[0]!), recorded.next(MARKETS[0]!)];
      await until('the first is stored', () => recorded.store.stats().queuedBooks === 0);
      expect(recorded.store.stats()).toMatchObject({ storedBooks: 1, droppedBooks: 1 });
      const live = await subscribe(recorded.server.url, TOLD, { since: String(first.sequence) });
      await until('the reader is there', () => recorded.server.api.readers === 1);
      // Another market's book takes the only place.
      if (next === 'still not kept') recorded.next(MARKETS[1]!);
      const [second, third] = [recorded.next(MARKETS[0]!), recorded.next(MARKETS[0]!)];
      const mine = new Set<unknown>([second, third].map(({ sequence }) => String(sequence)));
      const got: Record<string, unknown>[] = [];
      while (got.at(-1)?.['sequence'] !== String(third.sequence)) {
        const value = valueOf(await live.next());
        if (mine.has(value['sequence'])) got.push(value);
      }
      const end = next === 'kept again' ? new Date(second.timestamp).toISOString() : null;
      const start = new Date(first.timestamp).toISOString();
      expect(got).toMatchObject([
        { sequence: String(second.sequence), gapBefore: { cause: 'QUEUE_OVERFLOW', start, end } },
        { sequence: String(third.sequence), gapBefore: null },
      ]);
      expect(second.sequence).toBeGreaterThan(lost.sequence);
      await live.leave();
    },
  );

  it('says what retention has deleted, to those who had not got it', async () => {
    const before = await open({ snapshotEveryMs: 0 });
    const old = Date.now() - 3 * 86_400_000;
    const books = [0, 1, 2, 3].map((i) => before.next(MARKETS[0]!, { at: old + i }));
    books.push(before.next(MARKETS[0]!));
    await before.close();
    const recorded = await open({ retentionDays: 1 });
    await until('the old ones are gone', async () => {
      const page = await recorded.store.reader.books({
        patterns: [MARKETS[0]!],
        after: 0,
        limit: 10,
      });
      return page.items.length === 1;
    });
    const kept = String(books[4]!.sequence);
    const early = await subscribe(recorded.server.url, TOLD, { since: String(books[0]!.sequence) });
    expect(valueOf(await early.next())).toMatchObject({
      sequence: kept,
      gapBefore: { cause: 'RETIRED' },
    });
    await early.leave();
    const late = await subscribe(recorded.server.url, TOLD, { since: String(books[3]!.sequence) });
    expect(valueOf(await late.next())).toMatchObject({ sequence: kept, gapBefore: null });
    await late.leave();
  });
});

describe('a bad since', () => {
  it.each([
    ['since: 999999999', 'beyond the newest sequence, which is 7'],
    ['since: -1', 'must be a sequence'],
    ['since: 1, every: 100', 'must be left out with since'],
    ['since: "x"', 'expected a whole number'],
  ])('%s is BAD_USER_INPUT', async (args, words) => {
    const server = await serve();
    publish(server.bus, book(MARKETS[0]!, 7));
    const [, subscribe] = TRANSPORTS[0]!;
    const query = `subscription { orderbook(${args}) { sequence } }`;
    const live = await subscribe(server.url, query);
    const result = (await live.next()) as never;
    expect(codeOf(result)).toBe('BAD_USER_INPUT');
    expect(JSON.stringify(result)).toContain(words);
    expect(server.api.readers).toBe(0);
    await live.leave();
    await server.api.close();
  });
});

describe('the join of store and tail', () => {
  /** A step of a run: publish so many, commit so many, let the loop turn, or take so many. */
  const step = fc.record({
    what: fc.constantFrom('publish', 'commit', 'turn', 'take'),
    count: fc.integer({ min: 1, max: 9 }),
  });

  it('is exact for any order of publishing, committing and reading', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 60 }),
        fc.integer({ min: 0, max: 12 }),
        fc.integer({ min: 1, max: 6 }),
        async (steps, since, tailLength) => {
          const bus = new Bus();
          const reader = new MemoryReader();
          const all = MARKETS.slice(0, 2);
          const published: ReturnType<typeof book>[] = [];
          let committed = 0;
          let sequence = 0;
          const publishNext = (): void => {
            sequence++;
            const made = book(all[sequence % 2]!, sequence);
            published.push(made);
            publish(bus, made);
          };
          const commit = (count: number): void => {
            committed = Math.min(published.length, committed + count);
            reader.stored = published.slice(0, committed);
          };
          // The answer is as of the call, and comes later, as from another thread.
          const answer = reader.books.bind(reader);
          reader.books = async (query): Promise<BookPage> => {
            const page = await answer({ ...query, limit: 3 });
            await turn();
            return page;
          };
          for (let i = 0; i < 12; i++) publishNext();
          commit(5);

          const tail = new BookTail(new BookRoutes(bus), () => sequence, tailLength);
          const settled = (): number => (committed === published.length ? sequence : committed);
          const selection = new MarketSelection([all[0]!]);
          const sources = { reader, tail, settled, unkeptAt: () => null };
          const feed = new ExactBooks(sources, selection, since).open(() => {});
          const got: unknown[] = [];
          const take = (count: number): void => {
            for (let i = 0; i < count; i++) {
              const delivery = feed.take();
              if (delivery !== undefined) got.push(delivery.value);
            }
          };
          for (const { what, count } of steps) {
            if (what === 'publish') for (let i = 0; i < count; i++) publishNext();
            else if (what === 'commit') commit(count);
            else if (what === 'turn') for (let i = 0; i < count; i++) await turn();
            else take(count);
          }
          commit(Infinity);
          const expected = published.filter(
            (made) => made.sequence > since && marketKey(made.market) === marketKey(all[0]!),
          );
          await until('all have come', async () => {
            take(20);
            await turn();
            return got.length >= expected.length;
          });
          take(20);
          expect(got).toEqual(expected);
          feed.close();
        },
      ),
      { numRuns: 40 },
    );
  });
});

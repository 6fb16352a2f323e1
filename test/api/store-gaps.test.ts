import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { temporaryFolder } from '../store/support.js';
import { market } from './helpers/books.js';
import { TRANSPORTS, valueOf } from './helpers/live.js';
import { statusOf } from './helpers/memory-control.js';
import { type RecordedServer, serveRecorded } from './helpers/recorded.js';
import { until } from './helpers/until.js';

const UPBIT = market('UPBIT');
const [, subscribe] = TRANSPORTS[0]!;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let recorded: RecordedServer;
beforeEach(async () => {
  folder = await temporaryFolder();
  recorded = await serveRecorded(join(folder.path, 'books.db'), { maxQueuedBooks: 1 });
});
afterEach(async () => {
  await recorded.close();
  await folder.remove();
});

describe('a gap of books that the store could not keep', () => {
  const openGaps = async () =>
    ((await recorded.server.post('{ recorder { openGaps } }')).data as never)['recorder'];
  const stored = () => until('all is stored', () => recorded.store.stats().queuedBooks === 0);

  it('is open in the recorder and the activity view, then gapBefore of the book that ends it', async () => {
    recorded.server.control.put(statusOf(UPBIT));
    const live = await subscribe(
      recorded.server.url,
      'subscription { orderbook(exchange: UPBIT) { sequence gapBefore { cause } } }',
    );
    await until('the reader is there', () => recorded.server.api.readers === 1);
    // The first takes the only place, the second is dropped.
    const first = recorded.next(UPBIT);
    const lost = recorded.next(UPBIT);
    expect(await openGaps()).toEqual({ openGaps: 1 });
    const activity = await subscribe(
      recorded.server.url,
      'subscription { collectorActivity(every: 20) { openGap { cause } } }',
    );
    expect(await activity.next()).toMatchObject({
      data: { collectorActivity: [{ openGap: { cause: 'QUEUE_OVERFLOW' } }] },
    });
    await stored();
    const kept = recorded.next(UPBIT);
    expect(await openGaps()).toEqual({ openGaps: 0 });
    expect(await activity.next()).toMatchObject({
      data: { collectorActivity: [{ openGap: null }] },
    });
    const got: Record<string, unknown>[] = [];
    while (got.at(-1)?.['sequence'] !== String(kept.sequence)) got.push(valueOf(await live.next()));
    expect(got.at(-1)!['gapBefore']).toEqual({ cause: 'QUEUE_OVERFLOW' });
    expect(got.slice(0, -1).every(({ gapBefore }) => gapBefore === null)).toBe(true);
    await stored();
    const { items } = await recorded.store.reader.gaps({ limit: 9 });
    expect(items.map(({ value }) => value)).toMatchObject([
      { cause: 'QUEUE_OVERFLOW', start: first.timestamp, end: kept.timestamp },
    ]);
    expect(lost.sequence).toBeGreaterThan(first.sequence);
    await live.leave();
    await activity.leave();
  });

  it('is still counted when a gap of the connection came and went meanwhile', async () => {
    recorded.next(UPBIT);
    recorded.next(UPBIT);
    const other = {
      ...{ market: UPBIT, start: Date.now() + 1, detail: null, attempts: 0 },
      cause: 'DISCONNECTED' as const,
    };
    recorded.bus.gaps.publish({ ...other, end: null });
    expect(await openGaps()).toEqual({ openGaps: 2 });
    recorded.bus.gaps.publish({ ...other, end: other.start + 1 });
    expect(await openGaps()).toEqual({ openGaps: 1 });
  });
});

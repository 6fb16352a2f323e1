import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SseSubscription } from '../api/helpers/sse.js';
import { allLive, logged, type Recorder, startRecorder } from '../helpers/recorder.js';
import { temporaryFolder, until } from '../helpers/wait.js';
import { integrityOf } from './program.js';
import { closedGaps, collected, expectExact, step } from './support.js';

const DISK_MB = 48;
const BALLAST_MB = 42;

/** Mounts a small disk of its own; null where that is not allowed (not root). */
function mountDisk(at: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MB}m`, 'tmpfs', at], {
      stdio: 'ignore',
    });
    return true;
  } catch {
    return false;
  }
}

describe('a full disk', () => {
  const folder = temporaryFolder();
  let mounted = false;
  let recorder: Recorder | undefined;
  beforeEach(() => {
    mounted = mountDisk(folder.path);
  });
  afterEach(async () => {
    await recorder?.close();
    if (mounted) execFileSync('umount', [folder.path]);
    folder.remove();
  });

  it('pauses recording in a STORE_FAILED gap; live books go on; it recovers by itself, nothing corrupt', async () => {
    if (!mounted) {
      console.warn('skipped: only root can mount the small disk that this test fills');
      return;
    }
    const path = join(folder.path, 'orderbook.db');
    const ballast = join(folder.path, 'ballast');
    writeFileSync(ballast, Buffer.alloc(BALLAST_MB * 1024 * 1024));
    recorder = await startRecorder(
      {},
      { DB_PATH: path, COLLECT: 'BTC-KRW', BITHUMB_TRANSPORT: 'ws', SNAPSHOT_EVERY_MS: '0' },
      { maxQueuedBooks: 1000 },
    );
    await allLive(recorder);
    const { app, simulators } = recorder;
    const live = await SseSubscription.open(
      app.url,
      'subscription { orderbook(exchange: UPBIT) { sequence } }',
    );
    for (let i = 0; app.storeStats().failure === null; i++) {
      if (i > 1000) throw new Error('the disk does not fill');
      await step(recorder, 5);
      // Slower than the disk, so that it is its fullness that stops the recording.
      await until(
        () => app.storeStats().queuedBooks < 100 || app.storeStats().failure !== null,
        'room in the queue',
      );
    }
    expect(app.storeStats().failure).toMatch(/full|space|I\/O/i);
    const health = await fetch(`${app.url}/health`);
    expect(health.status).toBe(503);
    expect(await health.text()).toMatch(/the database cannot be written/);
    while (app.storeStats().droppedBooks < 100) await step(recorder, 10);

    // Live subscribers still get every book.
    const market = { exchange: 'UPBIT', symbol: 'BTC', currency: 'KRW' } as const;
    simulators.upbit.step('BTC-KRW');
    const sent = simulators.upbit.sent.at(-1)!;
    await until(
      () => JSON.stringify(app.bus.current(market)?.asks) === JSON.stringify(sent.asks),
      'the live book',
    );
    const newest = app.bus.current(market)!.sequence;
    while (Number((await live.book())['sequence']) < newest);
    live.leave();
    expect(app.supervisor.collectors().every((c) => c.state === 'LIVE')).toBe(true);

    rmSync(ballast);
    await until(() => app.storeStats().failure === null, 'the recovery');
    await until(() => app.storeStats().queuedBooks === 0, 'all written');
    await step(recorder, 10);
    const gaps = await closedGaps(recorder, collected(recorder).length);
    expect(gaps.map((gap) => gap.market).sort()).toEqual(collected(recorder).sort());
    expect(new Set(gaps.map((gap) => gap.cause))).toEqual(new Set(['STORE_FAILED']));
    expect(gaps[0]!.detail).toMatch(/full|space|I\/O/i);
    const account = await expectExact(recorder);
    expect(Object.keys(account.inGap)).toEqual(['STORE_FAILED']);
    await logged(recorder, 'STORE_FAILED');
    await logged(recorder, 'STORE_RECOVERED');
    await recorder.stop();
    expect(integrityOf(path)).toEqual(['ok']);
  });
});

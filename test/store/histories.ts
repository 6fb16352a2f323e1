import type { Sides } from '../../src/market/order-book.js';
import {
  GOPAX_BTC,
  Recorder,
  seeded,
  stored,
  UPBIT_BTC,
  UPBIT_ETH,
  walk,
  withStore,
} from './support.js';
import { many } from './trade-support.js';

/** A day, ms. */
export const DAY = 86_400_000;
const MARKETS = [UPBIT_BTC, UPBIT_ETH, GOPAX_BTC];

/** Records a run of `books` books over three days from a time on, with all else that a database has. */
export async function recordHistory(
  path: string,
  seed: number,
  books: number,
  at: number,
): Promise<void> {
  const random = seeded(seed);
  const last = new Map<string, Sides>();
  await withStore({ path, snapshotEveryMs: 20_000 }, async (store) => {
    await store.replaceListing('UPBIT', [
      {
        symbol: 'BTC',
        currency: 'KRW',
        koreanName: '비트코인',
        englishName: 'Bitcoin',
        code: 'KRW-BTC',
      },
    ]);
    await store.setWanted(UPBIT_BTC, seed % 2 === 0);
    await store.setWantedPattern({ exchange: 'GOPAX', symbol: null, currency: 'KRW' }, true);
    await store.setEnabled('KORBIT', false);
    const recorder = new Recorder(store);
    let time = at;
    for (const market of MARKETS) store.setRecording(market, true, time);
    for (let i = 0; i < books; i++) {
      const market = MARKETS[Math.floor(random() * MARKETS.length)]!;
      const key = market.exchange + market.symbol;
      const sides = walk(random, last.get(key) ?? null);
      last.set(key, sides);
      time += Math.floor((random() * 3 * DAY) / books);
      recorder.put(market, time, sides, { exchangeTimestamp: random() < 0.1 ? null : time - 5 });
      if (i % 1_000 === 0) await stored(store);
    }
    for (const part of [0, 1, 2]) {
      for (const trade of many(200, () => store.sequences.next(), seeded(seed + part))) {
        const [timestamp, exchangeTimestamp, messageTimestamp] = [
          trade.timestamp,
          trade.exchangeTimestamp,
          trade.messageTimestamp!,
        ].map((time) => time + seed * DAY) as [number, number, number];
        store.putTrade({ ...trade, timestamp, exchangeTimestamp, messageTimestamp });
      }
      // What has gathered is packed before the next ones are written.
      await stored(store);
    }
    const span = { market: UPBIT_BTC, start: at, end: at + 9, checked: true } as const;
    store.putTradeSpan({
      ...span,
      completeness: 'PARTIAL',
      cause: 'DOWN',
      detail: 'a "b"',
    } as never);
    const gap = { market: UPBIT_BTC, cause: 'STALE', detail: 'ab\\', attempts: 2 } as const;
    store.putGap({ ...gap, start: at + 3, end: seed === 1 ? null : at + 8 });
    const counts = { frames: 3, changed: 2, repeats: 1, longestSilenceMs: 9 };
    for (let minute = 0; minute < 300; minute++) {
      store.putCoverage({
        market: UPBIT_BTC,
        minute: at - (at % 60_000) + minute * 60_000,
        ...counts,
      });
    }
    const log = { level: 'info', event: 'A', exchange: null, pair: null } as const;
    store.putLog({ ...log, timestamp: at, message: `그 ${seed} \u0000 and \ud800 and "\\u0000"` });
    await stored(store);
  });
}

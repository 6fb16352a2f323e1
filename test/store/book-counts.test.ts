import { expect, it } from '@jest/globals';
import { newDatabase } from './engines.js';
import { GOPAX_BTC, Recorder, small, stored, UPBIT_BTC, UPBIT_ETH, withStore } from './support.js';

const T0 = Date.UTC(2026, 8, 1);

it('counts the stored books of each market in each step, whatever the clock did', async () => {
  const database = await newDatabase();
  await withStore({ path: database.path }, async (store) => {
    const recorder = new Recorder(store);
    let n = 0;
    const put = (market: typeof UPBIT_BTC, ...times: number[]): void => {
      for (const time of times) recorder.put(market, T0 + time, small(++n));
    };
    put(UPBIT_BTC, -1, 0, 1_999, 2_000, 5_000, 9_999, 10_000);
    put(UPBIT_ETH, 2_500, 2_600);
    // The clock is set back, and comes by once more.
    put(UPBIT_BTC, 2_100, 9_000);
    await stored(store);
    const markets = [UPBIT_BTC, GOPAX_BTC, UPBIT_ETH];
    const window = { from: T0, to: T0 + 10_000 };
    const { reader } = store;
    expect(await reader.bookCounts({ markets, ...window, step: 2_000 })).toEqual([
      [2, 2, 1, 0, 2],
      [0, 0, 0, 0, 0],
      [0, 2, 0, 0, 0],
    ]);
    // The last step is cut by the end of the window.
    expect(await reader.bookCounts({ markets: [UPBIT_BTC], ...window, step: 4_000 })).toEqual([
      [4, 1, 2],
    ]);
  });
  await database.remove();
});

import { expect, it } from '@jest/globals';
import { eventually, until } from '../helpers/wait.js';
import { accessibilityProblems, counts, reads } from './helpers/browser.js';
import { inBrowser, useSession } from './helpers/session.js';

// On a busy machine a browser takes its time.

const session = useSession(['BTC-KRW', 'XRP-KRW'], { CHANNELS: 'orderbook,trade' });
const { open } = session;

/** In the page: whether the tape stands beside the books, as high as they, and all of it can be seen. */
const BESIDE = `(() => {
  const [books, tape] = ['.columns', '.tape'].map((name) => document.querySelector(name).getBoundingClientRect());
  const { scrollWidth, clientWidth } = document.querySelector('.tape .scroll');
  return tape.left >= books.right && tape.top === books.top && tape.bottom === books.bottom && scrollWidth <= clientWidth;
})()`;

inBrowser('the tape', () => {
  it('shows the newest trades of all exchanges as they happen, and no more than fit', async () => {
    const { page, problems } = await open('/market/BTC-KRW');
    const rows = page.locator('.tape tbody tr');
    const { upbit, korbit } = session.recorder.simulators;
    // A stream of trades stands once one of them has gone out on it.
    await eventually(
      () => {
        upbit.trade('BTC-KRW', 'buy', ['0.00012345']);
        return rows.filter({ hasText: '0.00012345' }).count();
      },
      (count) => count > 0,
      'a trade of Upbit',
      15_000,
      300,
    );
    await reads(
      rows.filter({ hasText: '0.00012345' }).first(),
      /Upbit\s+Buy\s+[\d,.]+\s+0\.00012345/,
    );
    await eventually(
      () => {
        korbit.trade('BTC-KRW', 'sell', ['0.00054321']);
        return rows.filter({ hasText: '0.00054321' }).count();
      },
      (count) => count > 0,
      'a trade of Korbit',
      15_000,
      300,
    );
    await reads(
      rows.filter({ hasText: '0.00054321' }).first(),
      /Korbit\s+Sell\s+[\d,.]+\s+0\.00054321/,
    );
    // The same trades stand as bars under the prices, and are read out.
    const chart = page.locator('.charts .chart').first();
    await reads(chart.locator('.legend'), /Traded per 5 s[\s\S]*Buy[\s\S]*Sell/);
    // It stands beside the books where it fits, else below them.
    const isBeside = (): Promise<boolean> => page.evaluate(BESIDE);
    await eventually(isBeside, (beside) => beside, 'the tape beside the books');
    await page.setViewportSize({ width: 1024, height: 900 });
    await eventually(isBeside, (beside) => !beside, 'the tape below the books');
    await page.setViewportSize({ width: 1440, height: 900 });
    for (let i = 0; i < 5; i++) upbit.burst('BTC-KRW', 10);
    await counts(rows, 30);
    expect(await accessibilityProblems(page, '.tape', '.charts')).toEqual([]);
    expect(problems).toEqual([]);
    const later = await open('/market/BTC-KRW', { locale: 'ko-KR', dark: true, width: 360 });
    // What happened before the page was opened is there as well.
    await later.page.locator('.tape tbody tr').first().waitFor();
    await reads(later.page.locator('#tape-heading'), /^체결$/);
    expect(await accessibilityProblems(later.page)).toEqual([]);
    const wide = await later.page.evaluate('document.documentElement.scrollWidth');
    expect(wide).toBeLessThanOrEqual(360);
  });

  it('has the room of its widest volume, and of its heads', async () => {
    const { upbit } = session.recorder.simulators;
    upbit.setBook('XRP-KRW', [['2297', '9999.5']], [['2296', '9999.5']]);
    await eventually(
      () => {
        upbit.trade('XRP-KRW', 'buy', ['1.00524959']);
        upbit.setBook('XRP-KRW', [['2297', '9999.5']], [['2296', '9999.5']]);
        return Promise.resolve(session.recorder.app.storeStats().storedTrades);
      },
      (stored) => stored > 0,
      'trades',
      15_000,
      300,
    );
    const { page } = await open('/market/XRP-KRW');
    // The page's stream of trades begins some time after the page.
    await eventually(
      () => {
        for (const volume of ['1542.62524959', '0.5']) upbit.trade('XRP-KRW', 'buy', [volume]);
        return page.locator('.tape tbody tr', { hasText: '1,542.62524959' }).count();
      },
      (count) => count > 0,
      'the widest trade',
      15_000,
      300,
    );
    await eventually(
      () => page.evaluate<boolean>(BESIDE),
      (beside) => beside,
      'the tape beside the books, whole',
    );
  });

  it('stands as bars under the prices of the history, which are read out', async () => {
    session.recorder.simulators.upbit.burst('BTC-KRW', 10);
    await until(() => session.recorder.app.storeStats().storedTrades > 0, 'stored trades');
    const past = await open('/history/UPBIT/BTC-KRW');
    const timeline = past.page.locator('.timeline');
    await reads(timeline.locator('.legend.under'), /Traded per 9 s/);
    const plot = timeline.getByRole('slider', { name: /Mid price/ });
    await eventually(
      async () => {
        await plot.focus();
        await past.page.keyboard.press('End');
        for (let i = 0; i < 8; i++) {
          const text = await plot.getAttribute('aria-valuetext');
          if (/Bought [\d,.]+, sold [\d,.]+ BTC/.test(text ?? '')) return true;
          await past.page.keyboard.press('ArrowLeft');
        }
        return false;
      },
      (found) => found,
      'what was traded in words',
    );
    expect(await accessibilityProblems(past.page, '.timeline')).toEqual([]);
  });
});

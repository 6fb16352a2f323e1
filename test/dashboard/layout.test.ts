import { beforeAll, expect, it } from '@jest/globals';
import { layoutProblems } from './helpers/layout.js';
import { inBrowser, useSession } from './helpers/session.js';
import { fillWide, settled, viewProblems } from './helpers/views.js';

// On a busy machine a browser takes its time.

/** A phone, a tablet, a desk; what lies between, and English, are for the slow test. */
const WIDTHS = [320, 768, 1440];

const session = useSession(['BTC-KRW', 'SHIB-KRW'], { CHANNELS: 'orderbook,trade' });

inBrowser('every view', () => {
  beforeAll(() => fillWide(session));

  it('cuts no text, prints none over another, and has one language', async () => {
    expect(await viewProblems(session, 'ko-KR', WIDTHS)).toEqual([]);
  });

  it('unfolds what an exchange did otherwise than it is known to', async () => {
    const { page } = await session.open('/', { locale: 'ko-KR', width: 390 });
    await page.getByText('알려진 프로토콜과 다른 점').click();
    await page.getByText(/요청 거부 \(\d+회\)/).waitFor();
    await page.getByText('WebSocket HTTP 500').waitFor();
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      await settled(page);
      expect(await layoutProblems(page)).toEqual([]);
    }
  });
});

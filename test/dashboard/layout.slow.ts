import { beforeAll, expect, it, jest } from '@jest/globals';
import { layoutProblems } from './helpers/layout.js';
import { inBrowser, useSession } from './helpers/session.js';
import { fillWide, settled, viewProblems } from './helpers/views.js';

// On a busy machine a browser takes its time.
jest.setTimeout(300_000);

const WIDTHS = [320, 390, 430, 768, 1024, 1280, 1440];

const session = useSession(['BTC-KRW', 'SHIB-KRW'], { CHANNELS: 'orderbook,trade' });

inBrowser('every view', () => {
  beforeAll(() => fillWide(session));

  it.each(['ko-KR', 'en-US'] as const)(
    'cuts no text, prints none over another, has one language and is accessible at any width (%s)',
    async (locale) => {
      expect(await viewProblems(session, locale, WIDTHS, [390, 1280])).toEqual([]);
    },
  );

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

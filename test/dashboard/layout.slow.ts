import { beforeAll, expect, it, jest } from '@jest/globals';
import { inBrowser, useSession } from './helpers/session.js';
import { fillWide, viewProblems } from './helpers/views.js';

// On a busy machine a browser takes its time.
jest.setTimeout(300_000);

const session = useSession(['BTC-KRW', 'SHIB-KRW'], { CHANNELS: 'orderbook,trade' });

inBrowser('every view', () => {
  beforeAll(() => fillWide(session));

  it.each(['ko-KR', 'en-US'] as const)(
    'cuts no text, prints none over another and is accessible at any width (%s)',
    async (locale) => {
      const widths = [320, 390, 430, 768, 1024, 1280, 1440];
      expect(await viewProblems(session, locale, widths, [390, 1280])).toEqual([]);
    },
  );
});

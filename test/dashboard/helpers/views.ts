import type { Page } from 'playwright-core';
import { allLive } from '../../helpers/recorder.js';
import { eventually, until } from '../../helpers/wait.js';
import { accessibilityProblems } from './browser.js';
import { layoutProblems } from './layout.js';
import type { Session } from './session.js';

/** Each view, and what is there when it has loaded. */
const VIEWS = [
  ['/', '.grid-body .row'],
  ['/market/BTC-KRW', '.tape tbody tr'],
  ['/market/SHIB-KRW?group=0.0001', '.tape tbody tr'],
  ['/premium', '.premiums'],
  ['/premium/BTC-KRW', '.premium-prices'],
  ['/history/UPBIT/BTC-KRW', '.gaps'],
  ['/events', '.log tbody tr'],
  // Empty until the counts of a whole minute are stored.
  ['/quality', '.panel'],
] as const;

/** Books and trades as wide as they come. */
function setWide({ recorder }: Session): void {
  const { upbit } = recorder.simulators;
  const books = (): void => {
    upbit.setBook('BTC-KRW', [['116436000.5', '0.12345678']], [['116435000.5', '12345.12345678']]);
    upbit.setBook('SHIB-KRW', [['0.01834', '99999999.99999999']], [['0.01833', '1234567890.5']]);
  };
  books();
  upbit.trade('BTC-KRW', 'sell', ['12345.00345678']);
  upbit.trade('SHIB-KRW', 'sell', ['1234567890.12345678']);
  books();
}

/** Books and trades as wide as they come, a gap and a log with entries of all kinds. */
export async function fillWide(session: Session): Promise<void> {
  const { upbit, gopax } = session.recorder.simulators;
  const { faults } = upbit;
  const { supervisor } = session.recorder.app;
  const reconnects = session.recorder.status('UPBIT:BTC-KRW')!.reconnects;
  faults.refuseUpgrades(500);
  faults.dropConnections();
  const refused = () => supervisor.tally('UPBIT').oddities.some(({ kind }) => kind === 'REFUSAL');
  await until(refused, 'the refusal');
  faults.refuseUpgrades(null);
  await until(
    () => session.recorder.status('UPBIT:BTC-KRW')!.reconnects > reconnects,
    'the reconnection',
  );
  await allLive(session.recorder);
  gopax.setBook('BTC-KRW', [['118436000', '0.5']], [['1', '0.25']]);
  // A stream of trades stands once one of them has been stored.
  await eventually(
    () => {
      setWide(session);
      return Promise.resolve(session.recorder.app.storeStats().storedTrades);
    },
    (stored) => stored >= 4,
    'trades',
    15_000,
    300,
  );
  await until(() => session.recorder.app.storeStats().queuedBooks === 0, 'all to be stored');
}

/** Two frames: what a new width changes is drawn by then. */
export async function settled(page: Page): Promise<void> {
  await page.evaluate(
    'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 30))))',
  );
}

/** Words in Latin letters that stand in the Korean page: names, units and abbreviations. */
const NAMES =
  /^(?:BTC|SHIB|bp|GraphiQL|KRW|USDT|UPBIT|KST|UTC|English|MAX_DB_GB|API_TOKEN|JSON|NDJSON|CSV|PARQUET|[kMGT]?B|ms|WebSocket|HTTP|REST|API)$/;

/** Words of a page in Latin letters that are no names. */
async function foreignWords(page: Page): Promise<string[]> {
  const texts = await page.evaluate<string[]>(`(() => {
    const texts = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const { data, parentElement } = walker.currentNode;
      if (parentElement.closest('script, noscript, .log .event, .oddities code') === null) texts.push(data);
    }
    for (const { placeholder, title, ariaLabel } of document.querySelectorAll('*'))
      texts.push(placeholder ?? '', title ?? '', ariaLabel ?? '');
    return texts;
  })()`);
  return texts.flatMap((text) =>
    // Addresses and codes in brackets are as they are.
    [...text.replaceAll(/\w+:\/\/\S+|\([A-Z_]+\)/g, '').matchAll(/[A-Za-z_]{2,}/g)]
      .filter(([word]) => !NAMES.test(word))
      .map(([word]) => `${word} in "${text}"`),
  );
}

/**
 * What is wrong with any view at any of `widths`, px: texts cut off or printed over each other, and in
 * Korean words of another language; and what axe finds in both themes at those of `axeWidths`.
 */
export async function viewProblems(
  session: Session,
  locale: 'ko-KR' | 'en-US',
  widths: readonly number[],
  axeWidths: readonly number[] = [],
): Promise<string[]> {
  const found = new Set<string>();
  const { page } = await session.open('/health', { locale, dark: locale === 'en-US' });
  for (const [path, ready] of VIEWS) {
    // The tape begins with the trades of the last minute.
    if (path.startsWith('/market')) setWide(session);
    await page.goto(`${session.recorder.app.url}${path}`);
    await page.locator(ready).first().waitFor();
    for (const width of widths) {
      await page.setViewportSize({ width, height: 900 });
      await settled(page);
      for (const problem of await layoutProblems(page)) {
        found.add(`${path} at ${width}: ${problem}`);
      }
      if (!axeWidths.includes(width)) continue;
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        await settled(page);
        for (const problem of await accessibilityProblems(page)) {
          found.add(`${path} at ${width}, ${colorScheme}: ${problem}`);
        }
      }
    }
    if (locale === 'ko-KR')
      for (const word of await foreignWords(page)) found.add(`${path}: ${word}`);
  }
  return [...found];
}

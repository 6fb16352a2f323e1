import { expect, it } from '@jest/globals';
import { allLive } from '../helpers/recorder.js';
import { eventually, until } from '../helpers/wait.js';
import { accessibilityProblems, counts, has, reads } from './helpers/browser.js';
import { inBrowser, useSession } from './helpers/session.js';

// On a busy machine a browser takes its time.

/** Enough markets that the list is longer than a screen. */
const COINS = ['BTC', 'ETH', 'XRP', 'SOL', 'ADA', 'DOT', 'TRX', 'LINK', 'AVAX', 'DOGE', 'SHIB'];
const TOKEN = 'the-token';

const session = useSession(
  COINS.map((coin) => `${coin}-KRW`),
  { API_TOKEN: TOKEN },
);
const { open } = session;

inBrowser('overview', () => {
  it('says in Korean that all is well, and is accessible in light', async () => {
    const { page, problems } = await open('/', { locale: 'ko-KR' });
    await page.getByText('모두 정상').waitFor();
    await has(page.locator('html'), 'lang', 'ko');
    await counts(page.locator('.card'), 5);
    await page.locator('.grid-body .row').first().waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    expect(problems).toEqual([]);
  });

  it('speaks English to an English browser, switches language, and remembers it', async () => {
    const { page, problems } = await open('/', { dark: true });
    await page.getByText('All is well').waitFor();
    await has(page.locator('html'), 'data-theme', 'dark');
    await page.locator('.grid-body .row').first().waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.getByLabel('Language').selectOption('ko');
    await page.getByText('모두 정상').waitFor();
    await page.reload();
    await page.getByText('모두 정상').waitFor();
    await page.getByLabel('테마').selectOption('light');
    await has(page.locator('html'), 'data-theme', 'light');
    expect(problems).toEqual([]);
  });

  it('draws only the rows in sight, searches, filters and sorts', async () => {
    const { page } = await open('/', { height: 700 });
    const rows = page.locator('.grid-body .row');
    await rows.first().waitFor();
    await has(page.locator('.grid'), 'aria-rowcount', '56');
    expect(await rows.count()).toBeLessThan(40);
    await page.getByLabel('Search', { exact: true }).fill('doge');
    await page.getByText('5 of 55').waitFor();
    await page.getByRole('combobox', { name: 'Exchange' }).selectOption('KORBIT');
    await page.getByText('1 of 55').waitFor();
    await reads(rows.first(), /DOGE-KRW\s*Korbit/);
    await page.getByLabel('Search', { exact: true }).fill('');
    await page.getByRole('button', { name: 'Market', exact: true }).click();
    await reads(rows.first(), /^ADA/);
    await page.getByRole('button', { name: 'Market', exact: true }).click();
    await reads(rows.first(), /^XRP/);
    await page.getByLabel('Search', { exact: true }).fill('nothing like this');
    await page.getByText('No market matches.').waitFor();
  });

  it('draws the activity of each market in sight from what the database has, at once', async () => {
    const { page } = await open('/');
    const points = async (): Promise<number[]> =>
      page
        .locator('.grid-body .spark')
        .evaluateAll((all) =>
          all.map((spark) =>
            Number(spark.querySelector('polyline')?.getAttribute('points')?.split(' ').length),
          ),
        );
    await eventually(points, (all) => all.length > 5 && all.every((n) => n >= 40), 'whole lines');
    const tile = page.locator('#totals .spark polyline');
    // As many seconds as the recorder runs.
    await eventually(
      () => tile.getAttribute('points', { timeout: 1_000 }).catch(() => null),
      (line) => (line?.split(' ').length ?? 0) > 3,
      'the line of frames',
    );
  });

  it('keeps the filters in the address, so that a view can be sent to somebody', async () => {
    const { page } = await open('/');
    await page.getByLabel('Search', { exact: true }).fill('doge');
    await page.getByRole('combobox', { name: 'Exchange' }).selectOption('KORBIT');
    await page.getByLabel('Show').selectOption('all');
    await page.getByRole('button', { name: 'Market', exact: true }).click();
    await page.getByText('1 of 55').waitFor();
    const { search } = new URL(page.url());
    expect(search).toBe('?search=doge&exchange=KORBIT&show=all&sort=market');
    const sent = (await open(`/${search}`)).page;
    await sent.getByText('1 of 55').waitFor();
    await reads(sent.locator('.grid-body .row'), /DOGE-KRW/);
    const log = (await open('/events?exchange=GOPAX&level=WARN&pair=eth')).page;
    await log.getByText('No entry matches.').waitFor();
    expect(await log.getByLabel('Pair').inputValue()).toBe('eth');
  });

  it('finds a coin on all exchanges by the name that one of them gives it', async () => {
    const { page } = await open('/', { locale: 'ko-KR' });
    await page.locator('.grid-body .row').first().waitFor();
    await page.getByLabel('검색').fill('비트코인');
    await page.getByText('55개 중 5개').waitFor();
  });

  it('asks for the token, stops and starts a market, and all of a pattern', async () => {
    const { page } = await open('/');
    const state = (key: string) => session.recorder.status(key)!.state;
    await page.getByLabel('Search', { exact: true }).fill('ADA');
    await page.getByRole('button', { name: 'Stop Korbit ADA-KRW' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Token').fill('wrong');
    // Under the pointer, too, its text can be read.
    await dialog.getByRole('button', { name: 'Continue' }).hover();
    expect(await accessibilityProblems(page, 'dialog')).toEqual([]);
    await dialog.getByRole('button', { name: 'Continue' }).click();
    await dialog.getByText('Wrong token.').waitFor();
    expect(state('KORBIT:ADA-KRW')).toBe('LIVE');
    await dialog.getByLabel('Token').fill(TOKEN);
    await dialog.getByRole('button', { name: 'Continue' }).click();
    await until(() => state('KORBIT:ADA-KRW') === 'STOPPED', 'the stop');
    await page.getByText('4 of 55').waitFor();
    await page.getByLabel('Show').selectOption('idle');
    await page.getByRole('button', { name: 'Start Korbit ADA-KRW' }).click();
    await until(() => state('KORBIT:ADA-KRW') === 'LIVE', 'the start');
    await page.getByLabel('Start or stop by pattern').fill('*:DOT-KRW');
    await page.locator('.pattern').getByRole('button', { name: 'Stop' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Stop 5 markets' }).click();
    await until(() => state('UPBIT:DOT-KRW') === 'STOPPED', 'the stop of the pattern');
    await page.locator('.pattern').getByRole('button', { name: 'Start' }).click();
    await until(() => state('GOPAX:DOT-KRW') === 'LIVE', 'the start of the pattern');
    await page.getByLabel('Start or stop by pattern').fill('DOT');
    await page.locator('.pattern').getByRole('button', { name: 'Start' }).click();
    await page.getByText(/"DOT" is not a market; write \[EXCHANGE:\]SYMBOL-CURRENCY/).waitFor();
    expect(page.url()).not.toContain(TOKEN);
  });

  it('asks before it stops many, lists them, and puts back exactly what was recorded', async () => {
    const { page } = await open('/');
    const { supervisor } = session.recorder.app;
    const states = (): string =>
      supervisor
        .collectors()
        .map(({ market, state }) => `${market.exchange}:${market.symbol} ${state}`)
        .join();
    await supervisor.stop({ exchange: 'KORBIT', symbol: 'SOL', currency: 'KRW' });
    await supervisor.stopMatching({ exchange: 'UPBIT', symbol: 'TRX', currency: null });
    const before = states();
    await page.getByText('2 stopped by you').waitFor();
    await page.getByRole('button', { name: 'Stop Korbit', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Stop 10 markets?' });
    await reads(dialog, /Korbit 10\s*ADA-KRW, AVAX-KRW,[^]*and 2 more/);
    expect(await accessibilityProblems(page, 'dialog')).toEqual([]);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    expect(states()).toBe(before);
    await page.getByLabel('Start or stop by pattern').fill('*-*');
    await page.locator('.pattern').getByRole('button', { name: 'Stop' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Stop 53 markets' }).click();
    const token = page.getByRole('dialog', { name: 'Token required' });
    await token.getByLabel('Token').fill(TOKEN);
    await token.getByRole('button', { name: 'Continue' }).click();
    await page.getByText('Stopped 53 markets.').waitFor();
    await reads(
      page.locator('.verdict'),
      /nothing is being recorded: 55 markets stopped by a user/,
    );
    await page.getByRole('link', { name: /nothing is being recorded/ }).click();
    await page.getByText('55 of 55').waitFor();
    await page.waitForURL(/show=stopped/);
    expect(await accessibilityProblems(page, '.verdict', '.grid-body .row:first-child')).toEqual(
      [],
    );
    await page.reload();
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByText('2 of 55').waitFor();
    await until(() => states() === before, 'the former states');
    await page.getByRole('button', { name: 'Reset Korbit SOL-KRW' }).click();
    await page.getByText('COLLECT decides about Korbit SOL-KRW again.').waitFor();
    await page.getByText('1 of 55').waitFor();
    await page.getByRole('button', { name: 'Reset Upbit', exact: true }).click();
    await page.getByText('No market matches.').waitFor();
    await allLive(session.recorder);
  });

  it('shows the last day of each exchange; time before recording is neither covered nor missing', async () => {
    const { recorder } = session;
    const { faults } = recorder.simulators.korbit;
    const { reconnects } = recorder.status('KORBIT:BTC-KRW')!;
    faults.dropConnections();
    await until(
      () => recorder.status('KORBIT:BTC-KRW')!.reconnects > reconnects,
      'the reconnection',
    );
    await allLive(recorder);
    await until(() => recorder.app.storeStats().queuedBooks === 0, 'all to be stored');
    const { page } = await open('/');
    const strip = page.getByRole('slider', { name: 'Korbit: The last 24 hours' });
    await strip.waitFor();
    await page.getByRole('link', { name: /^Connection lost \d+×/ }).waitFor();
    await strip.focus();
    await page.keyboard.press('Home');
    await has(strip, 'aria-valuenow', '0');
    expect(await strip.getAttribute('aria-valuetext')).toMatch(/UTC\+9: Before recording$/);
    await page.keyboard.press('End');
    await has(strip, 'aria-valuenow', '95');
    expect(await strip.getAttribute('aria-valuetext')).toMatch(/\d+\.\d\d% recorded, \d+ gaps?$/);
    expect(await accessibilityProblems(page, '.night')).toEqual([]);
    const history = (await open('/history/KORBIT/BTC-KRW?window=24h')).page;
    await reads(history.locator('.covered'), /^\s*[1-9]\d\.\d\d% covered/);
    const past = (await open('/history/KORBIT/BTC-KRW?window=15m&to=2020-01-01T00:00:00Z')).page;
    await reads(past.locator('.covered'), /^Nothing was recorded in this window/);
    await past.getByText(/Recording of this market began later, at/).waitFor();
    expect(await accessibilityProblems(past, '.covered')).toEqual([]);
  });

  it('is used by the keyboard alone', async () => {
    const { page } = await open('/');
    await page.locator('.grid-body .row').first().waitFor();
    // A reason to look is a link of its own, which goes when the reason does.
    await page.getByText('All is well').waitFor();
    const focus = page.locator(':focus');
    await page.keyboard.press('Tab');
    await reads(focus, /^Skip to content$/);
    await page.keyboard.press('Enter');
    await has(focus, 'id', 'main');
    // The five exchanges' buttons come first, then the pattern, the filters, and the table.
    await page.keyboard.press('Tab');
    await has(focus, 'aria-label', 'Stop Upbit');
    await page.getByRole('button', { name: 'Market', exact: true }).focus();
    await page.keyboard.press('Enter');
    await reads(page.locator('.grid-body .row').first(), /^ADA/);
    await page.locator('.grid').focus();
    await page.keyboard.press('End');
    await page.getByText('XRP').first().waitFor();
    await page.getByRole('link', { name: /^XRP/ }).last().focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/market\/XRP-KRW$/);
    await has(focus, 'id', 'main');
  });

  it('loads within 100 kB, all of it from its own server', async () => {
    const context = await session.browser.newContext();
    try {
      const page = await context.newPage();
      const files: Promise<{ readonly url: string; readonly bytes: number }>[] = [];
      page.on('requestfinished', (request) => {
        if (request.url().endsWith('/graphql')) return;
        const file = request.sizes().then(({ responseBodySize }) => ({
          url: request.url(),
          bytes: responseBodySize,
        }));
        files.push(file);
      });
      await page.goto(session.recorder.app.url);
      await page.locator('.grid-body .row').first().waitFor();
      const loaded = await Promise.all(files);
      expect(loaded.map(({ url }) => new URL(url).origin)).toEqual(
        loaded.map(() => new URL(session.recorder.app.url).origin),
      );
      expect(loaded.some(({ url }) => url.endsWith('.js'))).toBe(true);
      const bytes = loaded.reduce((sum, file) => sum + file.bytes, 0);
      expect(bytes).toBeGreaterThan(20_000);
      expect(bytes).toBeLessThan(100_000);
    } finally {
      await context.close();
    }
  });
});

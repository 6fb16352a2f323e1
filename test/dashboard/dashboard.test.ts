import { expect, it, jest } from '@jest/globals';
import type { Page } from 'playwright-core';
import { allLive } from '../helpers/recorder.js';
import { eventually, until } from '../helpers/wait.js';
import { accessibilityProblems, counts, has, reads } from './helpers/browser.js';
import { inBrowser, useSession } from './helpers/session.js';

// On a busy machine a browser takes its time.
jest.setTimeout(60_000);

/** Enough markets that the list is longer than a screen. */
const COINS = ['BTC', 'ETH', 'XRP', 'SOL', 'ADA', 'DOT', 'TRX', 'LINK', 'AVAX', 'DOGE', 'SHIB'];
const TOKEN = 'the-token';

const session = useSession(
  COINS.map((coin) => `${coin}-KRW`),
  { API_TOKEN: TOKEN },
);
const { open } = session;

const upbitBook = (page: Page) => page.locator('.column[data-exchange=UPBIT]');

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
    expect(await accessibilityProblems(page)).toEqual([]);
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
    await page.getByText(/"DOT" is no market; write \[EXCHANGE:\]SYMBOL-CURRENCY/).waitFor();
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
    expect(await accessibilityProblems(page)).toEqual([]);
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
    expect(await accessibilityProblems(page)).toEqual([]);
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
    expect(await accessibilityProblems(page)).toEqual([]);
    const history = (await open('/history/KORBIT/BTC-KRW?window=24h')).page;
    await reads(history.locator('.covered'), /^\s*[1-9]\d\.\d\d% covered/);
    const past = (await open('/history/KORBIT/BTC-KRW?window=15m&to=2020-01-01T00:00:00Z')).page;
    await reads(past.locator('.covered'), /^Nothing was recorded in this window/);
    await past.getByText(/Recording of this market began later, at/).waitFor();
    expect(await accessibilityProblems(past)).toEqual([]);
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

  it('fits a phone', async () => {
    const { page } = await open('/', { width: 360, height: 740 });
    for (const path of ['/', '/market/BTC-KRW', '/history/UPBIT/BTC-KRW', '/events']) {
      await page.goto(`${session.recorder.app.url}${path}`);
      await page.locator('h1').first().waitFor({ state: 'attached' });
      await page.locator('.row, .ladder, .timeline, .list').first().waitFor();
      expect(await page.evaluate('document.scrollingElement.scrollWidth')).toBe(360);
      expect(await accessibilityProblems(page)).toEqual([]);
    }
  });
});

inBrowser('market', () => {
  it('has its code and books before the click, when a pointer rests on its link', async () => {
    const { page, problems } = await open('/?search=ETH-KRW');
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.reload();
    const followed: string[] = [];
    page.on('websocket', (socket) =>
      socket.on('framesent', ({ payload }) => followed.push(String(payload))),
    );
    await page.reload();
    const link = page.locator('.grid-body a[href="/market/ETH-KRW"]').first();
    await link.waitFor();
    const books = () => followed.filter((text) => text.includes('subscription Books'));
    expect(books()).toEqual([]);
    asked.length = 0;
    await link.hover();
    await until(() => books().length === 1, 'the subscription of the books');
    expect(books()[0]).toContain('"ETH"');
    await until(() => asked.some((url) => /market-[^/]*\.js$/.test(url)), 'the code of the view');
    await link.click();
    await page.locator('.column .ladder').first().waitFor();
    // Back and again: the feed that was left goes on, and none is made.
    await page.goBack();
    await page.goForward();
    await page.locator('.column .ladder').first().waitFor();
    expect(books()).toHaveLength(1);
    expect(problems).toEqual([]);
  });

  it('shows each digit of the books as they move, best levels in the middle', async () => {
    const { page, problems } = await open('/market/btc-krw');
    const { upbit, coinone } = session.recorder.simulators;
    await upbitBook(page).locator('.ladder').waitFor();
    coinone.setBook('BTC-KRW', [['116539100', '3']], [['116539050.5', '1']]);
    upbit.setBook(
      'BTC-KRW',
      [
        ['116539000', '0.00777'],
        ['116540000', '99999999.99999999'],
      ],
      [['116530000.125', '0.00000001']],
    );
    const column = upbitBook(page);
    await column.getByText('99,999,999.99999999').waitFor();
    const asks = await column.locator('tbody.ask .price').allInnerTexts();
    expect(asks.at(-1)).toMatch(/116,539,000$/);
    expect(asks.at(-2)).toMatch(/116,540,000$/);
    expect(await column.locator('tbody.bid .volume').first().innerText()).toBe('0.00000001');
    await reads(column.locator('.middle'), /Spread 8,999\.875/);
    const bests = page.locator('.bests');
    await bests.getByText('116,539,050.5').waitFor();
    await reads(bests, /-50\.5/);
    await reads(bests, /Crossed/);
    await counts(page.locator('.plot canvas'), 2);
    const depth = page.getByRole('slider', { name: /^BTC-KRW: Depth/ });
    await depth.focus();
    await page.keyboard.press('End');
    await reads(page.locator('.read-out').last(), /^Price [\d,.]+ · Ask [\d,.]+$/);
    expect(await depth.getAttribute('aria-valuetext')).toMatch(/ · Ask /);
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.getByLabel('Colours of the sides').selectOption('western');
    await has(page.locator('html'), 'data-sides', 'western');
    expect(problems).toEqual([]);
  });

  it('draws nothing without frames, as in a hidden tab, and then the newest book', async () => {
    const { page } = await open('/market/BTC-KRW');
    const { upbit } = session.recorder.simulators;
    const ladder = upbitBook(page).locator('.ladder');
    await ladder.waitFor();
    // A hidden tab has no frames; here they are held back until they are let go. What the frames
    // asked for before have changed is drawn first.
    await page.evaluate(`
      held = [];
      frame = requestAnimationFrame;
      requestAnimationFrame = (draw) => held.push(draw);
      changes = 0;
      new MutationObserver((found) => (changes += found.length)).observe(document.body, {
        subtree: true, childList: true, characterData: true, attributes: true,
      });
      new Promise((done) => frame(() => setTimeout(() => frame(() => setTimeout(done)), 200)))
        .then(() => (changes = 0));`);
    const newest = () =>
      session.recorder.app.bus.current({ exchange: 'UPBIT', symbol: 'BTC', currency: 'KRW' })!
        .asks[0]![0];
    for (let i = 1; i <= 20; i++) {
      upbit.setBook('BTC-KRW', [[String(116_600_000 + i), '1']], [['116500000', '1']]);
      await until(() => newest() === String(116_600_000 + i), 'the book');
    }
    expect(await page.evaluate('changes')).toBe(0);
    expect(await page.evaluate('held.length')).toBeGreaterThan(0);
    await page.evaluate('requestAnimationFrame = frame; held.forEach((draw) => frame(draw))');
    await ladder.getByText('116,600,020').waitFor();
  });

  it('turns a killed exchange stale, keeps its last book, and shows it live again', async () => {
    const { page } = await open('/market/BTC-KRW', { dark: true });
    const { faults } = session.recorder.simulators.upbit;
    const column = upbitBook(page);
    await column.locator('.ladder').waitFor();
    await column.locator('.state.LIVE').waitFor();
    faults.refuseUpgrades(503);
    faults.dropConnections();
    await page.locator('.column.stale[data-exchange=UPBIT]').waitFor();
    await column.locator('.state.RECONNECTING').waitFor();
    await reads(column, /Reconnecting/);
    await counts(column.locator('.ladder'), 1);
    expect(await accessibilityProblems(page)).toEqual([]);
    const overview = (await open('/')).page;
    await reads(
      overview.locator('.verdict'),
      /(Needs attention|Failing)[\s\S]*Upbit: none of 11 markets has sent anything/,
    );
    await overview.locator('.verdict').getByRole('link', { name: /Upbit/ }).click();
    await overview.waitForURL(/\/events\?level=WARN&exchange=UPBIT$/);
    await overview.goto(session.recorder.app.url);
    await overview.getByLabel('Show').selectOption('trouble');
    await overview.getByRole('combobox', { name: 'Exchange' }).selectOption('UPBIT');
    await overview.getByText('11 of 55').waitFor();
    await reads(overview.locator('.grid-body .row .gap-open').first(), /\d s/);
    expect(await accessibilityProblems(overview)).toEqual([]);
    faults.refuseUpgrades(null);
    await page.locator('.column:not(.stale)[data-exchange=UPBIT]').waitFor({ timeout: 20_000 });
    await column.locator('.state.LIVE').waitFor();
  });

  it('names close matches of a market that does not exist', async () => {
    const { page } = await open('/market/BTCC-KRW');
    await page.getByRole('heading', { name: 'There is no market BTCC-KRW' }).waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.getByRole('link', { name: /^BTC-KRW/ }).click();
    await upbitBook(page).locator('.ladder').waitFor();
    const short = await open('/market/btc');
    await upbitBook(short.page).locator('.ladder').waitFor();
    for (const path of ['/market/nonsense', '/history/UPBIT/nonsense', '/history/MTGOX/BTC-KRW']) {
      const lost = await open(path);
      await lost.page.getByRole('heading', { name: /^There is no market/ }).waitFor();
    }
  });
});

inBrowser('history', () => {
  it('draws the gap as a gap and gives the book of any moment', async () => {
    const { upbit } = session.recorder.simulators;
    const { faults } = upbit;
    const book = (): number =>
      session.recorder.app.bus.current({ exchange: 'UPBIT', symbol: 'BTC', currency: 'KRW' })!
        .sequence;
    const before = book();
    upbit.setBook('BTC-KRW', [['8', '1']], [['7', '2']]);
    await until(() => book() > before, 'the book');
    const { reconnects } = session.recorder.status('UPBIT:BTC-KRW')!;
    faults.dropConnections();
    await until(
      () => session.recorder.status('UPBIT:BTC-KRW')!.reconnects > reconnects,
      'the reconnection',
    );
    await allLive(session.recorder);
    await until(() => session.recorder.app.storeStats().queuedBooks === 0, 'all to be stored');

    const { page, problems } = await open('/history/UPBIT/BTC-KRW');
    const gaps = page.getByRole('region', { name: /^Gaps in this window/ });
    await gaps.getByText('Connection lost').first().waitFor();
    await page.locator('.book-then .ladder').waitFor();
    await page.locator('.timeline .u-over').first().hover();
    await reads(
      page.locator('.timeline .read-out').first(),
      /:\d\d · (Mid price [\d,.]+|Gap|Before recording)$/,
    );
    await reads(page.locator('.book-then'), /\b8\b[\s\S]*\b7\b/);
    const moment = page.locator('output');
    const now = await moment.innerText();
    await page.getByRole('slider', { name: 'Time' }).press('ArrowLeft');
    await moment.filter({ hasNotText: now }).waitFor();
    await page.getByRole('slider', { name: 'Time' }).press('Home');
    await page.getByText('Nothing is stored at or before this time.').waitFor();
    await gaps.getByRole('button').last().click();
    await page.getByText('This moment lies in a gap').waitFor();
    await page.waitForURL(/window=15m&at=/);
    expect(await accessibilityProblems(page)).toEqual([]);
    const link = page.getByRole('link', { name: 'By time · NDJSON' });
    const answer = await fetch(new URL((await link.getAttribute('href'))!, page.url()));
    expect(answer.status).toBe(200);
    expect((await answer.text()).trim().split('\n').length).toBeGreaterThan(2);
    expect(problems).toEqual([]);
  });
});

inBrowser('events', () => {
  it('shows the log live, filtered by exchange, pair and level', async () => {
    const { page, problems } = await open('/events');
    const rows = page.locator('.log tbody tr');
    await rows.first().waitFor();
    await page.getByRole('combobox', { name: 'Exchange' }).selectOption('COINONE');
    await page.getByLabel('Log level (and above)').selectOption('WARN');
    await page.getByText('No entry matches.').waitFor();
    session.recorder.simulators.coinone.faults.dropConnections();
    await rows.first().waitFor();
    await reads(rows.first(), /Coinone/);
    await page.getByLabel('Log level (and above)').selectOption('INFO');
    await page.getByLabel('Pair').fill('eth');
    // The rows of before are there until the server has answered.
    await counts(rows.filter({ hasNotText: 'ETH-KRW' }), 0);
    // The program's own log is in Korean; the page asks for its language.
    await rows.filter({ hasText: 'collection started COLLECTION_STARTED' }).first().waitFor();
    await page.getByLabel('Pair').fill('eth:krw');
    await page.getByText('Write a coin such as BTC').waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    expect(problems).toEqual([]);
    await allLive(session.recorder);
  });
});

inBrowser('quality', () => {
  it('shows how well each market was recorded today, and that another day has nothing', async () => {
    const { page, problems } = await open('/quality');
    const rows = page.locator('table.quality tbody tr');
    await rows.first().waitFor();
    await rows.filter({ hasText: 'Upbit BTC-KRW' }).first().waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.getByRole('button', { name: 'Day before' }).click();
    await page.getByText('Nothing was recorded on this day.').waitFor();
    expect(problems).toEqual([]);
  });
});

inBrowser('a lost server', () => {
  it('is told by a banner over the last data, and forgotten when it is back', async () => {
    const { page } = await open('/market/BTC-KRW');
    await upbitBook(page).locator('.ladder').waitFor();
    const shown = await upbitBook(page).locator('.ladder').innerText();
    const overview = (await open('/')).page;
    await overview.getByText('All is well').waitFor();
    const { port } = new URL(session.recorder.app.url);
    await session.recorder.stop();
    await page.getByText('Showing last data; reconnecting.').waitFor();
    await counts(page.locator('main.offline'), 1);
    expect(await upbitBook(page).locator('.ladder').innerText()).toBe(shown);
    await overview.getByText('State not known: no connection to the recorder').waitFor();
    await counts(overview.getByText('All is well'), 0);
    expect(await accessibilityProblems(overview)).toEqual([]);
    expect(await accessibilityProblems(page)).toEqual([]);
    await session.recorder.restart({ PORT: port });
    await page.locator('.link-state.open').waitFor();
    await page.getByText('Showing last data; reconnecting.').waitFor({ state: 'detached' });
    session.recorder.simulators.upbit.setBook('BTC-KRW', [['12345', '1']], [['12344', '1']]);
    await allLive(session.recorder);
    session.recorder.simulators.upbit.setBook('BTC-KRW', [['12347', '1']], [['12344', '1']]);
    await upbitBook(page).getByText('12,347').waitFor();
  });
});

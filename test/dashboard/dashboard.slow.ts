import { expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { allLive } from '../helpers/recorder.js';
import { until } from '../helpers/wait.js';
import { accessibilityProblems, counts, has, reads } from './helpers/browser.js';
import { inBrowser, useSession } from './helpers/session.js';

// On a busy machine a browser takes its time.

const session = useSession(['BTC-KRW', 'ETH-KRW', 'XRP-KRW']);
const { open } = session;

const upbitBook = (page: Page) => page.locator('.column[data-exchange=UPBIT]');

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
    // A hidden tab has no frames; here they are held back until they are let go. What the page had asked
    // for before is drawn first, however long the answers take. Of the ladder alone: clocks on the page go on.
    await page.waitForLoadState('networkidle');
    await page.evaluate(`
      held = [];
      frame = requestAnimationFrame;
      requestAnimationFrame = (draw) => held.push(draw);
      changes = 0;
      new Promise((still) => {
        const later = () => setTimeout(still, 300);
        let waiting = later();
        new MutationObserver((found) => {
          changes += found.length;
          clearTimeout(waiting);
          waiting = later();
        }).observe(document.querySelector('.column[data-exchange=UPBIT] .ladder'), {
          subtree: true, childList: true, characterData: true, attributes: true,
        });
      }).then(() => (changes = 0));`);
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
      /(Needs attention|Failing)[\s\S]*Upbit: none of 3 markets has sent anything/,
    );
    await overview.locator('.verdict').getByRole('link', { name: /Upbit/ }).click();
    await overview.waitForURL(/\/events\?level=WARN&exchange=UPBIT$/);
    await overview.goto(session.recorder.app.url);
    await overview.getByLabel('Show').selectOption('trouble');
    await overview.getByRole('combobox', { name: 'Exchange' }).selectOption('UPBIT');
    await overview.getByText('3 of 15').waitFor();
    await reads(overview.locator('.grid-body .row .gap-open').first(), /\d s/);
    expect(
      await accessibilityProblems(overview, '.verdict', '.grid-body .row:first-child'),
    ).toEqual([]);
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
    // The test before refused connections: the wait for the next one may have grown to 30 s.
    await until(
      () => session.recorder.status('UPBIT:BTC-KRW')!.reconnects > reconnects,
      'the reconnection',
      40_000,
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
    expect(await accessibilityProblems(overview, '.banner', '.verdict')).toEqual([]);
    expect(await accessibilityProblems(page, '.banner', '.column[data-exchange=UPBIT]')).toEqual(
      [],
    );
    await session.recorder.restart({ PORT: port });
    await page.locator('.link-state.open').waitFor();
    await page.getByText('Showing last data; reconnecting.').waitFor({ state: 'detached' });
    session.recorder.simulators.upbit.setBook('BTC-KRW', [['12345', '1']], [['12344', '1']]);
    await allLive(session.recorder);
    session.recorder.simulators.upbit.setBook('BTC-KRW', [['12347', '1']], [['12344', '1']]);
    await upbitBook(page).getByText('12,347').waitFor();
  });
});

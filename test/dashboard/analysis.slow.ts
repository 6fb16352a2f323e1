import { expect, it } from '@jest/globals';
import { eventually, until } from '../helpers/wait.js';
import { accessibilityProblems, counts, reads } from './helpers/browser.js';
import { inBrowser, useSession } from './helpers/session.js';

// On a busy machine a browser takes its time.

const session = useSession(['BTC-KRW', 'ETH-KRW', 'SHIB-KRW']);
const { open } = session;

type Best = readonly [bid: string, ask: string];

/** Puts one bid and one ask of BTC-KRW on each exchange; the two left out stand in the middle. */
function setBests({ upbit, coinone, korbit }: Record<'upbit' | 'coinone' | 'korbit', Best>): void {
  const bests = { upbit, coinone, korbit, bithumb: ['999', '1002'], gopax: ['998', '1003'] };
  for (const [exchange, [bid, ask]] of Object.entries(bests)) {
    session.recorder.simulators[exchange as keyof typeof bests].setBook(
      'BTC-KRW',
      [[ask, '0.5']],
      [[bid, '0.25']],
    );
  }
}

inBrowser('premium', () => {
  it('compares each exchange live with the one that is chosen, in percent and basis points', async () => {
    setBests({ upbit: ['999', '1001'], coinone: ['1009', '1011'], korbit: ['989.5', '990.5'] });
    const { page, problems } = await open('/premium/btc');
    const row = (name: string) => page.locator('.premium-prices tbody tr', { hasText: name });
    await reads(row('Coinone'), /1,010\s+\+1\.000\s+\+100\.0\s+\+10\b/);
    await reads(row('Korbit'), /990\s+-1\.000\s+-100\.0\s+-10\b/);
    await reads(row('Upbit'), /1,000\s+base/);
    setBests({ upbit: ['999', '1001'], coinone: ['1019', '1021'], korbit: ['989.5', '990.5'] });
    await reads(row('Coinone'), /1,020\s+\+2\.000\s+\+200\.0\s+\+20\b/);
    await page.getByLabel('Compared with').selectOption('KORBIT');
    await reads(row('Upbit'), /1,000\s+\+1\.010\s+\+101\.0\s+\+10\b/);
    await page.waitForURL(/against=KORBIT/);
    // The lines of the chart: what was stored, and what comes live.
    await page.locator('.chart canvas').waitFor();
    await reads(page.locator('.chart .legend'), /Upbit[\s\S]*Coinone/);
    expect(await accessibilityProblems(page)).toEqual([]);
    expect(problems).toEqual([]);
  });

  it('says where to buy, where to sell and what is left after a fee that the browser keeps', async () => {
    setBests({ upbit: ['999', '1001'], coinone: ['1101.1', '1110'], korbit: ['989', '1005'] });
    const { page } = await open('/premium/BTC-KRW');
    const crossing = page.locator('.crossing');
    await reads(crossing, /Buy on Upbit 1,001\s*→\s*Sell on Coinone 1,101\.1/);
    await reads(
      crossing,
      /\+10\.000% \+1,000\.0 bp[\s\S]*\+100\.1 KRW[\s\S]*0\.25 BTC[\s\S]*\+25\.025 KRW/,
    );
    const fee = page.getByLabel('Fee of each trade, %');
    await fee.fill('10');
    // 1,101.1 is paid, 990.99 comes back.
    await reads(crossing, /-10\.000% -1,000\.0 bp[\s\S]*-110\.11 KRW/);
    await fee.fill('100.000001');
    await page.getByText('Write a percentage from 0 to 100').waitFor();
    expect(await accessibilityProblems(page, '.crossing', '.fee')).toEqual([]);
    await fee.fill('0.25');
    await page.reload();
    await reads(crossing, /\+9\.451%/);
    expect(await fee.inputValue()).toBe('0.25');
  });

  it('lists all markets of two exchanges or more, the widest first', async () => {
    setBests({ upbit: ['999', '1001'], coinone: ['2000', '2002'], korbit: ['989', '1005'] });
    const { page, problems } = await open('/premium');
    const rows = page.locator('.premiums tbody tr');
    await reads(rows.first(), /BTC-KRW/);
    expect(await rows.count()).toBe(3);
    await page.getByLabel('Search').fill('bit');
    await page.getByText('1 of 3').waitFor();
    await page.waitForURL(/\?search=bit$/);
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.getByRole('link', { name: 'BTC-KRW' }).click();
    await page.locator('.premium-prices').waitFor();
    const other = await open('/premium?currency=btc');
    await other.page.getByText('Two exchanges with a live order book').waitFor();
    expect(problems).toEqual([]);
  });
});

inBrowser('ladder', () => {
  it('puts prices together exactly, counts both sides, and keeps how it is shown', async () => {
    setBests({ upbit: ['999', '1001'], coinone: ['999', '1002'], korbit: ['989', '1005'] });
    const { page, problems } = await open('/market/BTC-KRW');
    session.recorder.simulators.upbit.setBook(
      'BTC-KRW',
      [
        ['1010.5', '0.1'],
        ['1019', '0.2'],
        ['1020', '0.00000001'],
        ['1020.25', '3'],
      ],
      [
        ['1009.5', '0.5'],
        ['1001', '0.25'],
        ['999', '1'],
      ],
    );
    const column = page.locator('.column[data-exchange=UPBIT]');
    const side = async (name: 'ask' | 'bid', cell: 'price' | 'volume' | 'sum') =>
      (await column.locator(`tbody.${name} tr:not([aria-hidden]) .${cell}`).allInnerTexts()).map(
        (text) => text.replace(/^(Ask|Bid)\s*/, ''),
      );
    await reads(column.locator('.totals'), /3\.30000001[\s\S]*1\.75[\s\S]*-30\.6%/);
    expect(await side('ask', 'price')).toEqual(['1,020.25', '1,020', '1,019', '1,010.5']);
    // Prices stand at one point: what a price lacks of the others' decimals takes room.
    expect(
      await column
        .locator('tbody.ask [data-fill]')
        .evaluateAll((all) => all.map((each) => each.getAttribute('data-fill'))),
    ).toEqual(['', '.00', '.00', '0']);
    await page.getByLabel('Prices by').selectOption('10');
    await reads(column.locator('.totals'), /3\.30000001/);
    await page.waitForURL(/\?group=10$/);
    await page.getByLabel('Sum', { exact: true }).check();
    await counts(column.locator('tbody.ask tr:not([aria-hidden])'), 2);
    expect(await side('ask', 'price')).toEqual(['1,030', '1,020']);
    expect(await side('ask', 'volume')).toEqual(['3', '0.30000001']);
    expect(await side('ask', 'sum')).toEqual(['3.30000001', '0.30000001']);
    expect(await side('bid', 'price')).toEqual(['1,000', '990']);
    expect(await side('bid', 'volume')).toEqual(['0.75', '1']);
    await page.getByLabel('Volume in').selectOption('quote');
    // 1,009.5 × 0.5 + 1,001 × 0.25 = 755: of the levels, not of the group's price.
    await reads(column.locator('tbody.bid .volume').first(), /^755$/);
    await page.getByRole('combobox', { name: 'Levels' }).selectOption('5');
    await page.getByRole('checkbox', { name: 'Coinone' }).uncheck();
    await counts(page.locator('.column'), 4);
    expect(await accessibilityProblems(page, '.tools', '.column[data-exchange=UPBIT]')).toEqual([]);
    await page.reload();
    await counts(page.locator('.column'), 4);
    await reads(column.locator('tbody.bid .volume').first(), /^755$/);
    await counts(column.locator('tbody.ask tr'), 5);
    expect(problems).toEqual([]);
  });

  it('keeps favourites, and shows them on the overview', async () => {
    const { page, problems } = await open('/market/ETH-KRW');
    await page.getByRole('button', { name: 'Favourite' }).click();
    await page.getByRole('link', { name: 'Overview' }).click();
    const row = page.locator('.favourites tbody tr');
    await reads(row, /ETH-KRW(\s+[\d,.]+){5}/);
    expect(await accessibilityProblems(page, '.favourites')).toEqual([]);
    await row.getByRole('link').click();
    await page.getByRole('button', { name: 'Favourite', pressed: true }).click();
    await page.getByRole('link', { name: 'Overview' }).click();
    await page.locator('.grid-body .row').first().waitFor();
    await counts(page.locator('.favourites'), 0);
    expect(problems).toEqual([]);
  });
});

inBrowser('quote', () => {
  it('says what an amount costs now on each exchange, and where it is best', async () => {
    setBests({ upbit: ['999', '1001'], coinone: ['1101.1', '1110'], korbit: ['989', '995.5'] });
    const { page } = await open('/market/BTC-KRW');
    const row = (name: string) => page.locator('table.quote tbody tr', { hasText: name });
    await page.getByLabel('Amount, BTC').fill('0.25');
    await reads(row('Korbit'), /best\s+995\.5\s+995\.5\s+248\.875\s+1\s+all of it/);
    await page.getByRole('button', { name: 'Sell' }).click();
    await reads(row('Coinone'), /best\s+1,101\.1/);
    await page.getByLabel('Amount, BTC').fill('0.3');
    await reads(row('Upbit'), /only 0\.25 BTC/);
    await page.getByLabel('Amount, BTC').fill('-1');
    await page.getByText('Write an amount greater than 0').waitFor();
    expect(await accessibilityProblems(page, 'section[aria-labelledby=quote-heading]')).toEqual([]);
  });
});

inBrowser('a link to GraphiQL', () => {
  it('leads to what is shown, as a query that runs as it stands, and back', async () => {
    const { page } = await open('/market/BTC-KRW');
    const link = page.locator('a[href*="TradeSide"]');
    const address = new URL((await link.getAttribute('href'))!, page.url());
    const query = address.searchParams.get('query')!;
    expect(query).toContain('$side: TradeSide! = BUY');
    const { quote } = await session.recorder.query<{ quote: { legs: unknown[] } }>(query);
    expect(quote.legs).toHaveLength(5);
    await link.click();
    await page.locator('.graphiql-query-editor').getByText('quote').first().waitFor();
    await page.getByRole('link', { name: 'Dashboard' }).click();
    await page.locator('.grid-body .row').first().waitFor();
  });
});

inBrowser('history', () => {
  it('steps from book to book, zooms to what is dragged or written, and exports it', async () => {
    const { upbit } = session.recorder.simulators;
    const { bus } = session.recorder.app;
    const id = { exchange: 'UPBIT', symbol: 'BTC', currency: 'KRW' } as const;
    for (const ask of ['1501', '1502', '1503']) {
      upbit.setBook('BTC-KRW', [[ask, '1']], [['1500', '1']]);
      await until(() => bus.current(id)!.asks[0]![0] === ask, 'the book');
    }
    await until(() => session.recorder.app.storeStats().queuedBooks === 0, 'all to be stored');
    const { page, problems } = await open('/history/UPBIT/BTC-KRW');
    const book = page.locator('.book-then');
    // The middle price of another book may begin with the same digits.
    const bestAsk = (price: string): RegExp => new RegExp(`Ask\\s+${price}\\s`);
    await reads(book, bestAsk('1,503'));
    await page.getByRole('button', { name: 'Previous book' }).click();
    await reads(book, bestAsk('1,502'));
    await page.keyboard.press(',');
    await reads(book, bestAsk('1,501'));
    await page.keyboard.press('.');
    await reads(book, bestAsk('1,502'));
    await page.getByRole('button', { name: 'Next book' }).click();
    await reads(book, bestAsk('1,503'));
    await page.getByRole('button', { name: 'Next book' }).click();
    await page.getByText('This is the newest stored book.').waitFor();
    await counts(page.locator('.measures canvas'), 2);
    // A window by dragging: the right half of the chart.
    const over = page.locator('.timeline .u-over').first();
    const box = (await over.boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + 40);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width - 2, box.y + 60, { steps: 4 });
    await page.mouse.up();
    await page.waitForURL(/from=/);
    const length = (): number => {
      const { searchParams } = new URL(page.url());
      return Date.parse(searchParams.get('to')!) - Date.parse(searchParams.get('from')!);
    };
    expect(length()).toBeGreaterThan(400_000);
    expect(length()).toBeLessThan(460_000);
    await page.getByRole('button', { name: 'Zoom in' }).click();
    await until(() => length() < 240_000, 'the zoom');
    // The fields take the new window, and with it the place of what would be written before.
    const to = Date.parse(new URL(page.url()).searchParams.get('to')!) + 9 * 3_600_000;
    await eventually(
      () => page.getByRole('textbox', { name: /^To/ }).inputValue(),
      // A field leaves out seconds that are zero.
      (value) => Math.floor(Date.parse(`${value}Z`) / 1000) === Math.floor(to / 1000),
      'the window in the fields',
    );
    await page.getByRole('textbox', { name: /^From/ }).fill('2026-09-01T09:00:00');
    await page.getByRole('textbox', { name: /^To/ }).fill('2026-09-01T08:00:00');
    await page.getByText('Choose an end after the beginning.').waitFor();
    await page.getByRole('textbox', { name: /^To/ }).fill('2026-09-01T10:00:30');
    await page.locator('.window-form').getByRole('button').click();
    await page.waitForURL(/from=2026-09-01T00%3A00%3A00\.000Z&to=2026-09-01T01%3A00%3A30\.000Z/);
    await page.getByText('Nothing is stored at or before this time.').waitFor();
    expect(await accessibilityProblems(page, '.window-form', '.book-then')).toEqual([]);
    await page.getByRole('button', { name: '15 min' }).click();
    await page.getByRole('button', { name: 'Now' }).click();
    await page.getByRole('button', { name: 'Refresh' }).waitFor();
    for (const shape of ['By level', 'By time', 'Best prices', 'Gaps']) {
      for (const format of ['CSV', 'PARQUET', 'NDJSON', 'JSON']) {
        const link = page.getByRole('link', { name: `${shape} · ${format}`, exact: true });
        const answer = await fetch(new URL((await link.getAttribute('href'))!, page.url()));
        expect([shape, format, answer.status]).toEqual([shape, format, 200]);
        const body = Buffer.from(await answer.arrayBuffer());
        if (format === 'PARQUET') expect(body.subarray(0, 4).toString()).toBe('PAR1');
      }
    }
    expect(problems).toEqual([]);
  });
});

inBrowser('keys', () => {
  it('are explained at ?, lead to the views, and can be turned off', async () => {
    const { page, problems } = await open('/');
    await page.locator('.grid-body .row').first().waitFor();
    await page.keyboard.press('?');
    const help = page.getByRole('dialog', { name: 'Keys' });
    await help.waitFor();
    expect(await accessibilityProblems(page, 'dialog')).toEqual([]);
    await page.keyboard.press('Escape');
    await help.waitFor({ state: 'hidden' });
    await page.keyboard.press('3');
    await page.waitForURL(/\/premium$/);
    await page.locator('.premiums').waitFor();
    await page.keyboard.press('/');
    // What is typed into a field is typed.
    await page.keyboard.type('1?');
    await page.waitForURL(/\/premium\?search=1%3F$/);
    await page.locator('main').focus();
    await page.keyboard.press('?');
    await help.getByLabel('Use these keys').uncheck();
    await help.getByRole('button', { name: 'Close' }).click();
    await page.locator('main').focus();
    await page.keyboard.press('1');
    expect(new URL(page.url()).pathname).toBe('/premium');
    const report = await open('/report');
    await report.page.waitForURL(/\/quality$/);
    expect(problems).toEqual([]);
  });
});

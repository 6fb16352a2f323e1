import { expect, it, jest } from '@jest/globals';
import { accessibilityProblems, reads } from './helpers/browser.js';
import { inBrowser, useSession } from './helpers/session.js';

// On a busy machine a browser takes its time.
jest.setTimeout(60_000);

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
    expect(await accessibilityProblems(page)).toEqual([]);
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

/**
 * How long a person waits for the books of a market: the program records the whole simulated market, a
 * browser shows the dashboard. From the click on a row of the overview, and from the opening of the
 * page's address, to the first book and to those of all exchanges that have it, drawn; and how many
 * frames a second the overview and the page of BTC draw. Needs Chromium
 * (CHROMIUM_PATH, else /usr/bin/chromium). Flags: `--tiny` (three clicks), `--clicks N`.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { startMarket } from './recorded-market.mjs';

const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
if (!existsSync(executablePath)) {
  console.log(`page: there is no Chromium at ${executablePath}; set CHROMIUM_PATH`);
  process.exit(0);
}
const clicksAt = process.argv.indexOf('--clicks');
const clicks = clicksAt > 0 ? Number(process.argv[clicksAt + 1]) : 20;
const count = process.argv.includes('--tiny') ? 3 : clicks;
const COINS = ['BTC', 'ETH', 'XRP', 'SOL'];

/** In the page: ms from `from` until a book is drawn, and until all expected ones are. */
const watch = `(from, most) => new Promise((done) => {
  let first = null;
  const look = () => {
    const drawn = document.querySelectorAll('.column .ladder').length;
    const none = document.querySelectorAll('.column .no-book').length;
    if (drawn > 0) first ??= performance.now() - from;
    if (drawn > 0 && drawn + none === 5 && drawn >= most) done([first, performance.now() - from]);
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})`;

/** In the page: frames a second over this many ms, and the longest time between two, ms. */
const frames = `(ms) => new Promise((done) => {
  const from = performance.now();
  let [last, count, longest] = [from, 0, 0];
  const look = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    count++;
    if (now - from < ms) requestAnimationFrame(look);
    else done([(count * 1000) / (now - from), longest]);
  };
  requestAnimationFrame(look);
})`;

const folder = mkdtempSync(join(tmpdir(), 'bench-page-'));
const market = await startMarket({ dbPath: join(folder, 'orderbook.db') });
const base = `http://127.0.0.1:${market.port}`;
const browser = await chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
});

/** Figures of one way, each `[first, all]`. */
function say(way, figures) {
  const sorted = (which) => figures.map((each) => each[which]).sort((a, b) => a - b);
  const of = (which) => {
    const all = sorted(which);
    return `median ${Math.round(all[all.length >> 1])} ms, most ${Math.round(all.at(-1))} ms`;
  };
  console.log(`${way} (${figures.length} times): first book ${of(0)}; all of them ${of(1)}`);
}

const clicked = [];
const opened = [];
for (let i = 0; i < count; i++) {
  const context = await browser.newContext({
    locale: 'en-US',
    viewport: { width: 1440, height: 900 },
  });
  const page = await context.newPage();
  const pair = `${COINS[i % COINS.length]}-KRW`;
  await page.goto(`${base}/?search=${pair}`);
  const link = page.locator(`.grid-body a[href="/market/${pair}"]`).first();
  await link.waitFor();
  const listed = await page.locator(`.grid-body a[href="/market/${pair}"]`).count();
  // Like a person: the page is at rest, the pointer moves to the row, and a moment later clicks.
  await page.waitForTimeout(2_000);
  await link.hover();
  await page.waitForTimeout(150);
  await page.evaluate(
    `window.result = new Promise((done) => addEventListener('click', () => done((${watch})(performance.now(), ${listed})), { capture: true, once: true })); 0`,
  );
  await link.click();
  clicked.push(await page.evaluate('window.result'));
  await page.waitForTimeout(500);
  await page.goto(`${base}/market/${pair}`, { waitUntil: 'commit' });
  opened.push(await page.evaluate(`(${watch})(0, ${listed})`));
  await context.close();
}
say('click on a row', clicked);
say('address opened', opened);
const page = await browser.newPage({ locale: 'en-US', viewport: { width: 1440, height: 900 } });
for (const path of ['/', '/market/BTC-KRW']) {
  await page.goto(base + path);
  await page.waitForTimeout(4_000);
  const [rate, longest] = await page.evaluate(`(${frames})(${count > 3 ? 10_000 : 1_000})`);
  console.log(
    `frames of ${path}: ${Math.round(rate)} a second, longest wait ${Math.round(longest)} ms`,
  );
}
await browser.close();
await market.close();
rmSync(folder, { recursive: true, force: true });

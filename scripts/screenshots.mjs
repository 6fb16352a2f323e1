/**
 * Takes the screenshots in `docs/screenshots` from a running program, ideally one that records the
 * simulated exchanges: `node scripts/screenshots.mjs [http://127.0.0.1:4000 [view …]]`. Needs Chromium
 * (CHROMIUM_PATH, else /usr/bin/chromium) and a font with Korean letters (Debian: fonts-noto-cjk).
 */
import { chromium } from 'playwright-core';

const base = process.argv[2] ?? 'http://127.0.0.1:4000';

/** Each view: its name, address, what must be there, and how long its lines are watched, ms. */
const VIEWS = [
  ['overview', '/', '.grid-body .row', 90_000],
  ['market', '/market/BTC-KRW', '.ladder', 20_000],
  ['history', '/history/KORBIT/BTC-KRW', '.book-then .ladder', 5_000],
  ['events', '/events', '.log', 3_000],
].filter(([name]) => process.argv.length < 4 || process.argv.slice(3).includes(name));

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
});

async function take([name, path, ready, watch], look, width, height) {
  const [locale, colorScheme] = look.split('-');
  const context = await browser.newContext({
    locale: locale === 'ko' ? 'ko-KR' : 'en-US',
    colorScheme,
    viewport: { width, height },
    timezoneId: 'Asia/Seoul',
  });
  const page = await context.newPage();
  await page.goto(base + path);
  await page.locator(ready).first().waitFor();
  await page.waitForTimeout(watch);
  const phone = width < 700 ? '-phone' : '';
  const file = `docs/screenshots/${name}${phone}-${look}.png`;
  await page.screenshot({ path: file });
  console.log(file);
  await context.close();
}

const jobs = [];
for (const view of VIEWS) {
  // The whole book of a past moment is longer than the other views.
  const height = view[0] === 'history' ? 1130 : 1060;
  jobs.push([view, 'ko-light', 1440, height], [view, 'en-dark', 1440, height]);
  if (view[0] === 'overview') jobs.push([view, 'ko-light', 390, 844]);
  if (view[0] === 'market') jobs.push([view, 'en-dark', 390, 844]);
}
// Two at a time: a machine with two cores cannot draw more at once.
const workers = [0, 1].map(async () => {
  for (let job = jobs.shift(); job; job = jobs.shift()) await take(...job);
});
await Promise.all(workers);
await browser.close();

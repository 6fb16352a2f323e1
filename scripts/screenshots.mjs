/**
 * Takes the pictures of `docs/screenshots` from a running program, best one that records the
 * simulated exchanges: `node scripts/screenshots.mjs [http://127.0.0.1:4000]`. Needs Chromium
 * (CHROMIUM_PATH, else /usr/bin/chromium) and a font with Korean letters (Debian: fonts-noto-cjk).
 */
import { chromium } from 'playwright-core';

const base = process.argv[2] ?? 'http://127.0.0.1:4000';

/** How long a view is watched before its picture is taken, ms: lines need time to be drawn. */
const WATCH = { overview: 60_000, market: 20_000, history: 6_000, events: 3_000 };
const VIEWS = [
  ['overview', '/'],
  ['market', '/market/BTC-KRW'],
  ['history', '/history/KORBIT/BTC-KRW'],
  ['events', '/events'],
];

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
});

async function take([name, path], look, width, height) {
  const [locale, colorScheme] = look.split('-');
  const context = await browser.newContext({
    locale: locale === 'ko' ? 'ko-KR' : 'en-US',
    colorScheme,
    viewport: { width, height },
    timezoneId: 'Asia/Seoul',
  });
  const page = await context.newPage();
  await page.goto(base + path);
  await page.waitForTimeout(WATCH[name]);
  const phone = width < 700 ? '-phone' : '';
  const file = `docs/screenshots/${name}${phone}-${look}.png`;
  await page.screenshot({ path: file });
  console.log(file);
  await context.close();
}

const jobs = [];
for (const view of VIEWS) {
  jobs.push([view, 'ko-light', 1440, 1000], [view, 'en-dark', 1440, 1000]);
}
jobs.push([VIEWS[0], 'ko-light', 390, 844], [VIEWS[1], 'en-dark', 390, 844]);
// Two at a time: a machine with two cores draws no more in peace.
const workers = [0, 1].map(async () => {
  for (let job = jobs.shift(); job; job = jobs.shift()) await take(...job);
});
await Promise.all(workers);
await browser.close();

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import { CHROMIUM } from '../../helpers/needs.js';
import { eventually } from '../../helpers/wait.js';

/** How long, and how often, a page is asked for what it shows, ms: each question costs three processes some work. */
const PATIENCE = [15_000, 100] as const;

/** A page, and what went wrong on it. */
export interface WatchedPage {
  readonly page: Page;
  /** Errors on the console, exceptions, and requests to any other host. */
  readonly problems: string[];
}

/** How a page is opened. */
export interface PageOptions {
  readonly locale?: 'ko-KR' | 'en-US';
  readonly dark?: boolean;
  readonly width?: number;
  readonly height?: number;
}

/** Starts the browser of all tests. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-dev-shm-usage',
      '--process-per-site',
      '--disable-features=SpareRendererForSitePerProcess',
    ],
  });
}

/**
 * Opens pages as a person with a fresh browser would. Pages of one language share a context and a
 * process: a process for each page was most of what these tests cost.
 */
export class Pages {
  readonly #browser: Browser;
  /** By language: a page of the server that keeps the context's process between tests. */
  readonly #keepers = new Map<string, Page>();
  readonly #opened: Page[] = [];

  constructor(browser: Browser) {
    this.#browser = browser;
  }

  /** Opens `url`. */
  async open(
    url: string,
    { locale = 'en-US', dark = false, width = 1440, height = 900 }: PageOptions = {},
  ): Promise<WatchedPage> {
    const keeper = await this.#keeper(locale, new URL('/health', url).href);
    const page = await keeper.context().newPage();
    this.#opened.push(page);
    page.setDefaultTimeout(20_000);
    await page.emulateMedia({ colorScheme: dark ? 'dark' : 'light' });
    await page.setViewportSize({ width, height });
    const problems: string[] = [];
    const { host } = new URL(url);
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('request', (request) => {
      if (new URL(request.url()).host !== host) problems.push(`asked ${request.url()}`);
    });
    await page.goto(url);
    return { page, problems };
  }

  /** Closes what was opened, and lets the browser forget what the pages kept in it. */
  async close(): Promise<void> {
    const opened = this.#opened.splice(0);
    await Promise.all(opened.map((page) => page.close()));
    if (opened.length === 0) return;
    for (const keeper of this.#keepers.values()) await keeper.evaluate('localStorage.clear()');
  }

  async #keeper(locale: string, url: string): Promise<Page> {
    let keeper = this.#keepers.get(locale);
    if (keeper === undefined) {
      const context = await this.#browser.newContext({ locale, timezoneId: 'Asia/Seoul' });
      keeper = await context.newPage();
      this.#keepers.set(locale, keeper);
    }
    if (keeper.url() !== url) await keeper.goto(url);
    return keeper;
  }
}

/** Waits until the text of `element` matches: what a page shows follows an action, never at once. */
export async function reads(element: Locator, wanted: RegExp): Promise<void> {
  await eventually(
    () => element.innerText(),
    (text) => wanted.test(text),
    `the text ${String(wanted)}`,
    ...PATIENCE,
  );
}

/** Waits until there are `wanted` of `elements`. */
export async function counts(elements: Locator, wanted: number): Promise<void> {
  await eventually(
    () => elements.count(),
    (found) => found === wanted,
    `${wanted} elements`,
    ...PATIENCE,
  );
}

/** Waits until the attribute `name` of `element` is `wanted`. */
export async function has(element: Locator, name: string, wanted: string): Promise<void> {
  await eventually(
    () => element.getAttribute(name),
    (value) => value === wanted,
    `${name}="${wanted}"`,
    ...PATIENCE,
  );
}

const axeSource = readFileSync(
  createRequire(import.meta.url).resolve('axe-core/axe.min.js'),
  'utf8',
);

/** What axe finds wrong with a page as it is now: the rule and the elements. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  const found = await page.evaluate(
    `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
      violations.map(({ id, nodes }) => id + ': ' + nodes.map((n) => n.target.join(' ') + ' ' + (n.any[0]?.message ?? '')).slice(0, 3).join(' | ')))`,
  );
  return found as string[];
}

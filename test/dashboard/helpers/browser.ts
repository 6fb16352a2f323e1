import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import {
  type Browser,
  type BrowserContext,
  chromium,
  type Locator,
  type Page,
} from 'playwright-core';
import { ofRun } from '../../helpers/of-run.js';
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

/** The browser of all tests of a run; to close it closes what was opened through it. */
export async function openBrowser(): Promise<Browser> {
  return chromium.connect(await ofRun('browser-keeper'));
}

/** What a test listens to on a page. */
const EVENTS = ['console', 'pageerror', 'request', 'requestfinished', 'websocket'] as const;

/**
 * Opens pages as a person with a fresh browser would. Pages of one language share a context, and a page that a
 * test has left serves the next one, emptied: a process for each page was most of what these tests cost.
 */
export class Pages {
  readonly #browser: Browser;
  /** By language: the context, and the pages in it that are not in use. */
  readonly #contexts = new Map<string, { context: BrowserContext; free: Page[] }>();
  readonly #opened: { page: Page; free: Page[] }[] = [];

  constructor(browser: Browser) {
    this.#browser = browser;
  }

  /** Opens `url`. */
  async open(
    url: string,
    { locale = 'en-US', dark = false, width = 1440, height = 900 }: PageOptions = {},
  ): Promise<WatchedPage> {
    const page = await this.#page(locale);
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

  /** Leaves what was opened, and lets the browser forget what the pages kept in it. */
  async close(): Promise<void> {
    for (const { page, free } of this.#opened.splice(0)) {
      for (const event of EVENTS) page.removeAllListeners(event);
      try {
        await page.goto(new URL('/health', page.url()).href);
        await page.evaluate('localStorage.clear(); sessionStorage.clear()');
        free.push(page);
      } catch {
        // One that cannot be emptied is of no use to the next test.
        await page.close();
      }
    }
  }

  async #page(locale: string): Promise<Page> {
    let of = this.#contexts.get(locale);
    if (of === undefined) {
      const context = await this.#browser.newContext({ locale, timezoneId: 'Asia/Seoul' });
      of = { context, free: [] };
      this.#contexts.set(locale, of);
    }
    const page = of.free.pop() ?? (await of.context.newPage());
    page.setDefaultTimeout(20_000);
    this.#opened.push({ page, free: of.free });
    return page;
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

/**
 * What axe finds wrong with a page as it is now: the rule and the elements.
 * @param parts selectors, for a page that differs in them alone from one that is looked at as a whole elsewhere: all
 * of a page takes up to half a second
 */
export async function accessibilityProblems(
  page: Page,
  ...parts: readonly string[]
): Promise<string[]> {
  // Once for each page that is loaded: it is half a megabyte.
  if (await page.evaluate('typeof axe === "undefined"')) await page.evaluate(axeSource);
  const what = parts.length === 0 ? 'document' : JSON.stringify(parts.map((part) => [part]));
  const found = await page.evaluate(
    `axe.run(${what}, { resultTypes: ['violations'] }).then(({ violations }) =>
      violations.map(({ id, nodes }) => id + ': ' + nodes.map((n) => n.target.join(' ') + ' ' + (n.any[0]?.message ?? '')).slice(0, 3).join(' | ')))`,
  );
  return found as string[];
}

import { afterAll, afterEach, beforeAll, describe } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { allLive, type Recorder, startRecorder } from '../../helpers/recorder.js';
import { MISSING, openBrowser, openPage, type PageOptions, type WatchedPage } from './browser.js';

if (MISSING !== null) {
  if (process.env['CI'] !== undefined) throw new Error(MISSING);
  process.stderr.write(`The dashboard is not tested: ${MISSING}\n`);
}

/** As `describe`; skipped where there is no browser. */
export const inBrowser = MISSING === null ? describe : describe.skip;

/** A browser and the program for the tests of one file. */
export interface Session {
  readonly browser: Browser;
  readonly recorder: Recorder;
  /** Opens a page that is closed after the test. */
  readonly open: (path: string, options?: PageOptions) => Promise<WatchedPage>;
}

/** Starts browser and program before a file's tests, and ends them after. */
export function useSession(
  pairs: readonly string[],
  settings: Readonly<Record<string, string>> = {},
): Session {
  let browser: Browser;
  let recorder: Recorder;
  const opened: WatchedPage[] = [];
  beforeAll(async () => {
    if (MISSING !== null) return;
    [browser, recorder] = await Promise.all([
      openBrowser(),
      startRecorder({ pairs: [...pairs] }, { COLLECT: '*-KRW', ...settings }),
    ]);
    await allLive(recorder);
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await recorder?.close();
  });
  afterEach(async () => {
    for (const { page } of opened.splice(0)) await page.context().close();
    // A test that failed half-way must not take the others with it.
    recorder?.simulators.upbit.faults.refuseUpgrades(null);
  });
  return {
    get browser() {
      return browser;
    },
    get recorder() {
      return recorder;
    },
    async open(path, options) {
      const watched = await openPage(browser, `${recorder.app.url}${path}`, options);
      opened.push(watched);
      return watched;
    },
  };
}

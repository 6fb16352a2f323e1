import { afterAll, afterEach, beforeAll } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { has, needs } from '../../helpers/needs.js';
import { allLive, type Recorder, startRecorder } from '../../helpers/recorder.js';
import { openBrowser, type PageOptions, Pages, type WatchedPage } from './browser.js';

/** As `describe`; skipped where there is no browser. */
export const { describe: inBrowser } = needs('browser');

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
  let pages: Pages;
  beforeAll(async () => {
    if (!has('browser')) return;
    [browser, recorder] = await Promise.all([
      openBrowser(),
      // Polls of every market were a third of the processor time of the program.
      startRecorder(
        { pairs: [...pairs] },
        { COLLECT: '*-KRW', BITHUMB_TRANSPORT: 'ws', ...settings },
      ),
    ]);
    pages = new Pages(browser);
    await allLive(recorder);
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await recorder?.close();
  });
  afterEach(async () => {
    await pages?.close();
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
    open: (path, options) => pages.open(`${recorder.app.url}${path}`, options),
  };
}

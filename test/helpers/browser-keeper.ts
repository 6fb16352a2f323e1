import { chromium } from 'playwright-core';
import { keepForRun } from './keep-for-run.js';
import { CHROMIUM } from './needs.js';

// One Chromium for all tests of a run: each start of one is more than a second of the processor.
await keepForRun(async () => {
  const server = await chromium.launchServer({
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
  let ended = false;
  server.once('close', () => (ended = true));
  return { address: server.wsEndpoint(), ended: () => ended, close: () => server.close() };
});

/** The parts of the API, built as the program does, for a recorder that collects nothing. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StandstillWatch } from '../dist/collector/clock/standstill-watch.js';
import { adapters } from '../dist/collector/exchanges/registry.js';
import { Supervisor } from '../dist/collector/supervisor.js';
import { Logger } from '../dist/logging/logger.js';
import { readConfig } from '../dist/settings/config.js';
import { openStore } from '../dist/store/store.js';

/** @returns parts for `createApi`, and what closes them */
export async function idleRecorder(bus) {
  const folder = mkdtempSync(join(tmpdir(), 'bench-idle-'));
  const config = readConfig({ COLLECT: '' });
  const store = await openStore({ path: join(folder, 'idle.db') });
  const watch = new StandstillWatch();
  const supervisor = new Supervisor({
    config,
    adapters: adapters(config.bithumbTransport),
    store,
    bus,
    logger: new Logger({ level: config.logLevel, lang: 'en' }),
    watch,
  });
  await supervisor.load();
  return {
    parts: {
      bus,
      reader: store.reader,
      stats: () => store.stats(),
      control: supervisor,
      host: '127.0.0.1',
      port: 0,
      apiToken: null,
      version: 'bench',
    },
    close: async () => {
      await supervisor.close();
      watch.close();
      await store.close(1_000);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

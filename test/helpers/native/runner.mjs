import asyncHooks from 'node:async_hooks';
import { existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import './built.mjs';
import './threads.mjs';
import { withoutTypes } from './without-types.mjs';

// Prisma's query compiler is WebAssembly: each store of a test would have it optimised in the background, for a
// run that is over before that pays.
setFlagsFromString('--liftoff-only');
// The threads of all stores share its code as long as there is one who has it: without this, each store that is
// opened after the last one was closed compiles it again.
const compiler = new URL(
  '../../../dist/chunks/query_compiler_small_bg.sqlite.wasm',
  import.meta.url,
);
globalThis[Symbol.for('query compiler')] = new globalThis.WebAssembly.Module(
  readFileSync(compiler),
);

/** Made by Jest and by a test's helpers for each file. */
const storages = [];
const { AsyncLocalStorage } = asyncHooks;
// Defined, not assigned: Node 24.21 made it a getter.
Object.defineProperty(asyncHooks, 'AsyncLocalStorage', {
  value: class extends AsyncLocalStorage {
    constructor(...options) {
      super(...options);
      storages.push(this);
    }
  },
});
syncBuiltinESMExports();

const require = createRequire(import.meta.url);
const circus = require('jest-circus/runner').default;
let files = 0;

/**
 * Runs a test file as Jest does, but loads it by Node itself, not into a realm of its own: the program and
 * its packages are loaded once a worker instead of once a file, which was a third of the suite's processor
 * time. The modules of the tests are loaded for each file.
 */
export default async function run(globalConfig, config, environment, runtime, path, send) {
  runtime.requireInternalModule = (file) => {
    // Of a file's own, with an own list of tests and of listeners.
    delete require.cache[file];
    delete globalThis[Symbol.for('EVENT_HANDLERS')];
    return require(file);
  };
  runtime.unstable_shouldLoadAsEsm = () => true;
  runtime.unstable_importModule = (file) => {
    globalThis[Symbol.for('jest globals')] = runtime.requireModuleOrMock(file, '@jest/globals');
    return import(`${pathToFileURL(file).href}?file=${++files}`);
  };
  // Asked for with each frame of each stack that is read: Playwright reads one with each call.
  const maps = new Map();
  runtime.getSourceMaps().get = (url) => {
    if (!/\.ts\?file=\d+$/.test(url)) return undefined;
    let map = maps.get(url);
    if (map === undefined) {
      const file = fileURLToPath(url);
      const name = `${encodeURIComponent(file)}.${statSync(file).mtimeMs}.map`;
      map = join(config.cacheDirectory, name);
      if (!existsSync(map)) {
        // Another worker may read it meanwhile.
        const part = `${map}.${process.pid}`;
        writeFileSync(part, withoutTypes(file, true).map);
        renameSync(part, map);
      }
      maps.set(url, map);
    }
    return map;
  };
  try {
    return await circus(globalConfig, config, environment, runtime, path, send);
  } finally {
    // One that stays on is told of every promise of the files that follow.
    for (const storage of storages) storage.disable();
  }
}

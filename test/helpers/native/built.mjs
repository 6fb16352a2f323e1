import { register } from 'node:module';
import { isMainThread } from 'node:worker_threads';

/**
 * `node --import` of this runs the tests' TypeScript, on the program as it was built, in `dist`: its
 * threads and commands start without a compiler.
 */
if (isMainThread) register(new URL('hooks.mjs', import.meta.url));

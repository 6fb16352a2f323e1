import { setFlagsFromString } from 'node:v8';

// Prisma's query compiler is WebAssembly: each store of a test would have it optimised in the background, for a
// run that is over before that pays.
setFlagsFromString('--liftoff-only');

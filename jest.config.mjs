import { availableParallelism } from 'node:os';

// Workers inherit it: what tests of a run share ends with this process.
process.env.TEST_RUN_PID ??= String(process.pid);

/**
 * Tests straight from TypeScript, on the program as it runs: what `dist` holds. Node itself loads both, once a
 * worker what is not a test: test/helpers/native.
 */
export default {
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  testRunner: '<rootDir>/test/helpers/native/runner.mjs',
  testEnvironment: '<rootDir>/test/helpers/native/environment.mjs',
  transform: {},
  // Most suites wait for sockets and clocks: as many workers as there are cores would idle. More than
  // four on two cores starve each other: programs under test then stand still, as they say.
  maxWorkers: Math.max(4, availableParallelism()),
  testSequencer: '<rootDir>/test/helpers/longest-first.mjs',
  // For what hangs: waits have bounds of their own, and a busy machine takes its time.
  testTimeout: 120_000,
};

import { availableParallelism } from 'node:os';

// Workers inherit it: what tests of a run share ends with this process.
process.env.TEST_RUN_PID ??= String(process.pid);

/** ESM tests straight from TypeScript; swc only strips types, `npm run typecheck` checks them. */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    // The program as it runs: what `dist` holds, so that its threads and commands start without a compiler.
    '^(?:\\.{1,2}/)+src/(?!dashboard/)(.*\\.js)$': '<rootDir>/dist/$1',
    '^(\\.{1,2}/.*)\\.js$': ['$1.ts', '$1.tsx', '$1.js'],
  },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  // Most suites wait for sockets and clocks: as many workers as there are cores would idle. More than
  // four on two cores starve each other: programs under test then stand still, as they say.
  maxWorkers: Math.max(4, availableParallelism()),
  setupFiles: ['<rootDir>/test/helpers/light-wasm.mjs'],
  testSequencer: '<rootDir>/test/helpers/longest-first.mjs',
  testTimeout: 30_000,
};

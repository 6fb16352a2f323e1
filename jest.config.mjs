import { availableParallelism } from 'node:os';

/** ESM tests straight from TypeScript; swc only strips types, `npm run typecheck` checks them. */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
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
  // Most suites wait for sockets and clocks: one worker less than there are cores would idle.
  maxWorkers: Math.max(3, availableParallelism() - 1),
  testTimeout: 30_000,
};

import config from './jest.config.mjs';

/** The tests that take minutes: `npm run test:slow`. */
export default { ...config, testMatch: ['**/*.slow.ts'], testTimeout: 120_000 };

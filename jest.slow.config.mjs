import config from './jest.config.mjs';

/** The tests that take long, two at a time: `npm run test:slow`. */
export default { ...config, testMatch: ['**/*.slow.ts'], testTimeout: 300_000, maxWorkers: 2 };

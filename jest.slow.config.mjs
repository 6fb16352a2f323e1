import config from './jest.config.mjs';

/** The tests that take long, one after the other: `npm run test:slow`. */
export default { ...config, testMatch: ['**/*.slow.ts'], maxWorkers: 1 };

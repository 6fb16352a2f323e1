import config from './jest.config.mjs';

process.env.TEST_ENGINE = 'PostgreSQL';

/**
 * The tests of the store once more, on PostgreSQL: `npm run test:postgresql`. Not among them: what is about
 * the file of SQLite (backup, disk-watch, durability, locked, migrations, paths, query-plans, rows-ahead,
 * sqlite, taken-away, upgrades) or about no database (age-clock, book-batch, export-parquet, intake,
 * older-trades, row-pages, rpc, text-bytes). What is PostgreSQL's alone, engines and copy, is part of
 * `npm test`.
 */
const FILES = [
  'book-counts',
  'day-report',
  'endurance',
  'export',
  'export-shapes',
  'export-trades',
  'market-books',
  'reader',
  'redate',
  'retention',
  'series',
  'series-trades',
  'store',
  'trade-walks',
  'trades',
];

export default {
  ...config,
  testMatch: FILES.map((name) => `**/store/${name}.test.ts`),
};

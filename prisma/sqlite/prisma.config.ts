import { defineConfig } from 'prisma/config';

export default defineConfig({
  schema: 'schema.prisma',
  migrations: { path: 'migrations' },
  datasource: { url: `file:${process.env['DB_PATH'] ?? './data/orderbook.db'}` },
  experimental: { externalTables: true },
  // Made by hand in their migrations: see schema.prisma.
  tables: { external: ['book', 'trade_recent', 'trade_block', 'trade_span'] },
});

import { defineConfig } from 'prisma/config';

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: `file:${process.env['DB_PATH'] ?? './data/orderbook.db'}` },
  experimental: { externalTables: true },
  // Made by hand in their migrations: see prisma/schema.prisma.
  tables: { external: ['book', 'trade_recent', 'trade_block'] },
});

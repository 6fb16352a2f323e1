import { defineConfig } from 'prisma/config';

export default defineConfig({
  schema: 'schema.prisma',
  migrations: { path: 'migrations' },
  datasource: { url: process.env['DATABASE_URL'] ?? 'postgresql://localhost/orderbook' },
  experimental: { externalTables: true },
  // Made by hand in their migrations: see schema.prisma. Prisma knows no partitions.
  tables: {
    external: ['public.book', 'public.trade_recent', 'public.trade_block', 'public.trade_span'],
  },
});

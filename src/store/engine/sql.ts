/** Builds SQL fragments with parameters, which either engine renders in its own way. */
export { type Sql, join as joined, raw, sqltag as sql } from '@prisma/client/runtime/client';

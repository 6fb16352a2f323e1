/** Makes pieces of SQL with their parameters, which either engine writes in its own way. */
export { type Sql, join as joined, raw, sqltag as sql } from '@prisma/client/runtime/client';

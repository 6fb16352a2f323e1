import { type GraphQLSchema, lexicographicSortSchema, printSchema } from 'graphql';
import { builder } from './builder.js';
// Each of these registers its types and fields with the builder.
import './scalars.js';
import './collector.js';
import './wishes.js';
import './exchange.js';
import './orderbook.js';
import './live-orderbook.js';
import './consolidated.js';
import './quote.js';
import './premium.js';
import './orderbook-row.js';
import './gap.js';
import './coverage.js';
import './log.js';
import './log-live.js';
import './recorder.js';
import './collector-activity.js';
import './book-counts.js';
import './price-history.js';
import './series.js';
import './trade.js';
import './past-books.js';
import './report.js';
import './recording-strip.js';

builder.queryType({ description: 'Available queries.' });
builder.mutationType({
  description: 'Available mutations. When `API_TOKEN` is set, all of them require it.',
});
builder.subscriptionType({
  description:
    'Live data over SSE or WebSocket (graphql-transport-ws). Fields marked as shared depend only on their arguments: equal subscriptions (document, operation, variables) are executed once for all their subscribers.',
});

/** The whole schema. It holds no server state: that comes with the context. */
export const schema: GraphQLSchema = builder.toSchema();

/** The schema as SDL in a stable order: the contents of `schema.graphql`. */
export function schemaText(): string {
  return `${printSchema(lexicographicSortSchema(schema))}\n`;
}

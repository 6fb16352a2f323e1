import { type GraphQLSchema, lexicographicSortSchema, printSchema } from 'graphql';
import { builder } from './builder.js';
// Each of these adds its types and fields to the builder.
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

builder.queryType({ description: 'What can be asked.' });
builder.mutationType({
  description: 'What can be changed. When `API_TOKEN` is set, all of it needs that token.',
});
builder.subscriptionType({
  description:
    'What can be followed live, over SSE or over WebSocket (graphql-transport-ws). Fields marked as shared depend on nothing but their arguments: equal subscriptions (document, operation, variables) are executed once for all their readers.',
});

/** The whole schema. Holds nothing of a server: that comes with the context. */
export const schema: GraphQLSchema = builder.toSchema();

/** The schema as SDL in a stable order: the text of `schema.graphql`. */
export function schemaText(): string {
  return `${printSchema(lexicographicSortSchema(schema))}\n`;
}

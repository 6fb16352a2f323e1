/** Writes `schema.graphql` to the working directory; run it after changing the schema. */
import { writeFileSync } from 'node:fs';
import { schemaText } from './schema/index.js';

writeFileSync('schema.graphql', schemaText());

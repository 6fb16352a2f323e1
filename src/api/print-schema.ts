/** Writes `schema.graphql` into the working directory; run after a change of the schema. */
import { writeFileSync } from 'node:fs';
import { schemaText } from './schema/index.js';

writeFileSync('schema.graphql', schemaText());

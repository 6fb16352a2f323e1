import type { TypedDocumentString } from '../gql/graphql.js';
import { withDefaults } from '../text/graphql-text.js';
import { t } from '../text/texts.js';

/** Leads to GraphiQL with the operation of what is shown, to go on from there. */
export function GraphiqlLink<V extends Readonly<Record<string, unknown>>>(props: {
  readonly document: TypedDocumentString<unknown, V>;
  readonly variables: V;
}) {
  const query = withDefaults(props.document.toString().trim(), props.variables);
  return (
    <a
      class="button"
      href={`/graphql?${new URLSearchParams({ query }).toString()}`}
      title={t.value.common.graphiqlHint}
    >
      GraphiQL
    </a>
  );
}

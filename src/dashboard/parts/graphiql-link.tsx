import type { TypedDocumentString } from '../gql/graphql.js';
import { withDefaults } from '../text/graphql-text.js';
import { t } from '../text/texts.js';

/** Opens GraphiQL with the operation behind the view, for further work. */
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

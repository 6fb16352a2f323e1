import SchemaBuilder from '@pothos/core';
import RelayPlugin from '@pothos/plugin-relay';
import type { ApiContext } from '../context.js';

/** TypeScript side of the schema. Times are Unix ms on our side of the scalar. */
interface SchemaShape {
  Context: ApiContext;
  DefaultFieldNullability: false;
  DefaultInputFieldRequiredness: false;
  DefaultEdgesNullability: false;
  DefaultNodeNullability: false;
  Scalars: {
    DateTime: { Input: number; Output: number };
    Decimal: { Input: string; Output: string };
    BigInt: { Input: number; Output: number };
  };
}

/** The one builder that all type files add to. Fields are non-null unless they say otherwise. */
export const builder = new SchemaBuilder<SchemaShape>({
  plugins: [RelayPlugin],
  defaultFieldNullability: false,
  relay: {
    nodeQueryOptions: false,
    nodesQueryOptions: false,
    edgesFieldOptions: {
      nullable: false,
      description: 'The items of this page with their cursors.',
    },
    nodeFieldOptions: { nullable: false, description: 'The item itself.' },
    cursorFieldOptions: {
      description: 'Opaque place of the item; give it as `after` to go on behind it.',
    },
    pageInfoFieldOptions: { description: 'Where this page stands.' },
    pageInfoTypeOptions: { description: 'Where a page stands among all items.' },
    hasNextPageFieldOptions: { description: 'Whether more items follow this page.' },
    hasPreviousPageFieldOptions: {
      description: 'Whether items come before this page: true whenever `after` was given.',
    },
    startCursorFieldOptions: { description: 'Cursor of the first item; null on an empty page.' },
    endCursorFieldOptions: {
      description: 'Cursor of the last item: the `after` of the next page; null on an empty page.',
    },
  },
});

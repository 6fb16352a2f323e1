import SchemaBuilder from '@pothos/core';
import RelayPlugin from '@pothos/plugin-relay';
import type { ApiContext } from '../context.js';

/** The TypeScript side of the schema. Times are Unix ms on our side of the scalar. */
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

/** The one builder that all type files add to. Fields are non-null unless declared otherwise. */
export const builder = new SchemaBuilder<SchemaShape>({
  plugins: [RelayPlugin],
  defaultFieldNullability: false,
  relay: {
    nodeQueryOptions: false,
    nodesQueryOptions: false,
    edgesFieldOptions: {
      nullable: false,
      description: 'The items of this page, each with its cursor.',
    },
    nodeFieldOptions: { nullable: false, description: 'The item.' },
    cursorFieldOptions: {
      description: 'Opaque position of the item; pass it as `after` to continue from here.',
    },
    pageInfoFieldOptions: { description: 'Position of this page.' },
    pageInfoTypeOptions: { description: 'Position of a page among all items.' },
    hasNextPageFieldOptions: { description: 'Whether more items follow this page.' },
    hasPreviousPageFieldOptions: {
      description: 'Whether items precede this page: true whenever `after` was given.',
    },
    startCursorFieldOptions: { description: 'Cursor of the first item; null on an empty page.' },
    endCursorFieldOptions: {
      description: 'Cursor of the last item: the `after` of the next page; null on an empty page.',
    },
  },
});

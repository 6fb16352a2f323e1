/** A column's name; with `number`, of a numeric column. */
type Column = string | { readonly number: string };

/** The head of a table. */
export function TableHead({ columns }: { readonly columns: readonly Column[] }) {
  return (
    <thead>
      <tr>
        {columns.map((column) => {
          const text = typeof column === 'string';
          const name = text ? column : column.number;
          return (
            <th key={name} scope="col" class={text ? undefined : 'number'}>
              {name}
            </th>
          );
        })}
      </tr>
    </thead>
  );
}

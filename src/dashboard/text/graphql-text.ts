/** Types whose values are written as JSON; others are enums, whose values are written as is. */
const SCALARS = /^(?:String|Decimal|DateTime|BigInt|Int|Float|Boolean)!?$/;

/**
 * An operation with values as defaults of its variables, so that it runs as it is: GraphiQL accepts
 * a query in its address, but no variables.
 */
export function withDefaults(document: string, values: Readonly<Record<string, unknown>>): string {
  return document.replace(
    /\$(\w+): ([\w!]+)(?=[,)])/g,
    (definition: string, name: string, type: string) => {
      const value = values[name];
      if (value === undefined || value === null) return definition;
      const json = JSON.stringify(value);
      const text = SCALARS.test(type) ? json : json.replaceAll('"', '');
      return `${definition} = ${text}`;
    },
  );
}

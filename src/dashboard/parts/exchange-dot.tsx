import { colourName } from '../data/exchanges.js';
import type { Exchange } from '../gql/graphql.js';

/** A dot in an exchange's colour, before its name. */
export function ExchangeDot({ exchange }: { readonly exchange: Exchange }) {
  return (
    <span class="dot" aria-hidden="true" style={{ background: `var(--${colourName(exchange)})` }} />
  );
}

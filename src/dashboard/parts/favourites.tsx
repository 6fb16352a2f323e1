import { useEffect, useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import { follow } from '../data/connection.js';
import { exchangeOrder } from '../data/exchanges.js';
import { active, keyOf, markets } from '../data/markets.js';
import { withNextFrame } from '../data/paint.js';
import { readPair } from '../data/pair.js';
import { favourites, toggled } from '../data/preferences.js';
import { PricesDocument } from '../gql/graphql.js';
import { grouped } from '../text/format.js';
import { t } from '../text/texts.js';
import { TableHead } from './table-head.js';

/** Adds a pair to the favourites, or removes it. */
export function FavouriteButton({ pair }: { readonly pair: string }) {
  const { favourites: words } = t.value;
  const on = favourites.value.includes(pair);
  return (
    <button
      type="button"
      class="star"
      aria-pressed={on}
      title={on ? words.remove : words.add}
      aria-label={words.one}
      onClick={() => (favourites.value = toggled(favourites.value, pair))}
    >
      <span aria-hidden="true">{on ? '★' : '☆'}</span>
    </button>
  );
}

/** The favourites with their mid prices on each exchange, live; nothing when there are none. */
export function Favourites() {
  const [prices, setPrices] = useState<ReadonlyMap<string, string | null>>(new Map());
  const names = favourites.value;
  const ready = active.value;
  const order = exchangeOrder.value;
  useEffect(() => {
    const ids = names.flatMap((name) => {
      const pair = readPair(name);
      if (pair === null) return [];
      return order
        .map((exchange) => ({ exchange, ...pair }))
        .filter((id) => markets.get(keyOf(id))?.state != null);
    });
    if (!ready || ids.length === 0) return;
    const newest = new Map<string, string | null>();
    const show = (): void => setPrices(new Map(newest));
    return follow(PricesDocument, { markets: ids, every: 1000 }, ({ orderbooks }) => {
      newest.set(keyOf(orderbooks), orderbooks.midPrice ?? null);
      withNextFrame(show);
    });
  }, [names, order, ready]);
  if (names.length === 0) return null;
  const { favourites: words, common, exchange: exchangeNames } = t.value;
  return (
    <section class="panel" aria-labelledby="favourites-heading">
      <div class="panel-head">
        <h2 id="favourites-heading">{words.heading}</h2>
      </div>
      <div class="scroll free" tabIndex={0} role="group" aria-labelledby="favourites-heading">
        <table class="list favourites">
          <TableHead
            columns={[
              common.market,
              ...order.map((exchange) => ({ number: exchangeNames[exchange] })),
            ]}
          />
          <tbody>
            {names.map((name) => (
              <tr key={name}>
                <th scope="row">
                  <Link href={`/market/${name}`}>{name}</Link>
                </th>
                {order.map((exchange) => (
                  <td key={exchange} class="number">
                    {grouped(prices.get(`${exchange}:${name}`))}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

import { useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import { choiceInAddress, inAddress, putInAddress } from '../data/address.js';
import { exchangeOrder, firstExchange } from '../data/exchanges.js';
import { isFound, markets, marketsVersion } from '../data/markets.js';
import { fee } from '../data/preferences.js';
import { type PremiumRow, usePremiums } from '../data/premium.js';
import type { Exchange } from '../gql/graphql.js';
import { FeeField } from '../parts/fee-field.js';
import { Filters, SearchField, SelectField } from '../parts/fields.js';
import { useTitle } from '../parts/title.js';
import { percentAbove, rounded, signed } from '../text/decimals.js';
import { count, grouped, NONE } from '../text/format.js';
import { sourceName } from '../text/source.js';
import { problemText } from '../text/problems.js';
import { t } from '../text/texts.js';

/** Rows drawn initially: the widest come first. */
const FIRST_ROWS = 60;

/** All price sources of some pairs, exchanges first, in display order. */
function sourcesOf(rows: readonly PremiumRow[]): string[] {
  const found = new Set<string>(exchangeOrder.value);
  for (const { prices } of rows) for (const { source } of prices) found.add(source);
  return [...found];
}

/**
 * The reference price of a row: the selected exchange's, otherwise that of the first that has one;
 * and how far each is above it, in percent.
 */
function compared(row: PremiumRow, against: Exchange, sources: readonly string[]) {
  const prices = new Map(row.prices.map((price) => [price.source, price]));
  const from = [against, ...sources].find(
    (source) => prices.get(source)?.midPrice != null && !prices.get(source)!.stale,
  );
  if (from === undefined) return null;
  const base = prices.get(from)!.midPrice!;
  const percents = sources.map((source) => {
    const price = prices.get(source);
    if (price?.midPrice == null) return null;
    return { percent: percentAbove(price.midPrice, base), stale: price.stale };
  });
  return { from, base, percents };
}

function Row(props: {
  readonly row: PremiumRow;
  readonly against: Exchange;
  readonly sources: readonly string[];
}) {
  const { row, against, sources } = props;
  const { premium: words } = t.value;
  const { crossing } = row;
  const pair = `${row.symbol}-${row.currency}`;
  const prices = compared(row, against, sources);
  return (
    <tr>
      <th scope="row">
        <Link href={`/premium/${pair}`}>{pair}</Link>
      </th>
      <td class="number">
        <b>{row.widestPercent == null ? NONE : rounded(row.widestPercent, 3)}</b>
      </td>
      <td>
        {crossing == null ? (
          <span class="muted">{NONE}</span>
        ) : (
          <>
            <span class="unseen">{words.buyAt} </span>
            {sourceName(crossing.buyAt)} <span aria-hidden="true">→ </span>
            <span class="unseen">{words.sellAt} </span>
            {sourceName(crossing.sellAt)}
          </>
        )}
      </td>
      <td
        class={`number ${crossing == null ? 'muted' : crossing.left.perUnit.startsWith('-') ? 'problem' : 'good'}`}
      >
        {crossing == null ? (
          NONE
        ) : (
          <>
            <b>{signed(crossing.left.percent, 3)}%</b> {signed(crossing.left.bp, 1)} bp
          </>
        )}
      </td>
      <td class="number">
        {prices !== null && prices.from !== against && (
          <span class="muted">{sourceName(prices.from)} </span>
        )}
        {grouped(prices?.base)}
      </td>
      {sources.map((source, i) => {
        const found = prices?.percents[i];
        return (
          <td key={source} class={`number ${found?.stale === true ? 'muted' : ''}`}>
            {source === prices?.from ? (
              <span class="muted">{words.base}</span>
            ) : (
              signed(found?.percent, 3)
            )}
          </td>
        );
      })}
    </tr>
  );
}

/** All pairs on two or more exchanges, largest price spread first. */
export function PremiumsView() {
  void marketsVersion.value;
  const [against, setAgainst] = useState(
    choiceInAddress('against', exchangeOrder.value, firstExchange()),
  );
  const [currency, setCurrency] = useState(inAddress('currency')?.toUpperCase() ?? 'KRW');
  const [search, setSearch] = useState(inAddress('search') ?? '');
  const [most, setMost] = useState(FIRST_ROWS);
  const { premium: words, common, table } = t.value;
  const { rows, problem } = usePremiums(currency, against, fee.value);
  useTitle(words.heading);
  const currencies = [
    ...new Set([currency, 'KRW', ...[...markets.values()].map((row) => row.currency)]),
  ].sort();
  const wanted = search.trim().toUpperCase();
  const found = (rows ?? []).filter((row) => wanted === '' || isFound(row, wanted));
  const sources = sourcesOf(rows ?? []);
  return (
    <>
      <div class="view-head">
        <h1>{words.heading}</h1>
      </div>
      <section class="panel" aria-labelledby="premiums-heading">
        <div class="panel-head">
          <h2 id="premiums-heading">{words.list}</h2>
          <span class="muted" role="status">
            {rows !== null && table.shown(count(found.length), count(rows.length))}
          </span>
        </div>
        <p class="muted hint">{words.listHint}</p>
        <Filters>
          <SearchField
            label={table.search}
            hint={table.searchHint}
            value={search}
            onText={(text) => {
              setSearch(text);
              putInAddress({ search: text.trim() });
            }}
            grow
          />
          <SelectField
            label={words.against}
            value={against}
            choices={exchangeOrder.value.map((each) => [each, sourceName(each)])}
            onChoice={(each) => {
              setAgainst(each);
              putInAddress({ against: each === firstExchange() ? null : each });
            }}
          />
          <SelectField
            label={table.currency}
            value={currency}
            choices={currencies.map((each) => [each, each])}
            onChoice={(each) => {
              setCurrency(each);
              putInAddress({ currency: each === 'KRW' ? null : each });
            }}
          />
          <FeeField />
        </Filters>
        {rows === null ? (
          <p class="empty">{problem === null ? common.loading : problemText(problem)}</p>
        ) : found.length === 0 ? (
          <p class="empty">{rows.length === 0 ? words.none : table.none}</p>
        ) : (
          <div class="scroll free" tabIndex={0} role="group" aria-labelledby="premiums-heading">
            <table class="list premiums">
              <thead>
                <tr>
                  <th scope="col">{common.market}</th>
                  <th scope="col" class="number" aria-sort="descending">
                    {words.widest} %
                  </th>
                  <th scope="col">{words.way}</th>
                  <th scope="col" class="number">
                    {words.left}
                  </th>
                  <th scope="col" class="number">
                    {words.priceOf(sourceName(against))}
                  </th>
                  {sources.map((source) => (
                    <th key={source} scope="col" class="number">
                      {sourceName(source)} %
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {found.slice(0, most).map((row) => (
                  <Row key={row.symbol} row={row} against={against} sources={sources} />
                ))}
              </tbody>
            </table>
          </div>
        )}
        {found.length > most && (
          <p class="buttons">
            <button type="button" onClick={() => setMost(most + 10 * FIRST_ROWS)}>
              {words.more}
            </button>
          </p>
        )}
      </section>
    </>
  );
}

import { useState } from 'preact/hooks';
import { compareDecimal } from '../../market/decimal.js';
import { exchangeOrder } from '../data/exchanges.js';
import type { Pair } from '../data/pair.js';
import { decimalFromPerson } from '../data/preferences.js';
import { type Fill, type Quote, useQuote } from '../data/quote.js';
import { QuoteDocument, type TradeSide } from '../gql/graphql.js';
import { rounded } from '../text/decimals.js';
import { grouped, NONE } from '../text/format.js';
import { problemText } from '../text/problems.js';
import { t } from '../text/texts.js';
import { GraphiqlLink } from './graphiql-link.js';
import { TableHead } from './table-head.js';

/** Decimals of an average price; the exact quotient is cost divided by amount. */
const AVERAGE_DECIMALS = 8;

/** An average without meaningless digits. */
function average({ average: exact }: Fill): string {
  return exact == null ? NONE : grouped(rounded(exact, AVERAGE_DECIMALS).replace(/\.?0+$/, ''));
}

/** Of the exchanges with the whole amount, the cheapest, or the most profitable. */
function bestOf(quote: Quote, side: TradeSide): string | null {
  let best: Quote['legs'][number] | null = null;
  for (const leg of quote.legs) {
    if (leg.stale || !leg.fill.complete) continue;
    const order = best === null ? -1 : compareDecimal(leg.fill.cost, best.fill.cost);
    if (best === null || (side === 'BUY' ? order < 0 : order > 0)) best = leg;
  }
  return best?.exchange ?? null;
}

function FillCells({ fill, symbol }: { readonly fill: Fill; readonly symbol: string }) {
  const { quote: words } = t.value;
  return (
    <>
      <td class="number">{average(fill)}</td>
      <td class="number">{grouped(fill.worst)}</td>
      <td class="number">{grouped(fill.cost)}</td>
      <td class="number">{fill.levels}</td>
      <td>
        {fill.complete ? (
          words.whole
        ) : (
          <span class="trouble">{words.only(`${grouped(fill.filled)} ${symbol}`)}</span>
        )}
      </td>
    </>
  );
}

/** The current cost of an amount on each exchange, and across all. */
export function QuotePanel({ pair }: { readonly pair: Pair }) {
  const [text, setText] = useState('1');
  const [side, setSide] = useState<TradeSide>('BUY');
  const read = decimalFromPerson(text);
  const amount = read === null || read === '0' ? null : read;
  const { quote, problem } = useQuote(pair, side, amount);
  const { quote: words, common, exchange: names } = t.value;
  const best = quote === null ? null : bestOf(quote, side);
  const order = exchangeOrder.value;
  const legs = [...(quote?.legs ?? [])].sort(
    (a, b) => order.indexOf(a.exchange) - order.indexOf(b.exchange),
  );
  return (
    <section class="panel" aria-labelledby="quote-heading">
      <div class="panel-head">
        <h2 id="quote-heading">{words.heading}</h2>
        <label class="field beside">
          <span>{words.amount(pair.symbol)}</span>
          <input
            type="text"
            inputMode="decimal"
            autocomplete="off"
            value={text}
            aria-invalid={amount === null}
            aria-describedby={amount === null ? 'amount-wrong' : undefined}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
        <div class="segments" role="group" aria-label={words.side}>
          {(['BUY', 'SELL'] as const).map((each) => (
            <button
              key={each}
              type="button"
              aria-pressed={side === each}
              onClick={() => setSide(each)}
            >
              {words.sides[each]}
            </button>
          ))}
        </div>
        <GraphiqlLink
          document={QuoteDocument}
          variables={{ ...pair, side, amount: amount ?? '1' }}
        />
      </div>
      {amount === null ? (
        <p id="amount-wrong" class="empty problem" role="alert">
          {words.amountWrong}
        </p>
      ) : quote === null ? (
        <p class="empty">{problem === null ? common.loading : problemText(problem)}</p>
      ) : (
        <div class="scroll free" tabIndex={0} role="group" aria-labelledby="quote-heading">
          <table class="list quote">
            <TableHead
              columns={[
                common.exchange,
                { number: words.average },
                { number: words.worst },
                { number: `${words.costs[side]} (${pair.currency})` },
                { number: words.levels },
                words.filled,
              ]}
            />
            <tbody>
              {legs.map((leg) => (
                <tr key={leg.exchange} class={leg.stale ? 'old' : undefined}>
                  <th scope="row">
                    {names[leg.exchange]}{' '}
                    {leg.exchange === best && <b class="good">{words.best}</b>}
                    {leg.stale && <span class="trouble">{t.value.state.STALE}</span>}
                  </th>
                  <FillCells fill={leg.fill} symbol={pair.symbol} />
                </tr>
              ))}
              <tr class="base">
                <th scope="row">{words.all}</th>
                <FillCells fill={quote.total} symbol={pair.symbol} />
              </tr>
            </tbody>
          </table>
        </div>
      )}
      <p class="muted hint">{words.noFees}</p>
    </section>
  );
}

import { useState } from 'preact/hooks';
import { Link, useLocation } from 'wouter-preact';
import { choiceInAddress, putInAddress } from '../data/address.js';
import { exchangeOrder, firstExchange } from '../data/exchanges.js';
import { active, marketsVersion } from '../data/markets.js';
import { serverNow } from '../data/paint.js';
import { isUnknown, type Pair, readPair } from '../data/pair.js';
import { fee } from '../data/preferences.js';
import { type Premium, usePremium, usePremiumCourse } from '../data/premium.js';
import { CrossingNote } from '../parts/crossing-note.js';
import { ExchangeDot } from '../parts/exchange-dot.js';
import { ExchangeLines } from '../parts/exchange-lines.js';
import { FeeField } from '../parts/fee-field.js';
import { SelectField } from '../parts/fields.js';
import { MarketPicker } from '../parts/market-picker.js';
import { axis } from '../parts/plot.js';
import { StateBadge } from '../parts/state-badge.js';
import { useTitle } from '../parts/title.js';
import { UnknownMarket } from '../parts/unknown-market.js';
import { rounded, signed, withSign } from '../text/decimals.js';
import { age, grouped, NONE } from '../text/format.js';
import { sourceName } from '../text/source.js';
import { problemText } from '../text/problems.js';
import { t } from '../text/texts.js';
import { TableHead } from '../parts/table-head.js';

/** Windows of the chart, ms. */
const WINDOWS = { '15m': 15 * 60_000, '1h': 3_600_000, '6h': 21_600_000, '24h': 86_400_000 };
type WindowName = keyof typeof WINDOWS;
const WINDOW_NAMES = Object.keys(WINDOWS) as WindowName[];

/** Prices of a pair compared with one exchange's, now and over time. */
export function PremiumView(props: { readonly pair: string }) {
  void marketsVersion.value;
  const pair = readPair(props.pair);
  if (pair === null || isUnknown(pair)) {
    return <UnknownMarket pair={props.pair} addressOf={(close) => `/premium/${close}`} />;
  }
  return <PairPremium pair={pair} />;
}

function percentAxis() {
  return axis({
    size: (_plot, values) => 18 + 6.4 * Math.max(3, ...(values ?? []).map((v) => v.length)),
    values: (_plot, splits) =>
      splits.map((split) => `${split.toLocaleString('en-US', { maximumFractionDigits: 3 })}%`),
  });
}

function Prices({ premium }: { readonly premium: Premium }) {
  const { premium: words, common, table } = t.value;
  const place = new Map<string, number>(exchangeOrder.value.map((exchange, i) => [exchange, i]));
  const prices = [...premium.prices].sort(
    (a, b) => (place.get(a.source) ?? Infinity) - (place.get(b.source) ?? Infinity),
  );
  return (
    <div class="scroll free" tabIndex={0} role="group" aria-labelledby="premium-heading">
      <table class="list premium-prices">
        <TableHead
          columns={[
            common.exchange,
            { number: common.mid },
            { number: '%' },
            { number: 'bp' },
            { number: words.difference },
            table.state,
            { number: common.age },
          ]}
        />
        <tbody>
          {prices.map((price) => {
            const base = price.exchange === premium.against;
            return (
              <tr key={price.source} class={price.stale ? 'old' : base ? 'base' : undefined}>
                <th scope="row">
                  {price.exchange != null && <ExchangeDot exchange={price.exchange} />}
                  {sourceName(price.source)}
                </th>
                <td class="number">{grouped(price.midPrice)}</td>
                {base ? (
                  <td class="number muted" colSpan={3}>
                    {words.base}
                  </td>
                ) : (
                  <>
                    <td class="number">
                      <b>{signed(price.percent, 3)}</b>
                    </td>
                    <td class="number">{signed(price.bp, 1)}</td>
                    <td class="number">{withSign(price.difference)}</td>
                  </>
                )}
                <td>
                  <StateBadge state={price.state ?? null} />
                </td>
                <td class="number">{price.ageMs == null ? NONE : age(Number(price.ageMs))}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function PairPremium({ pair }: { readonly pair: Pair }) {
  const [, go] = useLocation();
  const name = `${pair.symbol}-${pair.currency}`;
  const [against, setAgainst] = useState(
    choiceInAddress('against', exchangeOrder.value, firstExchange()),
  );
  const [window, setWindow] = useState(choiceInAddress('window', WINDOW_NAMES, '15m'));
  const { premium: words, history, nav } = t.value;
  const { premium, problem } = usePremium(pair, against, fee.value);
  const course = usePremiumCourse(pair, against, WINDOWS[window], premium, active.value);
  useTitle(`${words.heading} ${name}`);
  if (problem?.code === 'UNKNOWN_MARKET') {
    return <UnknownMarket pair={name} addressOf={(close) => `/premium/${close}`} />;
  }
  const shown = premium?.against === against ? premium : null;
  return (
    <>
      <div class="view-head">
        <h1>
          {name} <small>{words.heading}</small>
        </h1>
        <SelectField
          label={words.against}
          value={against}
          choices={exchangeOrder.value.map((each) => [each, words.againstOne(sourceName(each))])}
          onChoice={(each) => {
            setAgainst(each);
            putInAddress({ against: each === firstExchange() ? null : each });
          }}
          plain
        />
        <MarketPicker value={name} onPick={(picked) => go(`/premium/${picked}`)} />
        <Link class="button" href="/premium">
          {words.all}
        </Link>
        <Link class="button" href={`/market/${name}`}>
          {nav.market}
        </Link>
      </div>
      <section class="panel" aria-labelledby="premium-heading">
        <div class="panel-head">
          <h2 id="premium-heading">{words.now}</h2>
          <p class="muted">
            {words.widest}{' '}
            <b>{shown?.widestPercent == null ? NONE : `${rounded(shown.widestPercent, 3)}%`}</b>
          </p>
        </div>
        {shown === null ? (
          <p class="empty">{problem === null ? t.value.common.loading : problemText(problem)}</p>
        ) : (
          <Prices premium={shown} />
        )}
      </section>
      <section class="panel" aria-labelledby="crossing-heading">
        <div class="panel-head">
          <h2 id="crossing-heading">{words.crossing}</h2>
          <FeeField />
        </div>
        {shown?.crossing == null ? (
          <p class="empty">{shown === null ? t.value.common.loading : words.noCrossing}</p>
        ) : (
          <CrossingNote crossing={shown.crossing} symbol={pair.symbol} currency={pair.currency} />
        )}
      </section>
      <div class="panel-head bare">
        <div class="segments" role="group" aria-label={history.window}>
          {WINDOW_NAMES.map((each) => (
            <button
              key={each}
              type="button"
              aria-pressed={window === each}
              onClick={() => {
                setWindow(each);
                putInAddress({ window: each === '15m' ? null : each });
              }}
            >
              {history.windows[each]}
            </button>
          ))}
        </div>
      </div>
      <ExchangeLines
        heading={words.course(sourceName(against))}
        label={`${name}: ${words.course(sourceName(against))}`}
        times={course?.times ?? []}
        lines={[...(course?.values ?? [])].map(([exchange, values]) => ({
          exchange,
          values,
          textAt: (i) => (values[i] == null ? null : `${values[i].toFixed(3)}%`),
        }))}
        range={() => [(serverNow() - WINDOWS[window]) / 1000, serverNow() / 1000]}
        valueAxis={percentAxis}
      />
    </>
  );
}

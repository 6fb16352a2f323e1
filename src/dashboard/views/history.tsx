import { useEffect, useState } from 'preact/hooks';
import { Link, useLocation } from 'wouter-preact';
import { stopsOf, useBookAt, useHistory } from '../data/history.js';
import { useBookSteps } from '../data/book-steps.js';
import {
  lengthOf,
  readPlace,
  type WindowName,
  WINDOWS,
  withWindow,
  writePlace,
} from '../data/history-place.js';
import { useKey } from '../data/keys.js';
import { useMeasures } from '../data/measures.js';
import { GraphiqlLink } from '../parts/graphiql-link.js';
import { HistoryMeasures } from '../parts/history-measures.js';
import { WindowForm } from '../parts/window-form.js';
import { exchangeOrder, firstExchange } from '../data/exchanges.js';
import { marketsVersion } from '../data/markets.js';
import { serverNow } from '../data/paint.js';
import { isUnknown, type Pair, readPair } from '../data/pair.js';
import { BookAtDocument, type Exchange } from '../gql/graphql.js';
import { BookThen } from '../parts/book-then.js';
import { ExportLinks } from '../parts/export-links.js';
import { SelectField } from '../parts/fields.js';
import { HistoryChart } from '../parts/history-chart.js';
import { HistoryGaps } from '../parts/history-gaps.js';
import { MarketPicker } from '../parts/market-picker.js';
import { TimeSlider } from '../parts/time-slider.js';
import { useTitle } from '../parts/title.js';
import { UnknownMarket } from '../parts/unknown-market.js';
import { count, percent } from '../text/format.js';
import { problemText } from '../text/problems.js';
import { t } from '../text/texts.js';

/** What was recorded for one market, over time. */
export function HistoryView(props: { readonly exchange: string; readonly pair: string }) {
  void marketsVersion.value;
  const pair = readPair(props.pair);
  const exchange = exchangeOrder.value.find((each) => each === props.exchange.toUpperCase());
  if (pair === null || exchange === undefined || isUnknown(pair)) {
    const name = exchange === undefined ? `${props.exchange}:${props.pair}` : props.pair;
    return (
      <UnknownMarket
        pair={pair === null ? name : props.pair}
        addressOf={(close) => `/history/${exchange ?? firstExchange()}/${close}`}
      />
    );
  }
  return <MarketHistory exchange={exchange} pair={pair} />;
}

function MarketHistory({ exchange, pair }: { readonly exchange: Exchange; readonly pair: Pair }) {
  const [, go] = useLocation();
  const [place, setPlace] = useState(readPlace);
  const [asked, askAgain] = useState(0);
  const market = { exchange, ...pair };
  const { history: words, common, exchange: names, nav } = t.value;
  const name = `${pair.symbol}-${pair.currency}`;
  const length = lengthOf(place);
  useTitle(`${words.heading} ${names[exchange]} ${name}`);
  useEffect(() => writePlace(place), [place]);

  const { loaded, problem } = useHistory(market, length, place.to, asked);
  const at = Math.round(
    Math.min(Math.max(place.at ?? Infinity, loaded?.from ?? 0), loaded?.to ?? serverNow()),
  );
  const measures = useMeasures(market, loaded);
  const steps = useBookSteps(market, (time) =>
    setPlace((old) => {
      const inside = loaded !== null && time >= loaded.from && time <= loaded.to;
      const half = length / 2;
      return { ...(inside ? old : withWindow(old, time - half, time + half)), at: time };
    }),
  );
  const stored = useBookAt(market, at, loaded !== null);
  const book = steps.bookAt(at) ?? stored;

  const move = (by: number): void => {
    const to = Math.min((place.to ?? serverNow()) + by, serverNow());
    if (place.from !== null) setPlace((old) => ({ ...withWindow(old, to - length, to), at: null }));
    else setPlace((old) => ({ ...old, to: to >= serverNow() ? null : to, at: null }));
  };
  const show = (from: number, to: number): void => setPlace((old) => withWindow(old, from, to));
  /** Makes the window shorter or longer around the displayed moment. */
  const zoom = (factor: number): void => {
    const end = loaded?.to ?? serverNow();
    const half = (length * factor) / 2;
    const middle = factor < 1 ? at : end - length / 2;
    const to = Math.min(middle + half, serverNow());
    setPlace((old) => withWindow(old, to - 2 * half, to));
  };
  useKey('[', () => move(-length));
  useKey(']', () => move(length));
  useKey('+', () => zoom(1 / 2));
  useKey('-', () => zoom(2));
  if (problem?.code === 'UNKNOWN_MARKET') {
    return <UnknownMarket pair={name} addressOf={(close) => `/history/${exchange}/${close}`} />;
  }
  const pick = (time: number): void => setPlace((old) => ({ ...old, at: Math.round(time) }));
  const gaps = loaded?.gaps ?? [];
  return (
    <>
      <div class="view-head">
        <h1>
          {names[exchange]} {name} <small>{words.heading}</small>
        </h1>
        <SelectField
          label={common.exchange}
          value={exchange}
          choices={exchangeOrder.value.map((each) => [each, names[each]])}
          onChoice={(each) => go(`/history/${each}/${name}`)}
          plain
        />
        <MarketPicker value={name} onPick={(picked) => go(`/history/${exchange}/${picked}`)} />
        <Link class="button" href={`/market/${name}`}>
          {nav.market}
        </Link>
        <GraphiqlLink
          document={BookAtDocument}
          variables={{ ...market, at: new Date(at).toISOString() }}
        />
      </div>
      <section class="panel timeline" aria-label={words.heading}>
        <div class="panel-head">
          <div class="segments" role="group" aria-label={words.window}>
            {(Object.keys(WINDOWS) as WindowName[]).map((each) => (
              <button
                key={each}
                type="button"
                aria-pressed={place.from === null && place.window === each}
                onClick={() => setPlace((old) => ({ ...old, window: each, from: null }))}
              >
                {words.windows[each]}
              </button>
            ))}
          </div>
          <div class="segments">
            <button type="button" onClick={() => move(-length)}>
              <span aria-hidden="true">← </span>
              {words.older}
            </button>
            <button type="button" disabled={place.to === null} onClick={() => move(length)}>
              {words.newer}
              <span aria-hidden="true"> →</span>
            </button>
            <button
              type="button"
              onClick={() => {
                setPlace((old) => ({ ...old, from: null, to: null, at: null }));
                askAgain((n) => n + 1);
              }}
            >
              {place.to === null ? words.refresh : words.now}
            </button>
          </div>
          <div class="segments" role="group" aria-label={words.zoom}>
            <button type="button" aria-label={words.zoomIn} onClick={() => zoom(1 / 2)}>
              +
            </button>
            <button type="button" aria-label={words.zoomOut} onClick={() => zoom(2)}>
              −
            </button>
          </div>
          {loaded !== null && <WindowForm from={loaded.from} to={loaded.to} onPick={show} />}
          {loaded !== null && (
            <p class="covered">
              {loaded.coverage.percentOfRecorded == null ? (
                words.notRecorded
              ) : (
                <>
                  <b>{percent(loaded.coverage.percentOfRecorded)}</b> {words.covered}
                </>
              )}{' '}
              ·{' '}
              {words.frames(
                count(Number(loaded.coverage.frames)),
                count(Number(loaded.coverage.changedBooks)),
              )}
            </p>
          )}
        </div>
        {loaded === null ? (
          <p class="empty tall">{problem === null ? common.loading : problemText(problem)}</p>
        ) : (
          <>
            <HistoryChart
              loaded={loaded}
              bars={measures.bars}
              symbol={pair.symbol}
              at={at}
              name={`${names[exchange]} ${name}`}
              onPick={pick}
              onZoom={show}
            />
            <TimeSlider from={loaded.from} to={loaded.to} at={at} onPick={pick} />
            <HistoryMeasures
              measures={measures}
              from={loaded.from}
              to={loaded.to}
              name={`${names[exchange]} ${name}`}
            />
          </>
        )}
      </section>
      <div class="halves">
        <BookThen
          pair={pair}
          onStep={steps.step}
          end={steps.end}
          book={book}
          at={at}
          gaps={gaps}
          stops={loaded === null ? [] : stopsOf(loaded.coverage)}
        />
        <div>
          {loaded !== null && (
            <>
              <HistoryGaps
                coverage={loaded.coverage}
                gaps={gaps}
                more={loaded.moreGaps}
                to={loaded.to}
                onPick={pick}
              />
              <ExportLinks market={market} from={loaded.from} to={loaded.to} />
            </>
          )}
        </div>
      </div>
    </>
  );
}

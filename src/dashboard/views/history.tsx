import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { useLocation } from 'wouter-preact';
import type UPlot from 'uplot';
import { ApiError, ask, connectionCount } from '../data/connection.js';
import { EXCHANGES, marketsVersion } from '../data/markets.js';
import { serverNow } from '../data/paint.js';
import { isUnknown, type Pair, readPair } from '../data/pair.js';
import {
  BookAtDocument,
  type BookAtQuery,
  CoverageDocument,
  type CoverageQuery,
  type Exchange,
  PriceHistoryDocument,
  type PriceHistoryQuery,
} from '../gql/graphql.js';
import { Ladder } from '../parts/ladder.js';
import { MarketPicker } from '../parts/market-picker.js';
import { colour, lonePoints, Plot, priceAxis, timeAxis } from '../parts/plot.js';
import { useTitle } from '../parts/title.js';
import { UnknownMarket } from '../parts/unknown-market.js';
import { count, duration, exactMoment, moment, NONE } from '../text/format.js';
import { t } from '../text/texts.js';

/** Windows that can be chosen, ms. */
const WINDOWS = {
  '15m': 15 * 60_000,
  '1h': 3_600_000,
  '6h': 6 * 3_600_000,
  '24h': 24 * 3_600_000,
  '7d': 7 * 24 * 3_600_000,
} as const;
type WindowName = keyof typeof WINDOWS;

/** Points of the line: each is a book that the server rebuilds. */
const POINTS = 90;
/** The slider rests so long before the book is asked for, ms. */
const REST = 120;

type Coverage = CoverageQuery['coverage'];
type Gap = Coverage['gaps']['edges'][number]['node'];

interface Loaded {
  readonly from: number;
  readonly to: number;
  readonly coverage: Coverage;
  readonly prices: PriceHistoryQuery['priceHistory'];
}

/** What stands behind the `?` of the address, so that it can be given to somebody. */
interface Place {
  readonly window: WindowName;
  /** End of the window, Unix ms; null: now. */
  readonly to: number | null;
  /** The moment whose book is shown, Unix ms; null: the end. */
  readonly at: number | null;
}

function timeOf(text: string | null): number | null {
  const time = text === null ? NaN : Date.parse(text);
  return Number.isNaN(time) ? null : time;
}

function readPlace(): Place {
  const query = new URLSearchParams(location.search);
  const window = query.get('window') ?? '';
  return {
    window: window in WINDOWS ? (window as WindowName) : '15m',
    to: timeOf(query.get('to')),
    at: timeOf(query.get('at')),
  };
}

function writePlace({ window, to, at }: Place): void {
  const query = new URLSearchParams({ window });
  if (to !== null) query.set('to', new Date(to).toISOString());
  if (at !== null) query.set('at', new Date(at).toISOString());
  history.replaceState(history.state, '', `?${query.toString()}`);
}

/** How far a key moves the slider, ms: by itself it would move by a millisecond. */
function keySteps(step: number): Readonly<Record<string, number>> {
  return {
    ArrowLeft: -step,
    ArrowDown: -step,
    ArrowRight: step,
    ArrowUp: step,
    PageDown: -10 * step,
    PageUp: 10 * step,
  };
}

/** Draws the gaps over the whole height, behind the line. */
function gapBands(gaps: readonly Gap[], end: number): UPlot.Hooks.Arrays {
  return {
    drawClear: [
      (plot) => {
        const { ctx, bbox } = plot;
        ctx.save();
        ctx.beginPath();
        ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
        ctx.clip();
        for (const gap of gaps) {
          const left = plot.valToPos(Date.parse(gap.start) / 1000, 'x', true);
          const until = gap.end == null ? end : Date.parse(gap.end);
          // A gap shorter than a pixel is still a gap.
          const width = Math.max(
            2 * devicePixelRatio,
            plot.valToPos(until / 1000, 'x', true) - left,
          );
          ctx.fillStyle = colour('gap');
          ctx.fillRect(left, bbox.top, width, bbox.height);
          ctx.strokeStyle = colour('gap-line');
          ctx.lineWidth = devicePixelRatio;
          ctx.save();
          ctx.beginPath();
          ctx.rect(left, bbox.top, width, bbox.height);
          ctx.clip();
          const step = 8 * devicePixelRatio;
          ctx.beginPath();
          for (let x = left - bbox.height; x < left + width; x += step) {
            ctx.moveTo(x, bbox.top + bbox.height);
            ctx.lineTo(x + bbox.height, bbox.top);
          }
          ctx.stroke();
          ctx.restore();
        }
        ctx.restore();
      },
    ],
  };
}

function HistoryChart(props: {
  readonly loaded: Loaded;
  readonly at: number;
  readonly name: string;
  readonly onPick: (at: number) => void;
}) {
  const { loaded, at, name, onPick } = props;
  const { history: words } = t.value;
  const gaps = loaded.coverage.gaps.edges.map(({ node }) => node);
  const data = useMemo(
    (): UPlot.AlignedData => [
      loaded.prices.map((point) => Date.parse(point.at) / 1000),
      // A float is good enough for a pixel.
      loaded.prices.map((point) => (point.midPrice == null ? null : Number(point.midPrice))),
    ],
    [loaded],
  );
  const mark = useRef(at);
  const place = useRef<UPlot | null>(null);
  mark.current = at;
  useEffect(() => {
    place.current?.redraw(false, false);
  }, [at]);
  return (
    <Plot
      height={260}
      label={`${name}: ${words.price}, ${moment(loaded.from)} – ${moment(loaded.to)}. ${words.gaps}: ${gaps.length}.`}
      version={`${name} ${loaded.from} ${loaded.to} ${gaps.length}`}
      data={data}
      onClick={(x) => onPick(x * 1000)}
      options={() => {
        const bands = gapBands(gaps, loaded.to);
        return {
          legend: { show: false },
          cursor: { drag: { x: false, y: false } },
          scales: { x: { range: () => [loaded.from / 1000, loaded.to / 1000] } },
          axes: [timeAxis(), priceAxis()],
          series: [
            {},
            {
              label: words.price,
              stroke: colour('accent'),
              width: 1.5,
              points: { show: true, size: 4, filter: lonePoints },
              spanGaps: false,
            },
          ],
          hooks: {
            ...bands,
            ready: [(plot) => (place.current = plot)],
            draw: [
              (plot) => {
                const { ctx, bbox } = plot;
                // The slider below is as wide as the plot.
                const { style } = plot.root.closest<HTMLElement>('.timeline')!;
                const padding = 8;
                const right = plot.width - (bbox.left + bbox.width) / devicePixelRatio;
                style.setProperty('--plot-left', `${bbox.left / devicePixelRatio + padding}px`);
                style.setProperty('--plot-right', `${right + padding}px`);
                const x = Math.round(plot.valToPos(mark.current / 1000, 'x', true));
                ctx.save();
                ctx.strokeStyle = colour('text');
                ctx.lineWidth = 1.5 * devicePixelRatio;
                ctx.beginPath();
                ctx.moveTo(x, bbox.top);
                ctx.lineTo(x, bbox.top + bbox.height);
                ctx.stroke();
                ctx.restore();
              },
            ],
          },
        };
      }}
    />
  );
}

function Gaps(props: {
  readonly gaps: readonly Gap[];
  readonly to: number;
  readonly onPick: (at: number) => void;
}) {
  const { history: words, cause } = t.value;
  return (
    <div class="panel">
      <div class="panel-head">
        <h2 id="gaps-heading">
          {words.gaps} <span class="muted">{count(props.gaps.length)}</span>
        </h2>
      </div>
      {props.gaps.length === 0 ? (
        <p class="empty">{words.noGaps}</p>
      ) : (
        <div class="scroll" tabIndex={0} role="region" aria-labelledby="gaps-heading">
          <table class="list">
            <thead>
              <tr>
                <th scope="col">{words.from}</th>
                <th scope="col">{words.to}</th>
                <th scope="col" class="number">
                  {words.lasted}
                </th>
                <th scope="col">{words.cause}</th>
                <th scope="col">{words.detail}</th>
              </tr>
            </thead>
            <tbody>
              {props.gaps.map((gap) => {
                const start = Date.parse(gap.start);
                const end = gap.end == null ? null : Date.parse(gap.end);
                return (
                  <tr key={gap.start}>
                    <td>
                      <button
                        type="button"
                        class="plain"
                        aria-label={`${words.goTo}: ${moment(start)}`}
                        onClick={() => props.onPick(start + 1)}
                      >
                        {moment(start)}
                      </button>
                    </td>
                    <td>{end === null ? <b class="trouble">{words.open}</b> : moment(end)}</td>
                    <td class="number">{duration((end ?? props.to) - start)}</td>
                    <td>{cause[gap.cause]}</td>
                    <td class="muted">{gap.detail}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
    </div>
  );
}

function Exports(props: {
  readonly exchange: Exchange;
  readonly pair: Pair;
  readonly from: number;
  readonly to: number;
}) {
  const { exchange, pair, from, to } = props;
  const { history: words } = t.value;
  const address = (shape: 'rows' | 'books', format: 'json' | 'ndjson'): string =>
    `/export/${exchange}.${format}?${new URLSearchParams({
      symbol: pair.symbol,
      currency: pair.currency,
      from: new Date(from).toISOString(),
      to: new Date(to).toISOString(),
      shape,
    }).toString()}`;
  return (
    <section class="panel exports" aria-labelledby="export-heading">
      <div class="panel-head">
        <h2 id="export-heading">{words.export}</h2>
      </div>
      <p class="muted">{words.exportHint}</p>
      <p class="buttons">
        {(['rows', 'books'] as const).flatMap((shape) =>
          (['json', 'ndjson'] as const).map((format) => (
            <a key={`${shape}.${format}`} class="button" href={address(shape, format)} download>
              <span aria-hidden="true">↓ </span>
              {words[shape]} · {format.toUpperCase()}
            </a>
          )),
        )}
      </p>
    </section>
  );
}

type StoredBook = BookAtQuery['orderbook'];

function BookThen(props: {
  readonly book: StoredBook | undefined;
  readonly at: number;
  readonly gaps: readonly Gap[];
}) {
  const { book, at, gaps } = props;
  const { history: words, common } = t.value;
  const gap = gaps.find(
    ({ start, end }) => Date.parse(start) < at && (end == null || at < Date.parse(end)),
  );
  return (
    <section
      class={`panel book-then ${gap === undefined ? '' : 'stale'}`}
      aria-labelledby="book-heading"
    >
      <div class="panel-head">
        <h2 id="book-heading">{words.book}</h2>
      </div>
      {gap !== undefined && (
        <p class="stale-note">
          <span aria-hidden="true">▲ </span>
          {words.inGap}
        </p>
      )}
      {book === undefined ? (
        <p class="empty">{common.loading}</p>
      ) : book == null ? (
        <p class="empty">{words.noBook}</p>
      ) : (
        <>
          <dl class="facts">
            <dt>{words.received}</dt>
            <dd>{exactMoment(Date.parse(book.timestamp))}</dd>
            <dt>{words.exchangeTime}</dt>
            <dd>
              {book.exchangeTimestamp == null
                ? NONE
                : exactMoment(Date.parse(book.exchangeTimestamp))}
            </dd>
            <dt>{words.sequence}</dt>
            <dd>{book.sequence}</dd>
          </dl>
          <Ladder book={book} rows={10} caption={`${words.book}, ${moment(at)}`} />
        </>
      )}
    </section>
  );
}

/** What was recorded of one market, over time. */
export function HistoryView(props: { readonly exchange: string; readonly pair: string }) {
  void marketsVersion.value;
  const pair = readPair(props.pair);
  const exchange = EXCHANGES.find((each) => each === props.exchange.toUpperCase());
  if (pair === null || exchange === undefined || isUnknown(pair)) {
    const name = exchange === undefined ? `${props.exchange}:${props.pair}` : props.pair;
    return (
      <UnknownMarket
        pair={pair === null ? name : props.pair}
        addressOf={(close) => `/history/${exchange ?? 'UPBIT'}/${close}`}
      />
    );
  }
  return <MarketHistory exchange={exchange} pair={pair} />;
}

function MarketHistory({ exchange, pair }: { readonly exchange: Exchange; readonly pair: Pair }) {
  const [, go] = useLocation();
  const [place, setPlace] = useState(readPlace);
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  const [problem, setProblem] = useState<ApiError | null>(null);
  const [book, setBook] = useState<StoredBook | undefined>(undefined);
  const [asked, askAgain] = useState(0);
  const connected = connectionCount.value;
  const { history: words, common, exchange: names, nav } = t.value;
  const name = `${pair.symbol}-${pair.currency}`;
  const length = WINDOWS[place.window];
  useTitle(`${words.heading} ${names[exchange]} ${name}`);
  useEffect(() => writePlace(place), [place]);

  useEffect(() => {
    if (connected === 0) return;
    let left = false;
    const to = place.to ?? serverNow();
    const from = to - length;
    const market = { exchange, ...pair };
    const load = async (): Promise<void> => {
      try {
        const [{ coverage }, prices] = [
          await ask(CoverageDocument, { ...market, from, to }),
          ask(PriceHistoryDocument, { ...market, from, to, points: POINTS }),
        ];
        // Gaps and book need not wait for the line, which takes the store a while.
        prices.catch(() => undefined);
        if (left) return;
        setLoaded({ from, to, coverage, prices: [] });
        setProblem(null);
        const { priceHistory } = await prices;
        if (!left) setLoaded({ from, to, coverage, prices: priceHistory });
      } catch (error) {
        if (!left && error instanceof ApiError) setProblem(error);
      }
    };
    void load();
    return () => {
      left = true;
    };
  }, [place.window, place.to, asked, connected]);

  const at = Math.round(
    Math.min(Math.max(place.at ?? Infinity, loaded?.from ?? 0), loaded?.to ?? serverNow()),
  );
  useEffect(() => {
    if (loaded === null) return;
    let left = false;
    const timer = setTimeout(() => {
      ask(BookAtDocument, { exchange, ...pair, at }).then(
        ({ orderbook }) => {
          if (!left) setBook(orderbook ?? null);
        },
        () => undefined,
      );
    }, REST);
    return () => {
      left = true;
      clearTimeout(timer);
    };
  }, [at, loaded]);

  if (problem?.code === 'UNKNOWN_MARKET') {
    return <UnknownMarket pair={name} addressOf={(close) => `/history/${exchange}/${close}`} />;
  }
  const pick = (time: number): void => setPlace((old) => ({ ...old, at: Math.round(time) }));
  const step = Math.max(1000, Math.round(length / 900 / 1000) * 1000);
  const gaps = loaded?.coverage.gaps.edges.map(({ node }) => node) ?? [];
  const move = (by: number): void => {
    const to = (place.to ?? serverNow()) + by;
    setPlace((old) => ({ ...old, to: to >= serverNow() ? null : to, at: null }));
  };
  return (
    <>
      <div class="view-head">
        <h1>
          {names[exchange]} {name} <small>{words.heading}</small>
        </h1>
        <label>
          <span class="unseen">{common.exchange}</span>
          <select
            value={exchange}
            onChange={(event) => go(`/history/${event.currentTarget.value}/${name}`)}
          >
            {EXCHANGES.map((each) => (
              <option key={each} value={each}>
                {names[each]}
              </option>
            ))}
          </select>
        </label>
        <MarketPicker value={name} onPick={(picked) => go(`/history/${exchange}/${picked}`)} />
        <a
          class="button"
          href={`/market/${name}`}
          onClick={(event) => {
            event.preventDefault();
            go(`/market/${name}`);
          }}
        >
          {nav.market}
        </a>
      </div>
      <section class="panel timeline" aria-label={words.heading}>
        <div class="panel-head">
          <div class="segments" role="group" aria-label={words.window}>
            {(Object.keys(WINDOWS) as WindowName[]).map((each) => (
              <button
                key={each}
                type="button"
                aria-pressed={place.window === each}
                onClick={() => setPlace((old) => ({ ...old, window: each }))}
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
                setPlace((old) => ({ ...old, to: null, at: null }));
                askAgain((n) => n + 1);
              }}
            >
              {place.to === null ? words.refresh : words.now}
            </button>
          </div>
          {loaded !== null && (
            <p class="covered">
              <b>{loaded.coverage.percent.toFixed(loaded.coverage.percent === 100 ? 0 : 2)}%</b>{' '}
              {words.covered} ·{' '}
              {words.frames(
                count(Number(loaded.coverage.frames)),
                count(Number(loaded.coverage.changedBooks)),
              )}
            </p>
          )}
        </div>
        {loaded === null ? (
          <p class="empty tall">{problem?.message ?? common.loading}</p>
        ) : (
          <>
            <HistoryChart
              loaded={loaded}
              at={at}
              name={`${names[exchange]} ${name}`}
              onPick={pick}
            />
            <div class="slider">
              <input
                type="range"
                aria-label={words.slider}
                aria-valuetext={moment(at)}
                min={Math.round(loaded.from)}
                max={Math.round(loaded.to)}
                step={1}
                value={at}
                onInput={(event) => pick(Number(event.currentTarget.value))}
                onKeyDown={(event) => {
                  const by = keySteps(step)[event.key];
                  if (by === undefined) return;
                  event.preventDefault();
                  pick(at + by);
                }}
              />
              <p>
                <button
                  type="button"
                  aria-label={words.back(duration(step))}
                  onClick={() => pick(at - step)}
                >
                  ‹
                </button>
                <output>{exactMoment(at)}</output>
                <button
                  type="button"
                  aria-label={words.forward(duration(step))}
                  onClick={() => pick(at + step)}
                >
                  ›
                </button>
                <span class="legend-line muted">
                  <span class="gap-sample" aria-hidden="true" /> {words.gap}
                </span>
              </p>
            </div>
          </>
        )}
      </section>
      <div class="halves">
        <BookThen book={book} at={at} gaps={gaps} />
        <div>
          {loaded !== null && (
            <>
              <Gaps gaps={gaps} to={loaded.to} onPick={pick} />
              <Exports exchange={exchange} pair={pair} from={loaded.from} to={loaded.to} />
            </>
          )}
        </div>
      </div>
    </>
  );
}

import { useEffect, useState } from 'preact/hooks';
import type UPlot from 'uplot';
import { ApiError, ask } from '../data/connection.js';
import type { MarketId } from '../data/markets.js';
import { SeriesMeasuresDocument, type SeriesMeasuresQuery } from '../gql/graphql.js';
import { moment, NONE } from '../text/format.js';
import { problemText } from '../text/problems.js';
import { t } from '../text/texts.js';
import { axis, colour, lonePoints, Plot, timeAxis } from './plot.js';

/** Steps of the lines, and the least step, ms. */
const STEPS = 300;
const LEAST_STEP = 100;

type Points = SeriesMeasuresQuery['series'];

/** Asks for spread and imbalance of a window. */
function useMeasures(market: MarketId, from: number, to: number) {
  const [points, setPoints] = useState<Points | null>(null);
  const [problem, setProblem] = useState<ApiError | null>(null);
  useEffect(() => {
    let left = false;
    setPoints(null);
    setProblem(null);
    const step = Math.max(LEAST_STEP, Math.ceil((to - from) / STEPS));
    ask(SeriesMeasuresDocument, {
      ...market,
      from: Math.round(from),
      to: Math.round(to),
      step,
    }).then(
      ({ series }) => {
        if (!left) setPoints(series);
      },
      (error: unknown) => {
        if (!left && error instanceof ApiError) setProblem(error);
      },
    );
    return () => {
      left = true;
    };
  }, [market.exchange, market.symbol, market.currency, from, to]);
  return { points, problem };
}

/** Spread and imbalance of a market over a window, below the line of its prices. */
export function HistoryMeasures(props: {
  readonly market: MarketId;
  readonly from: number;
  readonly to: number;
  readonly name: string;
}) {
  const { market, from, to, name } = props;
  const { points, problem } = useMeasures(market, from, to);
  const { history: words, common } = t.value;
  if (points === null)
    return <p class="empty">{problem === null ? common.loading : problemText(problem)}</p>;
  const times = points.map(({ time }) => Date.parse(time) / 1000);
  const lines = [
    [words.spreadBp, points.map(({ spreadBp }) => spreadBp ?? null), undefined],
    [words.imbalance, points.map(({ imbalance }) => imbalance ?? null), [-1, 1]],
  ] as const;
  return (
    <div class="measures">
      {lines.map(([what, values, range]) => (
        <figure key={what}>
          <figcaption class="muted">{what}</figcaption>
          <Plot
            height={120}
            label={`${name}: ${what}`}
            version={`${from} ${to}`}
            data={[times, values]}
            readOut={(i) =>
              `${moment((times[i] ?? 0) * 1000)} · ${what} ${values[i]?.toFixed(2) ?? NONE}`
            }
            options={() => ({
              legend: { show: false },
              cursor: { drag: { x: false, y: false } },
              scales: {
                x: { range: () => [from / 1000, to / 1000] },
                ...(range === undefined
                  ? {}
                  : { y: { range: () => [...range] as UPlot.Range.MinMax } }),
              },
              axes: [
                timeAxis(),
                axis({
                  size: (_plot, texts) =>
                    18 + 6.4 * Math.max(3, ...(texts ?? []).map((v) => v.length)),
                }),
              ],
              series: [
                {},
                {
                  label: what,
                  stroke: colour('accent'),
                  width: 1.25,
                  points: { show: true, size: 4, filter: lonePoints },
                },
              ],
            })}
          />
        </figure>
      ))}
    </div>
  );
}

import type UPlot from 'uplot';
import type { Measures } from '../data/measures.js';
import { moment, NONE } from '../text/format.js';
import { problemText } from '../text/problems.js';
import { t } from '../text/texts.js';
import { axis, colour, lonePoints, Plot, timeAxis } from './plot.js';

/** Spread and imbalance of a market over a window, below its price line. */
export function HistoryMeasures(props: {
  readonly measures: Measures;
  readonly from: number;
  readonly to: number;
  readonly name: string;
}) {
  const { from, to, name } = props;
  const { points, problem } = props.measures;
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

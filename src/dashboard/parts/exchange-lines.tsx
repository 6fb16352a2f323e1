import { useRef } from 'preact/hooks';
import type UPlot from 'uplot';
import { colourName, dashOf } from '../data/exchanges.js';
import type { TradeBar } from '../data/trade-bars.js';
import type { Exchange } from '../gql/graphql.js';
import { moment } from '../text/format.js';
import { t } from '../text/texts.js';
import { colour, Plot, timeAxis } from './plot.js';
import { drawTradeBars, priceRange, TradeLegend, tradedText } from './trade-bars.js';

/** One exchange's line. */
export interface ExchangeLine {
  readonly exchange: Exchange;
  /** One per time, for drawing only; null breaks the line. */
  readonly values: readonly (number | null)[];
  /** The exact value at an index. */
  readonly textAt: (index: number) => string | null;
}

/** A chart with a line for each exchange. */
export function ExchangeLines(props: {
  readonly heading: string;
  /** Description of the chart for screen readers. */
  readonly label: string;
  /** Unix seconds, ascending. */
  readonly times: readonly number[];
  readonly lines: readonly ExchangeLine[];
  /** First and last second drawn, given the last time. */
  readonly range: (last: number | null) => [from: number, to: number];
  readonly valueAxis: () => UPlot.Axis;
  /** What was traded, and in which coin, where the values are prices. */
  readonly traded?: { readonly bars: readonly TradeBar[]; readonly symbol: string };
}) {
  const { heading, label, times, lines, range, valueAxis } = props;
  const { exchange: names } = t.value;
  const { bars = [], symbol = '' } = props.traded ?? {};
  const newest = useRef(bars);
  newest.current = bars;
  return (
    <section class="panel chart">
      <div class="panel-head">
        <h2>{heading}</h2>
        <ul class="legend">
          {lines.map(({ exchange }) => (
            <li key={exchange}>
              <svg width="22" height="6" aria-hidden="true">
                <line
                  x1="0"
                  x2="22"
                  y1="3"
                  y2="3"
                  stroke-dasharray={dashOf(exchange).join(' ')}
                  style={{ stroke: `var(--${colourName(exchange)})` }}
                />
              </svg>
              {names[exchange]}
            </li>
          ))}
          <TradeLegend bars={bars} />
        </ul>
      </div>
      <Plot
        height={240}
        label={label}
        version={lines.map(({ exchange }) => exchange).join(' ')}
        data={[[...times], ...lines.map(({ values }) => [...values])]}
        readOut={(i) =>
          [
            moment((times[i] ?? 0) * 1000),
            ...lines.flatMap(({ exchange, textAt }) => {
              const text = textAt(i);
              return text === null ? [] : [`${names[exchange]} ${text}`];
            }),
            ...tradedText(bars, (times[i] ?? 0) * 1000, symbol),
          ].join(' · ')
        }
        options={() => ({
          legend: { show: false },
          cursor: { drag: { x: false, y: false } },
          scales: {
            x: { range: (_plot, _min, max) => range(max ?? null) },
            y: { range: priceRange(() => newest.current.length > 0) },
          },
          hooks: { drawClear: [(plot) => drawTradeBars(plot, newest.current)] },
          axes: [timeAxis(), valueAxis()],
          series: [
            {},
            ...lines.map(({ exchange }) => ({
              label: names[exchange],
              stroke: colour(colourName(exchange)),
              dash: dashOf(exchange),
              width: 1.5,
              points: { show: false },
            })),
          ],
        })}
      />
    </section>
  );
}

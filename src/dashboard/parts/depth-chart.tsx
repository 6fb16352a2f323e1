import { useMemo, useState } from 'preact/hooks';
import UPlot from 'uplot';
import type { PairBooks } from '../data/books.js';
import type { Level } from '../data/ladder.js';
import { exchangeOrder } from '../data/exchanges.js';
import { t } from '../text/texts.js';
import { type ExchangeChoice, SelectField } from './fields.js';
import { axis, colour, Plot } from './plot.js';

/** A place on the chart: price and the volume up to it. Floats, because they only become pixels. */
type Point = readonly [price: number, volume: number];

function cumulated(levels: readonly Level[], side: 'ask' | 'bid'): Point[] {
  const sorted = levels
    .map(({ price, volume }): Point => [Number(price), Number(volume)])
    .sort((a, b) => (side === 'ask' ? a[0] - b[0] : b[0] - a[0]));
  let sum = 0;
  return sorted.map(([price, volume]) => [price, (sum += volume)]);
}

/** The two sides on one axis of prices, lowest first. */
function toData(books: PairBooks | null, of: ExchangeChoice): UPlot.AlignedData {
  const legs =
    books?.legs.filter((leg) => leg.orderbook != null && (of === 'ALL' ? !leg.stale : true)) ?? [];
  const chosen = legs.filter((leg) => of === 'ALL' || leg.exchange === of);
  const bids = cumulated(
    chosen.flatMap((leg) => leg.orderbook!.bids),
    'bid',
  );
  const asks = cumulated(
    chosen.flatMap((leg) => leg.orderbook!.asks),
    'ask',
  );
  const sums = new Map<number, { bid: number | null; ask: number | null }>();
  for (const [price, volume] of bids) sums.set(price, { bid: volume, ask: null });
  for (const [price, volume] of asks) {
    sums.set(price, { bid: sums.get(price)?.bid ?? null, ask: volume });
  }
  const points = [...sums].sort(([a], [b]) => a - b);
  return [
    points.map(([price]) => price),
    points.map(([, { bid }]) => bid),
    points.map(([, { ask }]) => ask),
  ];
}

/** Volume that rests up to each price, bids to the left and asks to the right. */
export function DepthChart(props: { readonly books: PairBooks | null; readonly pair: string }) {
  const [of, setOf] = useState<ExchangeChoice>('ALL');
  const { market, exchange: names, common } = t.value;
  const data = useMemo(() => toData(props.books, of), [props.books, of]);
  const with_ = props.books?.legs.filter((leg) => leg.orderbook != null) ?? [];
  return (
    <section class="panel chart">
      <div class="panel-head">
        <h2>{market.depth}</h2>
        <ul class="legend">
          <li class="bid">▬ {common.bid}</li>
          <li class="ask">▬ {common.ask}</li>
        </ul>
        <SelectField
          label={market.depthOf}
          value={of}
          choices={[
            ['ALL', market.merged],
            ...exchangeOrder.value
              .filter((exchange) => with_.some((leg) => leg.exchange === exchange))
              .map((exchange): [ExchangeChoice, string] => [exchange, names[exchange]]),
          ]}
          onChoice={setOf}
          plain
        />
      </div>
      <Plot
        height={240}
        label={`${props.pair}: ${market.depth}. ${market.cumulated}.`}
        version={of}
        data={data}
        options={() => {
          const line = (name: string, align: 1 | -1): UPlot.Series => ({
            stroke: colour(name),
            fill: colour(`${name}-soft`),
            width: 1.5,
            paths: UPlot.paths.stepped!({ align }),
            points: { show: false },
            spanGaps: true,
          });
          return {
            legend: { show: false },
            cursor: { drag: { x: false, y: false } },
            scales: {
              x: { time: false },
              y: { range: (_plot, _min, max) => [0, (max ?? 1) * 1.08] },
            },
            axes: [
              axis({
                size: 30,
                space: 90,
                values: (_plot, splits) =>
                  splits.map((split) =>
                    split.toLocaleString('en-US', { maximumFractionDigits: 8 }),
                  ),
              }),
              axis({
                size: 56,
                values: (_plot, splits) =>
                  splits.map((split) =>
                    Intl.NumberFormat('en-US', {
                      notation: 'compact',
                      maximumFractionDigits: 2,
                    }).format(split),
                  ),
              }),
            ],
            series: [{}, line('bid', -1), line('ask', 1)],
          };
        }}
      />
    </section>
  );
}

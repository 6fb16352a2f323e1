import { useMemo, useState } from 'preact/hooks';
import UPlot from 'uplot';
import { addDecimal } from '../../market/decimal.js';
import type { PairBooks } from '../data/books.js';
import type { Level } from '../data/ladder.js';
import { exchangeOrder } from '../data/exchanges.js';
import { grouped } from '../text/format.js';
import { t } from '../text/texts.js';
import { type ExchangeChoice, SelectField } from './fields.js';
import { axis, colour, Plot } from './plot.js';
import { forPixels } from '../text/decimals.js';

/** A point of the chart: price and cumulative volume. Floats, because they only become pixels. */
type Point = readonly [price: number, volume: number];

function cumulated(levels: readonly Level[], side: 'ask' | 'bid'): Point[] {
  const sorted = levels
    .map(({ price, volume }): Point => [forPixels(price), forPixels(volume)])
    .sort((a, b) => (side === 'ask' ? a[0] - b[0] : b[0] - a[0]));
  let sum = 0;
  return sorted.map(([price, volume]) => [price, (sum += volume)]);
}

/** The selected books; for all, those that are not stale. */
function legsOf(books: PairBooks | null, of: ExchangeChoice) {
  return (books?.legs ?? []).filter(
    (leg) => leg.orderbook != null && (of === 'ALL' ? !leg.stale : leg.exchange === of),
  );
}

/** Both sides on one price axis, lowest first. */
function toData(books: PairBooks | null, of: ExchangeChoice): UPlot.AlignedData {
  const chosen = legsOf(books, of);
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

/** Cumulative volume up to a price on each side, added exactly. */
function volumesAt(books: PairBooks | null, of: ExchangeChoice, at: number): string {
  const { common } = t.value;
  let shown = '';
  const upTo = (side: 'ask' | 'bid', levels: readonly Level[]): string[] => {
    let sum = '0';
    for (const { price, volume } of levels) {
      const here = forPixels(price);
      if (here === at) shown = price;
      if (side === 'ask' ? here <= at : here >= at) sum = addDecimal(sum, volume);
    }
    return sum === '0' ? [] : [`${common[side]} ${grouped(sum)}`];
  };
  const chosen = legsOf(books, of).map(({ orderbook }) => orderbook!);
  const bid = upTo(
    'bid',
    chosen.flatMap(({ bids }) => bids),
  );
  const ask = upTo(
    'ask',
    chosen.flatMap(({ asks }) => asks),
  );
  return [`${common.price} ${grouped(shown)}`, ...bid, ...ask].join(' · ');
}

/** Cumulative volume by price, bids to the left and asks to the right. */
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
        readOut={(i) => volumesAt(props.books, of, data[0][i] ?? 0)}
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

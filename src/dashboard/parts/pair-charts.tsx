import { type PairBooks, type PairFeed, TRACK_LENGTH } from '../data/books.js';
import { exchangeOrder } from '../data/exchanges.js';
import { serverNow } from '../data/paint.js';
import { type Pair, pairName } from '../data/pair.js';
import type { Tape } from '../data/tape.js';
import { forPixels } from '../text/decimals.js';
import { grouped } from '../text/format.js';
import { t } from '../text/texts.js';
import { DepthChart } from './depth-chart.js';
import { ExchangeLines } from './exchange-lines.js';
import { priceAxis } from './plot.js';

/** A pair's prices over time on all exchanges with its trades, and the depth of its books. */
export function PairCharts(props: {
  readonly feed: PairFeed;
  readonly tape: Tape | null;
  readonly pair: Pair;
  readonly books: PairBooks | null;
}) {
  return (
    <div class="charts">
      <MidLines feed={props.feed} tape={props.tape} pair={props.pair} />
      <DepthChart books={props.books} pair={pairName(props.pair)} />
    </div>
  );
}

function MidLines(props: {
  readonly feed: PairFeed;
  readonly tape: Tape | null;
  readonly pair: Pair;
}) {
  const { feed, tape, pair } = props;
  void feed.tracked.value;
  const { market } = t.value;
  const { times, prices } = feed.tracks;
  return (
    <ExchangeLines
      heading={market.lines}
      label={`${pairName(pair)}: ${market.lines}. ${market.linesHint}`}
      traded={{ bars: tape?.bars.value ?? [], symbol: pair.symbol }}
      times={times}
      lines={exchangeOrder.value
        .filter((exchange) => prices[exchange]?.some((price) => price !== null))
        .map((exchange) => ({
          exchange,
          // A float is good enough for a pixel; the read-out is the text.
          values: prices[exchange]!.map((price) => (price === null ? null : forPixels(price))),
          textAt: (i) => (prices[exchange]?.[i] == null ? null : grouped(prices[exchange][i])),
        }))}
      range={(last) => {
        const end = last ?? serverNow() / 1000;
        return [end - TRACK_LENGTH / 1000, end];
      }}
      valueAxis={priceAxis}
    />
  );
}

import UPlot from 'uplot';
import { barAt, type TradeBar } from '../data/trade-bars.js';
import { forPixels } from '../text/decimals.js';
import { duration, grouped, wholeDuration } from '../text/format.js';
import { t } from '../text/texts.js';
import { colour } from './plot.js';

/** Share of a chart's height taken by the highest bar; the line stays above it. */
const SHARE = 0.2;

/** Draws bars at the foot of a chart: taker buys below, taker sells above. */
export function drawTradeBars(plot: UPlot, all: readonly TradeBar[]): void {
  const { ctx, bbox } = plot;
  const { min, max } = plot.scales['x']!;
  // A bar out of sight must not scale the others.
  const bars = all.filter(
    ({ at, until }) => until > (min ?? -Infinity) * 1000 && at < (max ?? Infinity) * 1000,
  );
  const volumes = bars.map(({ buy, sell }) => [forPixels(buy), forPixels(sell)] as const);
  const most = Math.max(...volumes.map(([buy, sell]) => buy + sell));
  if (!(most > 0)) return;
  const foot = bbox.top + bbox.height;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.globalAlpha = 0.6;
  bars.forEach(({ at, until }, i) => {
    const left = plot.valToPos(at / 1000, 'x', true);
    const right = plot.valToPos(until / 1000, 'x', true);
    const width = Math.max(1, right - left - devicePixelRatio);
    let top = foot;
    for (const [k, side] of (['bid', 'ask'] as const).entries()) {
      const height = (volumes[i]![k]! / most) * bbox.height * SHARE;
      // A trade too small for a pixel is still a trade.
      const drawn = height === 0 ? 0 : Math.max(devicePixelRatio, height);
      ctx.fillStyle = colour(side);
      ctx.fillRect(left, top - drawn, width, drawn);
      top -= drawn;
    }
  });
  ctx.restore();
}

/** The range of a price axis, with room for bars at its foot. */
export function priceRange(bars: () => boolean): UPlot.Range.Function {
  return (_plot, min, max) => {
    if (min === null || max === null) return [null, null];
    const [least, most] = UPlot.rangeNum(min, max, 0.1, true) as [number, number];
    return bars() ? [least - ((most - least) * SHARE) / (1 - SHARE), most] : [least, most];
  };
}

/** What was traded around a moment, in words; empty without trades. @param at Unix ms */
export function tradedText(bars: readonly TradeBar[], at: number, symbol: string): string[] {
  const bar = barAt(bars, at);
  if (bar === undefined) return [];
  return [t.value.tape.traded(grouped(bar.buy), grouped(bar.sell), symbol)];
}

/** The length of a bar, without meaningless decimals. @param ms its length */
function lengthText(ms: number): string {
  return ms % 1000 === 0 ? wholeDuration(ms / 1000) : duration(ms);
}

/** Explains the bars of a chart. */
export function TradeLegend({ bars }: { readonly bars: readonly TradeBar[] }) {
  const [bar] = bars;
  if (bar === undefined) return null;
  const { tape, quote } = t.value;
  return (
    <>
      <li>{tape.bars(lengthText(bar.until - bar.at))}</li>
      <li class="bid">■ {quote.sides.BUY}</li>
      <li class="ask">■ {quote.sides.SELL}</li>
    </>
  );
}

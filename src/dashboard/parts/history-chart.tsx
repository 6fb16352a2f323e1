import { useEffect, useMemo, useRef } from 'preact/hooks';
import type UPlot from 'uplot';
import { type Gap, type History, stopsOf, unrecordedUntil } from '../data/history.js';
import { lineWithGaps } from '../data/history-line.js';
import type { TradeBar } from '../data/trade-bars.js';
import { grouped, moment } from '../text/format.js';
import { t } from '../text/texts.js';
import { colour, lonePoints, Plot, priceAxis, timeAxis } from './plot.js';
import { forPixels } from '../text/decimals.js';
import { drawTradeBars, priceRange, TradeLegend, tradedText } from './trade-bars.js';

/** A shorter drag is a click, px. */
const LEAST_DRAG = 6;

/** Time in which nothing was to be recorded, Unix ms, and its name. */
interface Quiet {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The time before recording began and while it was stopped: neither covered nor missing. */
function quietOf(loaded: History): Quiet[] {
  const { before, stopped } = t.value.history;
  const until = unrecordedUntil(loaded);
  return [
    ...(until === null ? [] : [{ start: loaded.from, end: until, text: before }]),
    ...stopsOf(loaded.coverage).map((stop) => ({ ...stop, text: stopped })),
  ];
}

/** Draws the gaps, and the time in which nothing was to be recorded, over the full height behind the line. */
function gapBands(gaps: readonly Gap[], end: number, quiet: readonly Quiet[]): UPlot.Hooks.Arrays {
  return {
    drawClear: [
      (plot) => {
        const { ctx, bbox } = plot;
        ctx.save();
        ctx.beginPath();
        ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
        ctx.clip();
        for (const { start, end: until, text } of quiet) {
          const left = plot.valToPos(start / 1000, 'x', true);
          const right = plot.valToPos(until / 1000, 'x', true);
          ctx.fillStyle = colour('before');
          ctx.fillRect(left, bbox.top, right - left, bbox.height);
          ctx.fillStyle = colour('muted');
          ctx.font = `${12 * devicePixelRatio}px system-ui, sans-serif`;
          if (ctx.measureText(text).width < right - left)
            ctx.fillText(text, left + 6 * devicePixelRatio, bbox.top + 16 * devicePixelRatio);
        }
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

/** The line of mid prices over a window, with its gaps, its trades and a marker at one moment. */
export function HistoryChart(props: {
  readonly loaded: History;
  /** What was traded; empty where no trades were recorded. */
  readonly bars: readonly TradeBar[];
  /** The coin that the bars count. */
  readonly symbol: string;
  readonly at: number;
  readonly name: string;
  readonly onPick: (at: number) => void;
  /** Called with a dragged window, Unix ms. */
  readonly onZoom: (from: number, to: number) => void;
}) {
  const { loaded, bars, symbol, at, name, onPick } = props;
  const onZoom = useRef(props.onZoom);
  onZoom.current = props.onZoom;
  const dragged = useRef(false);
  const { history: words } = t.value;
  const { gaps } = loaded;
  const data = useMemo(
    (): UPlot.AlignedData =>
      lineWithGaps(
        loaded.prices.map(({ at: time, midPrice }) => ({
          at: Date.parse(time),
          // A float is good enough for a pixel.
          price: midPrice == null ? null : forPixels(midPrice),
        })),
        [
          ...gaps.map(({ start }) => Date.parse(start)),
          ...stopsOf(loaded.coverage).map(({ start }) => start),
        ],
      ),
    [loaded],
  );
  /** The price as stored; where there is none, why. */
  const readOut = (i: number): string => {
    const time = (data[0][i] ?? 0) * 1000;
    const point = loaded.prices.find((each) => Date.parse(each.at) === time);
    const quiet = quietOf(loaded).find(({ start, end }) => time >= start && time < end);
    const text =
      point?.midPrice == null && quiet !== undefined
        ? quiet.text
        : point === undefined
          ? words.gap
          : `${words.price} ${grouped(point.midPrice)}`;
    return [moment(time), text, ...tradedText(bars, time, symbol)].join(' · ');
  };
  const mark = useRef(at);
  const place = useRef<UPlot | null>(null);
  mark.current = at;
  useEffect(() => {
    place.current?.redraw(false, false);
  }, [at]);
  return (
    <>
      <Plot
        height={260}
        label={`${name}: ${words.price}, ${moment(loaded.from)} – ${moment(loaded.to)}. ${words.gaps}: ${gaps.length}.`}
        version={`${name} ${loaded.from} ${loaded.to} ${gaps.length} ${bars.length}`}
        data={data}
        onClick={(x) => {
          // The end of a drag is also a click.
          if (!dragged.current) onPick(x * 1000);
          dragged.current = false;
        }}
        readOut={readOut}
        options={() => {
          const bands = gapBands(gaps, loaded.to, quietOf(loaded));
          return {
            legend: { show: false },
            cursor: { drag: { x: true, y: false, setScale: false, dist: LEAST_DRAG } },
            scales: {
              x: { range: () => [loaded.from / 1000, loaded.to / 1000] },
              y: { range: priceRange(() => bars.length > 0) },
            },
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
              drawClear: [...bands.drawClear!, (plot) => drawTradeBars(plot, bars)],
              ready: [(plot) => (place.current = plot)],
              setSelect: [
                (plot) => {
                  const { left, width } = plot.select;
                  if (width < LEAST_DRAG) return;
                  dragged.current = true;
                  onZoom.current(
                    plot.posToVal(left, 'x') * 1000,
                    plot.posToVal(left + width, 'x') * 1000,
                  );
                },
              ],
              draw: [
                (plot) => {
                  const { ctx, bbox } = plot;
                  // The slider below is as wide as the plot. A plot that was just left is not in
                  // the page any more.
                  const style = plot.root.closest<HTMLElement>('.timeline')?.style;
                  if (style === undefined) return;
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
      {bars.length > 0 && (
        <ul class="legend under">
          <TradeLegend bars={bars} />
        </ul>
      )}
    </>
  );
}

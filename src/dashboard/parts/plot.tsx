import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { dark, lang, sideColours, zone } from '../data/settings.js';
import { NONE } from '../text/format.js';

/** A colour from the style sheet. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

const ZONES = { kst: 'Asia/Seoul', utc: 'Etc/UTC' } as const;

/** A date whose local fields are the moment's in the selected zone. */
function zoned(seconds: number): Date {
  const date = new Date(seconds * 1000);
  return zone.value === 'local' ? date : UPlot.tzDate(date, ZONES[zone.value]);
}

/** Axis of a plot in the page's colours. */
export function axis(more: UPlot.Axis = {}): UPlot.Axis {
  return {
    stroke: colour('muted'),
    font: '11px system-ui, sans-serif',
    grid: { stroke: colour('line'), width: 1 },
    ticks: { stroke: colour('line'), width: 1, size: 4 },
    ...more,
  };
}

/** Points of a line without neighbours, which no line would show. */
export function lonePoints(plot: UPlot, seriesIndex: number): number[] {
  const values = plot.data[seriesIndex]!;
  const lone: number[] = [];
  values.forEach((value, i) => {
    if (value != null && values[i - 1] == null && values[i + 1] == null) lone.push(i);
  });
  return lone;
}

/** Time axis with a 24-hour clock, dates as 9-17, with room for a date below the time. */
export function timeAxis(): UPlot.Axis {
  return axis({
    size: 42,
    space: 70,
    values: [
      [86_400 * 365, '{YYYY}', null, null, null, null, null, null, 1],
      [86_400 * 28, '{YYYY}-{MM}', null, null, null, null, null, null, 1],
      [86_400, '{MM}-{DD}', null, null, null, null, null, null, 1],
      [60, '{HH}:{mm}', '\n{MM}-{DD}', null, '\n{MM}-{DD}', null, null, null, 1],
      [1, '{HH}:{mm}:{ss}', null, null, null, null, null, null, 1],
    ],
  });
}

/** Width of the price axis needed by its longest label, px. */
export function priceAxis(): UPlot.Axis {
  return axis({
    size: (_plot, values) => 18 + 6.4 * Math.max(3, ...(values ?? []).map((v) => v.length)),
    values: (_plot, splits) =>
      splits.map((split) => split.toLocaleString('en-US', { maximumFractionDigits: 8 })),
  });
}

/** A uPlot chart that fills its place; recreated only when theme or language change. */
export function Plot(props: {
  /** Creates all options but the size, in the current colours. */
  readonly options: () => Omit<UPlot.Options, 'width' | 'height'>;
  readonly data: UPlot.AlignedData;
  readonly height: number;
  /** Description of the chart for screen readers. */
  readonly label: string;
  /** Changes when the options do. */
  readonly version?: string;
  readonly onClick?: (x: number) => void;
  /** The data at an index, in words; read out under pointer, touch and arrow keys. */
  readonly readOut: (index: number) => string;
}) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot | null>(null);
  const onClick = useRef(props.onClick);
  onClick.current = props.onClick;
  const [at, setAt] = useState<number | null>(null);
  const key = `${dark.value} ${lang.value} ${sideColours.value} ${zone.value} ${props.version ?? ''}`;

  useLayoutEffect(() => {
    const element = place.current!;
    const options = props.options();
    const made = new UPlot(
      {
        tzDate: (seconds) => zoned(seconds),
        ...options,
        plugins: [
          ...(options.plugins ?? []),
          { hooks: { setCursor: (drawn: UPlot) => setAt(drawn.cursor.idx ?? null) } },
        ],
        width: element.clientWidth || 300,
        height: props.height,
      },
      props.data,
      element,
    );
    plot.current = made;
    const clicked = (event: MouseEvent): void => {
      onClick.current?.(made.posToVal(event.offsetX, 'x'));
    };
    made.over.addEventListener('click', clicked);
    // uPlot only follows the mouse.
    const touched = ({ touches }: TouchEvent): void => {
      const { left, top } = made.over.getBoundingClientRect();
      const touch = touches[0];
      if (touch !== undefined)
        made.setCursor({ left: touch.clientX - left, top: touch.clientY - top });
    };
    made.over.addEventListener('touchstart', touched, { passive: true });
    made.over.addEventListener('touchmove', touched, { passive: true });
    const observer = new ResizeObserver(() => {
      if (element.clientWidth > 0) {
        made.setSize({ width: element.clientWidth, height: props.height });
      }
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [key, props.height]);

  useEffect(() => {
    plot.current?.setData(props.data);
  }, [props.data]);

  const last = props.data[0].length - 1;
  const shown = at === null || at > last ? null : props.readOut(at);
  /** Moves the cursor to an index, by keys. */
  const moveTo = (index: number): void => {
    const made = plot.current;
    const x = made?.data[0][index];
    if (made == null || x === undefined) return;
    made.setCursor({ left: made.valToPos(x, 'x'), top: made.over.clientHeight / 2 });
  };
  return (
    <div class="plot">
      <div
        ref={place}
        role="slider"
        tabIndex={0}
        aria-label={props.label}
        aria-valuemin={0}
        aria-valuemax={Math.max(0, last)}
        aria-valuenow={Math.max(0, Math.min(at ?? last, last))}
        aria-valuetext={shown ?? (last < 0 ? NONE : props.readOut(last))}
        onBlur={() => plot.current?.setCursor({ left: -10, top: -10 })}
        onKeyDown={(event) => {
          const steps: Readonly<Record<string, number>> = {
            ArrowLeft: Math.max(0, (at ?? last + 1) - 1),
            ArrowRight: Math.min(last, (at ?? last - 1) + 1),
            Home: 0,
            End: last,
          };
          const to = steps[event.key];
          if (to === undefined) return;
          event.preventDefault();
          moveTo(to);
        }}
      />
      <p class="read-out" aria-hidden="true">
        {shown}
      </p>
    </div>
  );
}

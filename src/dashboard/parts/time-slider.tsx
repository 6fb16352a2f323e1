import { duration, exactMoment, moment } from '../text/format.js';
import { t } from '../text/texts.js';

/** How far a key moves the slider, ms: by default it would move by a millisecond. */
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

/** Selects a moment within a window, by pointer or keys. */
export function TimeSlider(props: {
  readonly from: number;
  readonly to: number;
  readonly at: number;
  readonly onPick: (at: number) => void;
}) {
  const { from, to, at, onPick } = props;
  const { history: words } = t.value;
  const step = Math.max(1000, Math.round((to - from) / 900 / 1000) * 1000);
  return (
    <div class="slider">
      <input
        type="range"
        aria-label={words.slider}
        aria-valuetext={moment(at)}
        min={Math.round(from)}
        max={Math.round(to)}
        step={1}
        value={at}
        onInput={(event) => onPick(Number(event.currentTarget.value))}
        onKeyDown={(event) => {
          const by = keySteps(step)[event.key];
          if (by === undefined) return;
          event.preventDefault();
          onPick(at + by);
        }}
      />
      <p>
        <button
          type="button"
          aria-label={words.back(duration(step))}
          onClick={() => onPick(at - step)}
        >
          ‹
        </button>
        <output>{exactMoment(at)}</output>
        <button
          type="button"
          aria-label={words.forward(duration(step))}
          onClick={() => onPick(at + step)}
        >
          ›
        </button>
        <span class="legend-line muted">
          <span class="gap-sample" aria-hidden="true" /> {words.gap}
        </span>
      </p>
    </div>
  );
}
